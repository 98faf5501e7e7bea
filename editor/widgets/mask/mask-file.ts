import { emptyMask, type MaskArea, type MaskBitmap } from './bitmap.ts'

/** Masks as pictures: read from a saved one, shown over a picture, written as a grey PNG. */

/** Loads a picture; rejects with a sentence. */
export function loadPicture(address: string): Promise<HTMLImageElement> {
  return new Promise((resolve, reject) => {
    const picture = new Image()
    picture.alt = ''
    picture.onload = () => resolve(picture)
    picture.onerror = () => reject(new Error(`${decodeURI(address)}: cannot be shown`))
    picture.src = address
  })
}

/** The mask that a saved picture holds in its red numbers, in another size if need be. */
export function maskOf(picture: HTMLImageElement, width: number, height: number): MaskBitmap {
  const canvas = new OffscreenCanvas(width, height)
  const context = canvas.getContext('2d', { willReadFrequently: true })!
  context.drawImage(picture, 0, 0, width, height)
  const { data } = context.getImageData(0, 0, width, height)
  const mask = emptyMask(width, height)
  for (let at = 0; at < mask.data.length; at++) mask.data[at] = data[at * 4]!
  return mask
}

/** Draws a part of a mask as a colour over the picture. */
export function showMask(
  context: CanvasRenderingContext2D,
  mask: MaskBitmap,
  { left, top, right, bottom }: MaskArea,
): void {
  const [width, height] = [right - left, bottom - top]
  if (width <= 0 || height <= 0) return
  const pixels = context.createImageData(width, height)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = (y * width + x) * 4
      pixels.data.set([255, 60, 120], at)
      pixels.data[at + 3] = mask.data[(y + top) * mask.width + x + left]! * 0.6
    }
  }
  context.putImageData(pixels, left, top)
}

/** The mask as a grey PNG: white is painted again. */
export async function maskPng({ width, height, data }: MaskBitmap): Promise<Blob> {
  const canvas = new OffscreenCanvas(width, height)
  const context = canvas.getContext('2d')!
  const pixels = context.createImageData(width, height)
  for (const [at, byte] of data.entries()) pixels.data.set([byte, byte, byte, 255], at * 4)
  context.putImageData(pixels, 0, 0)
  return canvas.convertToBlob({ type: 'image/png' })
}
