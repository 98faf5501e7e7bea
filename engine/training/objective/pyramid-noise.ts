import type { TorchRandom } from '../../sampling/torch-random.ts'

/** How coarser noises are added to the noise of a picture. */
export interface PyramidSettings {
  readonly iterations: number
  /** Share of the first coarser noise; the n-th has its n-th power. */
  readonly discount: number
}

/**
 * Adds ever coarser noise to the noise of one picture, `[channels, height, width]`, and scales the
 * sum back to a deviation of 1. Coarse parts let a network change large areas. Multi-resolution
 * noise of J. Whitaker 2023, with kohya's sizes: side n is the side divided by a drawn 2 to 4 to
 * the power of n.
 *
 * The deviation is that of the picture; sd-scripts takes one over the whole batch, which makes the
 * noise of a picture depend on its neighbours.
 */
export function pyramidNoise(
  noise: Float32Array,
  shape: readonly [number, number, number],
  { iterations, discount }: PyramidSettings,
  random: TorchRandom,
): Float32Array {
  const [channels, height, width] = shape
  const sum = Float32Array.from(noise)
  for (let level = 0; level < iterations; level++) {
    const ratio = (random.uniform(1)[0]! * 2 + 2) ** level
    const rows = Math.max(1, Math.floor(height / ratio))
    const columns = Math.max(1, Math.floor(width / ratio))
    const coarse = random.normal(channels * rows * columns)
    const share = discount ** level
    for (let channel = 0; channel < channels; channel++) {
      const from = coarse.subarray(channel * rows * columns, (channel + 1) * rows * columns)
      const to = sum.subarray(channel * height * width, (channel + 1) * height * width)
      addStretched(from, [rows, columns], to, [height, width], share)
    }
    if (rows === 1 || columns === 1) break
  }
  const deviation = deviationOf(sum)
  return sum.map((value) => value / deviation)
}

/** Adds `share` times an enlarged picture; bilinear, pixel centres at halves, edges repeated. */
function addStretched(
  from: Float32Array,
  [rows, columns]: readonly [number, number],
  to: Float32Array,
  [height, width]: readonly [number, number],
  share: number,
): void {
  const across = placesOf(columns, width)
  for (const [y, row] of placesOf(rows, height).entries()) {
    for (const [x, column] of across.entries()) {
      const at = (line: number) => {
        const left = from[line * columns + column.low]!
        const right = from[line * columns + column.high]!
        return left + (right - left) * column.share
      }
      const top = at(row.low)
      const value = top + (at(row.high) - top) * row.share
      to[y * width + x] = to[y * width + x]! + share * value
    }
  }
}

/** For each of `size` positions the two of `count` it lies between, and how near the second is. */
function placesOf(
  count: number,
  size: number,
): readonly { low: number; high: number; share: number }[] {
  return Array.from({ length: size }, (_, i) => {
    const position = Math.max(((i + 0.5) * count) / size - 0.5, 0)
    const low = Math.min(Math.floor(position), count - 1)
    return { low, high: Math.min(low + 1, count - 1), share: position - low }
  })
}

/** Of a sample: divided by one less than its size. */
function deviationOf(values: Float32Array): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0)
  return Math.sqrt(squares / (values.length - 1))
}
