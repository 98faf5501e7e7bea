import type { Box } from './shape.ts'

/**
 * The latent of the demo model. It is no learned one but a fixed linear function of each block of
 * 8 x 8 pixels: brightness, two differences of colour, and on which side of the rising diagonal the
 * block is brighter; each with mean 0 and variance 1 over the drawn pictures.
 */

const cell = 8
const channels = 4

/** Means and standard deviations over the first 2000 drawn pictures of seed 0, a channel each. */
const means = [0.19536, 0.01158, -0.02865, 0.00042] as const
const deviations = [0.44949, 0.31711, 0.12289, 0.03399] as const

/** The four channels before they are brought to mean 0 and variance 1: `[4, size/8, size/8]`. */
export function rawLatent(image: Float32Array, size: number): Float32Array {
  const across = size / cell
  const latent = new Float32Array(channels * across * across)
  for (let row = 0; row < across; row++) {
    for (let column = 0; column < across; column++) {
      const [red, green, blue, slope] = blockSums(image, size, row * cell, column * cell)
      const [r, g, b] = [red, green, blue].map((sum) => (2 * sum) / (cell * cell) - 1)
      const values = [(r! + g! + b!) / 3, (b! - r!) / 2, (2 * g! - r! - b!) / 4]
      const at = row * across + column
      values.forEach((value, channel) => {
        latent[channel * across * across + at] = value
      })
      latent[3 * across * across + at] = (2 * slope) / (3 * cell * cell)
    }
  }
  return latent
}

/** The latent `[4, size/8, size/8]` of a picture `[3, size, size]`, 0 to 1. */
export function fixedLatent(image: Float32Array, size: number): Float32Array {
  const latent = rawLatent(image, size)
  const plane = latent.length / channels
  return latent.map((value, i) => {
    const channel = Math.floor(i / plane)
    return (value - means[channel]!) / deviations[channel]!
  })
}

/** The picture at half its size: means of 2 x 2 pixels. */
export function halfImage(image: Float32Array, size: number): Float32Array {
  const half = size / 2
  const result = new Float32Array(3 * half * half)
  for (let line = 0; line < 3 * half; line++) {
    for (let x = 0; x < half; x++) {
      const at = 2 * line * size + 2 * x
      const upper = image[at]! + image[at + 1]!
      result[line * half + x] = (upper + image[at + size]! + image[at + size + 1]!) / 4
    }
  }
  return result
}

/** A weight for each latent cell, `[1, size/8, size/8]`: more where an object is. */
export function boxWeights(boxes: readonly Box[], size: number, inside = 3): Float32Array {
  const across = size / cell
  const weights = new Float32Array(across * across).fill(1)
  for (const [x0, y0, x1, y1] of boxes) {
    const until = (edge: number) => Math.min(across, Math.ceil(edge / cell))
    const from = (edge: number) => Math.max(0, Math.floor(edge / cell))
    for (let row = from(y0); row < until(y1); row++) {
      weights.fill(inside, row * across + from(x0), row * across + until(x1))
    }
  }
  return weights
}

/**
 * Sums over one block: red, green, blue, and all three weighed by `(i + j - 7) / 7`, i and j being
 * the row and the column in the block. The weights add up to 0, so the offset of -1 falls out.
 */
function blockSums(image: Float32Array, size: number, top: number, left: number) {
  const sums: [number, number, number, number] = [0, 0, 0, 0]
  for (let channel = 0; channel < 3; channel++) {
    for (let i = 0; i < cell; i++) {
      const start = (channel * size + top + i) * size + left
      for (let j = 0; j < cell; j++) {
        const value = image[start + j]!
        sums[channel] = sums[channel]! + value
        sums[3] += (value * (i + j - 7)) / 7
      }
    }
  }
  return sums
}
