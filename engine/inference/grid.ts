import { WorkflowError } from '../errors.ts'
import type { Image } from '../sockets.ts'
import { unstack } from './tensors.ts'

/**
 * One picture that shows many, row by row, on white. All must have one size.
 * `columns` 0 puts all into one row; `gap` is in pixels.
 */
export function gridOf(images: readonly Image[], columns: number, gap: number): Image {
  const pictures = images.flatMap((image) => unstack(image, image.shape[0]!))
  const [, , height, width] = pictures[0]!.shape as [number, number, number, number]
  for (const { shape } of pictures) {
    if (shape[2] !== height || shape[3] !== width) {
      throw new WorkflowError(
        `image-grid: pictures of ${width} x ${height} and ${shape[3]} x ${shape[2]}, one size expected; add resize-image`,
      )
    }
  }
  const across = Math.min(columns || pictures.length, pictures.length)
  const down = Math.ceil(pictures.length / across)
  const [gridWidth, gridHeight] = [across * (width + gap) - gap, down * (height + gap) - gap]
  const data = new Float32Array(3 * gridWidth * gridHeight).fill(1)
  pictures.forEach((picture, index) => {
    const left = (index % across) * (width + gap)
    const top = Math.floor(index / across) * (height + gap)
    for (let line = 0; line < 3 * height; line++) {
      const [channel, y] = [Math.floor(line / height), line % height]
      const row = picture.data.subarray(line * width, (line + 1) * width)
      data.set(row, (channel * gridHeight + top + y) * gridWidth + left)
    }
  })
  return { data, shape: [1, 3, gridHeight, gridWidth] }
}
