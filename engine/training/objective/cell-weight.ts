import { WorkflowError } from '../../errors.ts'
import type { NumericTensor } from '../../sockets.ts'

/**
 * Weights of the cells of a latent from weights of pixels, `[batch, 1, height, width]`: the mean
 * over what each cell covers. A size that is no multiple is covered with overlaps, as PyTorch's
 * interpolation by area does.
 */
export function cellMask(mask: NumericTensor, height: number, width: number): NumericTensor {
  const [batch, channels, fullHeight, fullWidth] = mask.shape as [number, number, number, number]
  if (channels !== 1) throw new WorkflowError(`mask: ${channels} channels, expected 1`)
  const rows = rangesOf(fullHeight, height)
  const columns = rangesOf(fullWidth, width)
  const data = new Float32Array(batch * height * width)
  for (let item = 0; item < batch; item++) {
    for (const [y, [top, bottom]] of rows.entries()) {
      for (const [x, [left, right]] of columns.entries()) {
        let sum = 0
        for (let row = top; row < bottom; row++) {
          const start = (item * fullHeight + row) * fullWidth
          for (let column = left; column < right; column++) sum += mask.data[start + column]!
        }
        data[(item * height + y) * width + x] = sum / ((bottom - top) * (right - left))
      }
    }
  }
  return { data, shape: [batch, 1, height, width] }
}

/**
 * Weights scaled to a mean of 1 in each picture: the mean over all elements becomes the weighted
 * mean. A picture whose weights are all 0 keeps them and counts for nothing.
 */
export function normalisedCells({ data, shape }: NumericTensor): NumericTensor {
  const size = data.length / shape[0]!
  const result = new Float32Array(data.length)
  for (let start = 0; start < data.length; start += size) {
    const part = data.subarray(start, start + size)
    const mean = part.reduce((sum, value) => sum + value, 0) / size
    result.set(
      part.map((value) => (mean === 0 ? 0 : value / mean)),
      start,
    )
  }
  return { data: result, shape }
}

/** First and end position of what each of `count` cells covers of `size` positions. */
function rangesOf(size: number, count: number): readonly (readonly [number, number])[] {
  return Array.from({ length: count }, (_, i) => [
    Math.floor((i * size) / count),
    Math.ceil(((i + 1) * size) / count),
  ])
}
