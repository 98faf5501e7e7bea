import { hashDistance, nearestDistance, type PictureHashes } from './perceptual-hash.ts'
import { averaged, type Plane } from './plane.ts'
import { type Alignment, align, type Pyramid, warped } from './registration.ts'

/**
 * Pictures that are one picture saved twice: resized, compressed again, a little brighter, cropped
 * at the rim, mirrored. Hashes choose the pairs that are looked at, registration decides. Two
 * pictures with the same background and another thing before it are no copies: every cell of the
 * picture must agree.
 */

/** What two pictures are compared by. */
export interface Likeness {
  readonly hashes: PictureHashes
  readonly upright: Pyramid
  readonly mirrored: Pyramid
  /** Two differences of colour, at the size of the pyramid's last plane. */
  readonly colours: readonly [Plane, Plane]
  readonly mirroredColours: readonly [Plane, Plane]
  /** Standard deviation of brightness: near 0 there is nothing to compare. */
  readonly contrast: number
}

/** How the second picture of a pair came out of the first. */
export type CopyKind = 'same' | 'mirrored'

/** Pairs with more different bits are not looked at; unrelated ones have about 32. */
const farthestHash = 24
/** A picture of less contrast has no structure to compare. */
const leastContrast = 0.012
const cell = 6
/** Largest differences of a copy, as deviations: of brightness over all, in one cell, of colour. */
const limits = { overall: 0.16, cell: 0.3, cellFloor: 0.035, colour: 0.032, cellColour: 0.075 }

/** Whether two pictures are copies of one, and how. */
export function copyKind(a: Likeness, b: Likeness): CopyKind | undefined {
  if (Math.min(a.contrast, b.contrast) < leastContrast) return undefined
  if (nearestDistance(a.hashes, b.hashes) <= farthestHash) {
    if (agrees(a, b.upright, b.colours) || agrees(b, a.upright, a.colours)) return 'same'
  }
  if (hashDistance(a.hashes.upright[0]!, b.hashes.mirrored) <= farthestHash) {
    if (agrees(a, b.mirrored, b.mirroredColours)) return 'mirrored'
  }
  return undefined
}

/** Groups of two and more that pairs connect, as indices in order. */
export function connected(
  count: number,
  pairs: readonly (readonly [number, number])[],
): number[][] {
  const leader = Array.from({ length: count }, (_, index) => index)
  const find = (index: number): number => {
    let at = index
    while (leader[at] !== at) at = leader[at]!
    return at
  }
  for (const [a, b] of pairs) {
    const [first, second] = [find(a), find(b)]
    leader[Math.max(first, second)] = Math.min(first, second)
  }
  const groups = Map.groupBy(leader.keys(), find)
  return [...groups.values()].filter((group) => group.length > 1)
}

/** The colour planes of a likeness: red and blue against green, small. */
export function colourPlanes(planes: readonly [Plane, Plane, Plane], side: number): [Plane, Plane] {
  const [red, green, blue] = planes.map((plane) => averaged(plane, side, side)) as [
    Plane,
    Plane,
    Plane,
  ]
  const difference = (plane: Plane) => ({
    ...plane,
    data: plane.data.map((value, i) => (value - green.data[i]!) / 2),
  })
  return [difference(red), difference(blue)]
}

function agrees(a: Likeness, b: Pyramid, colours: readonly [Plane, Plane]): boolean {
  const alignment = align(a.upright, b)
  if (!alignment || alignment.gain < 0.55 || alignment.gain > 1.8) return false
  const { gain, offset } = alignment
  const bright = a.upright.at(-1)!
  const over = warped(b.at(-1)!, alignment)
  const light = cellErrors(bright, over, gain, offset)
  if (!light || light.overall > limits.overall * a.contrast + 0.008) return false
  if (light.worst > limits.cell * a.contrast + limits.cellFloor) return false
  return coloursAgree(a.colours, colours, alignment)
}

function coloursAgree(
  a: readonly [Plane, Plane],
  b: readonly [Plane, Plane],
  alignment: Alignment,
): boolean {
  return a.every((plane, channel) => {
    const found = cellErrors(plane, warped(b[channel]!, alignment), alignment.gain, 0)
    return found && found.overall <= limits.colour && found.worst <= limits.cellColour
  })
}

/** Root mean square of what differs: over all, and in the worst cell. */
function cellErrors(
  plane: Plane,
  other: Float32Array,
  gain: number,
  offset: number,
): { overall: number; worst: number } | undefined {
  const across = plane.width / cell
  const squares = new Float64Array(across * across)
  const counts = new Uint16Array(across * across)
  for (let i = 0; i < other.length; i++) {
    if (Number.isNaN(other[i])) continue
    const at = Math.floor(Math.floor(i / plane.width) / cell) * across
    const index = at + Math.floor((i % plane.width) / cell)
    squares[index]! += (plane.data[i]! - gain * other[i]! - offset) ** 2
    counts[index]!++
  }
  const used = counts.reduce((sum, count) => sum + count)
  // A crop may show less of the picture, but not a small part of it.
  if (used < 0.65 * other.length) return undefined
  const means = [...squares].map((sum, i) => (counts[i]! >= cell ? sum / counts[i]! : 0))
  const total = squares.reduce((sum, value) => sum + value)
  return { overall: Math.sqrt(total / used), worst: Math.sqrt(Math.max(...means)) }
}
