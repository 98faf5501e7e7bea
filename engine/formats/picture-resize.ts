import { WorkflowError } from '../errors.ts'
import type { NumericTensor } from '../sockets.ts'
import { maxPixels, type ResizeKernel, resamplePicture } from './picture.ts'

/**
 * Changing the size of `[batch, channels, height, width]`: pictures, masks, anything of 0 to 1.
 */

/** How a picture meets a size of another aspect: distorted, cut at the edges, padded with 0. */
export const resizeFits = ['stretch', 'cover', 'contain'] as const
export type ResizeFit = (typeof resizeFits)[number]

/** A rectangle in pixels, from the upper left corner. */
export interface Region {
  readonly left: number
  readonly top: number
  readonly width: number
  readonly height: number
}

/**
 * The picture at `width` x `height`, clamped to 0 to 1.
 * At its own size it is returned as it is. Throws a WorkflowError for a size that is no size.
 */
export async function resizePicture(
  picture: NumericTensor,
  width: number,
  height: number,
  fit: ResizeFit,
  kernel: ResizeKernel = 'lanczos3',
): Promise<NumericTensor> {
  checkSize(width, height)
  const [, , fromHeight, fromWidth] = sizes(picture)
  const scale = scaleOf(fit, width / fromWidth, height / fromHeight)
  if (!scale) return resamplePicture(picture, width, height, kernel)
  const scaled = await resamplePicture(
    picture,
    Math.max(1, Math.round(fromWidth * scale)),
    Math.max(1, Math.round(fromHeight * scale)),
    kernel,
  )
  const [, , nowHeight, nowWidth] = sizes(scaled)
  const left = Math.floor((nowWidth - width) / 2)
  const top = Math.floor((nowHeight - height) / 2)
  return cut(scaled, { left, top, width, height })
}

/** A rectangle out of every item. Throws a WorkflowError when it leaves the picture. */
export function cropPicture(picture: NumericTensor, region: Region): NumericTensor {
  const [, , height, width] = sizes(picture)
  const { left, top } = region
  const inside =
    [left, top, region.width, region.height].every(Number.isInteger) &&
    left >= 0 &&
    top >= 0 &&
    region.width >= 1 &&
    region.height >= 1 &&
    left + region.width <= width &&
    top + region.height <= height
  if (!inside) {
    throw new WorkflowError(
      `crop: ${region.width} x ${region.height} at ${left}, ${top}, expected inside ${width} x ${height}`,
    )
  }
  return cut(picture, region)
}

/** Undefined where the two axes are scaled apart. */
function scaleOf(fit: ResizeFit, x: number, y: number): number | undefined {
  switch (fit) {
    case 'stretch':
      return undefined
    case 'cover':
      return Math.max(x, y)
    case 'contain':
      return Math.min(x, y)
    default:
      return fit satisfies never
  }
}

/** Also pads with 0 where the region leaves the picture. */
function cut(picture: NumericTensor, { left, top, width, height }: Region): NumericTensor {
  const [batch, channels, fromHeight, fromWidth] = sizes(picture)
  if (left === 0 && top === 0 && width === fromWidth && height === fromHeight) return picture
  const data = new Float32Array(batch * channels * width * height)
  const firstX = Math.max(0, left)
  const lastX = Math.min(fromWidth, left + width)
  for (let plane = 0; plane < batch * channels; plane++) {
    for (let y = Math.max(0, top); y < Math.min(fromHeight, top + height); y++) {
      const row = (plane * fromHeight + y) * fromWidth
      const target = (plane * height + y - top) * width + firstX - left
      data.set(picture.data.subarray(row + firstX, row + lastX), target)
    }
  }
  return { data, shape: [batch, channels, height, width] }
}

function checkSize(width: number, height: number): void {
  for (const [axis, size] of Object.entries({ width, height })) {
    if (!Number.isInteger(size) || size < 1 || size > 16384) {
      throw new WorkflowError(`resize: ${axis} is ${size}, expected 1 to 16384`)
    }
  }
  if (width * height > maxPixels) {
    throw new WorkflowError(`resize: ${width * height} pixels, at most ${maxPixels} are possible`)
  }
}

function sizes(picture: NumericTensor): [number, number, number, number] {
  const [batch = 0, channels = 0, height = 0, width = 0] = picture.shape
  return [batch, channels, height, width]
}
