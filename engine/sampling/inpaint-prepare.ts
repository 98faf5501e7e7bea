import { resizeBilinear } from './inpaint.ts'
import { blank, type Latent, sizeOf } from './latent.ts'

/** What a VAE encodes before inpainting, and where the sampler may repaint. */
export interface InpaintPicture {
  /** `[batch, 3, height, width]`, 0 to 1. */
  readonly pixels: Latent
  /** `[batch, 1, height, width]`, 0 or 1. */
  readonly mask: Latent
}

/**
 * A picture for inpainting from scratch: what is masked becomes grey, the sides are cropped evenly
 * to multiples of `multiple`, and the mask is hardened and grown by `grow` pixels.
 */
export function prepareInpaint(options: {
  readonly pixels: Latent
  /** `[batch, 1, height, width]` or `[batch, height, width]`, any size. */
  readonly mask: Latent
  readonly grow: number
  readonly multiple?: number
}): InpaintPicture {
  const { pixels, grow, multiple = 8 } = options
  const [height, width] = pixels.shape.slice(-2) as [number, number]
  const whole = resizeBilinear(options.mask, height, width)
  const count = whole.data.length / (height * width)
  const sized = { data: whole.data, shape: [count, 1, height, width] }
  const hard = rounded(cropEvenly(sized, multiple))
  return { pixels: greyed(cropEvenly(pixels, multiple), hard), mask: grown(hard, grow) }
}

/** Cuts both sides down to a multiple, half the surplus from each end. */
function cropEvenly(image: Latent, multiple: number): Latent {
  const [height, width] = image.shape.slice(-2) as [number, number]
  const [top, left] = [height, width].map((side) => (side % multiple) >> 1) as [number, number]
  const shape = [
    ...image.shape.slice(0, -2),
    height - (height % multiple),
    width - (width % multiple),
  ]
  const [newHeight, newWidth] = shape.slice(-2) as [number, number]
  const data = blank(image.data, sizeOf(shape))
  for (let row = 0; row < data.length / newWidth; row++) {
    const plane = Math.floor(row / newHeight)
    const from = (plane * height + top + (row % newHeight)) * width + left
    data.set(image.data.subarray(from, from + newWidth), row * newWidth)
  }
  return { data, shape }
}

/** Nearest of 0 and 1; a half goes to 0. */
function rounded({ data, shape }: Latent): Latent {
  return { data: data.map((value: number) => (value > 0.5 ? 1 : 0)), shape }
}

function greyed(pixels: Latent, mask: Latent): Latent {
  const channels = pixels.shape[1] as number
  const plane = sizeOf(pixels.shape.slice(-2))
  const masks = mask.data.length / plane
  const data = pixels.data.map((value: number, i: number) => {
    const picture = Math.floor(i / (plane * channels)) % masks
    return (mask.data[picture * plane + (i % plane)] as number) > 0 ? 0.5 : value
  })
  return { data, shape: pixels.shape }
}

/**
 * 1 wherever a square of `by` pixels around meets the mask; an even square reaches one pixel
 * further up and to the left.
 */
function grown(mask: Latent, by: number): Latent {
  if (by < 2) return mask
  const [height, width] = mask.shape.slice(-2) as [number, number]
  const before = Math.ceil((by - 1) / 2)
  const after = by - 1 - before
  const data = blank(mask.data)
  const [rows, columns] = [reach(height, before, after), reach(width, before, after)]
  for (let i = 0; i < mask.data.length; i++) {
    if (mask.data[i] === 0) continue
    const plane = i - (i % (height * width))
    const [firstRow, lastRow] = rows(Math.floor(i / width) % height)
    const [firstColumn, lastColumn] = columns(i % width)
    for (let y = firstRow; y <= lastRow; y++) {
      data.fill(1, plane + y * width + firstColumn, plane + y * width + lastColumn + 1)
    }
  }
  return { data, shape: mask.shape }
}

/** The positions whose square contains a position. */
function reach(length: number, before: number, after: number) {
  return (position: number): readonly [number, number] => [
    Math.max(position - after, 0),
    Math.min(position + before, length - 1),
  ]
}
