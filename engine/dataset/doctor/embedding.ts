import { averaged, brightness, type Plane, smoothed } from './plane.ts'

/**
 * A picture as 176 numbers that say roughly how it looks: the mean colours of 4 x 4 cells (a
 * colour layout) and how much contour each cell has in each of 8 directions (a histogram of
 * gradients, Dalal and Triggs 2005). It knows colour, light, composition and outline; it knows
 * nothing of what is shown, so a person in two poses before one wall are near, and a dog and a
 * cushion of one shape are too.
 */

/** Numbers of an embedding. */
export const embeddingSize = 176

const cells = 4
const directions = 8
const side = 64
/** Differences of unrelated pictures, measured; they make both parts count alike. */
const colourScale = 0.22
const contourScale = 0.75

/** The embedding of a picture; the distance of unrelated pictures is about 1. */
export function embeddingOf(planes: readonly [Plane, Plane, Plane]): Float32Array {
  const small = planes.map((plane) => averaged(plane, side, side)) as [Plane, Plane, Plane]
  const found = new Float32Array(embeddingSize)
  found.set(colourLayout(small))
  found.set(contours(smoothed(brightness(small), 0.8)), 3 * cells * cells)
  return found
}

/** Euclidean distance. */
export function distanceOf(a: Float32Array, b: Float32Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += (a[i]! - b[i]!) ** 2
  return Math.sqrt(sum)
}

function colourLayout(planes: readonly [Plane, Plane, Plane]): Float32Array {
  const light = brightness(planes)
  const [red, , blue] = planes.map(({ data }) => averaged({ ...light, data }, cells, cells).data)
  const bright = averaged(light, cells, cells).data
  const area = cells * cells
  const weight = Math.SQRT1_2 / (colourScale * Math.sqrt(3 * area))
  return Float32Array.from({ length: 3 * area }, (_, i) => {
    const at = i % area
    const value = [bright[at]!, red![at]! - bright[at]!, blue![at]! - bright[at]!]
    // The eye tells colours apart better than the plain differences say.
    return weight * value[Math.floor(i / area)]! * (i < area ? 1 : 1.5)
  })
}

function contours({ data, width, height }: Plane): Float32Array {
  const sums = new Float32Array(cells * cells * directions)
  for (let y = 1; y < height - 1; y++) {
    for (let x = 1; x < width - 1; x++) {
      const i = y * width + x
      const [dx, dy] = [data[i + 1]! - data[i - 1]!, data[i + width]! - data[i - width]!]
      const place = ((Math.atan2(dy, dx) / Math.PI + 1) * directions) % directions
      const [low, share] = [Math.floor(place) % directions, place % 1]
      const at = Math.floor((y * cells) / height) * cells + Math.floor((x * cells) / width)
      const size = Math.hypot(dx, dy)
      sums[at * directions + low]! += size * (1 - share)
      sums[at * directions + ((low + 1) % directions)]! += size * share
    }
  }
  const roots = sums.map(Math.sqrt)
  const norm = Math.sqrt(roots.reduce((sum, value) => sum + value * value, 0)) + 0.5
  return roots.map((value) => (Math.SQRT1_2 * value) / (norm * contourScale))
}
