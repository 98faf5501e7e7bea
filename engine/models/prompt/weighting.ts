/**
 * How the weights of a prompt act on what the text encoder gives for one chunk, `[77, features]`.
 * The results are new arrays; the inputs are not modified.
 */

/** Makes the weighted form of one chunk. */
export type Weigh = (
  encoded: Float32Array,
  weights: readonly number[],
  encodedEmpty?: Float32Array,
) => Float32Array

/**
 * Moves each token along the line from the empty prompt: `(z - empty) * weight + empty`. Without
 * `encodedEmpty` all weights must be 1. This is ComfyUI's way.
 */
export const weighFromEmpty: Weigh = (encoded, weights, encodedEmpty) => {
  if (weights.every((weight) => weight === 1)) return encoded.slice()
  if (encodedEmpty?.length !== encoded.length) {
    throw new Error(
      `weighting: empty prompt has ${encodedEmpty?.length ?? 0} values, ${encoded.length} expected`,
    )
  }
  return perToken(encoded, weights, (z, weight, i) => {
    const empty = encodedEmpty[i] as number
    return (z - empty) * weight + empty
  })
}

/** Multiplies each token by its weight. A1111 calls it "No norm". */
export const multiply: Weigh = (encoded, weights) =>
  perToken(encoded, weights, (z, weight) => z * weight)

/**
 * Multiplies each token by its weight, then the chunk by what restores its mean; where the mean
 * has become 0, by 1 (A1111 divides by zero there). A1111 calls it "Original".
 */
export const multiplyKeepingMean: Weigh = (encoded, weights) => {
  const result = multiply(encoded, weights)
  if (weights.every((weight) => weight === 1)) return result
  const mean = meanOf(result)
  const factor = mean === 0 ? 1 : meanOf(encoded) / mean
  return result.map((value) => value * factor)
}

/** A weight of 1 keeps the token bit for bit. */
function perToken(
  encoded: Float32Array,
  weights: readonly number[],
  change: (value: number, weight: number, index: number) => number,
): Float32Array {
  const features = encoded.length / weights.length
  const result = encoded.slice()
  for (const [token, weight] of weights.entries()) {
    if (weight === 1) continue
    for (let i = token * features; i < (token + 1) * features; i++) {
      result[i] = change(encoded[i] as number, weight, i)
    }
  }
  return result
}

function meanOf(values: Float32Array): number {
  let sum = 0
  for (const value of values) sum += value
  return sum / values.length
}
