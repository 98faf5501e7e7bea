import type { Position } from '../../drawing/facts.ts'
import { halfImage } from '../../drawing/fixed-latent.ts'
import { fullLayout, pictureSize } from '../../drawing/layout.ts'

/**
 * The probe looks at a strip of a picture: one object with its sky and its ground, at half the
 * size. So a picture of two objects is judged by the same network, a half at a time.
 */

/** Size of a strip in pixels. */
export const stripWidth = 32
export const stripHeight = 64

const halfSize = pictureSize / 2

/** Where a strip may lie. */
export type StripPlace = Exclude<Position, 'both'>

/**
 * A strip `[3, 64, 32]` of a halved picture `[3, 64, 64]`, -1 to 1, moved by `right` and `down`
 * pixels; beyond the edge the picture's border goes on. `white` is the largest value in `half`.
 */
export function stripOf(
  half: ArrayLike<number>,
  place: StripPlace,
  { right = 0, down = 0 } = {},
  white = 1,
): Float32Array {
  const left = fullLayout.columns[place] / 2 - stripWidth / 2
  const strip = new Float32Array(3 * stripHeight * stripWidth)
  for (let channel = 0; channel < 3; channel++) {
    for (let y = 0; y < stripHeight; y++) {
      const row = (channel * halfSize + within(y - down)) * halfSize
      for (let x = 0; x < stripWidth; x++) {
        const value = half[row + within(left + x - right)]!
        strip[(channel * stripHeight + y) * stripWidth + x] = (2 * value) / white - 1
      }
    }
  }
  return strip
}

/** The strip of a whole picture `[3, 128, 128]`, 0 to 1. */
export function stripOfPicture(image: Float32Array, place: StripPlace): Float32Array {
  return stripOf(halfImage(image, pictureSize), place)
}

function within(value: number): number {
  return Math.min(halfSize - 1, Math.max(0, value))
}
