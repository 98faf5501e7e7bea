import { averaged, type Plane, smoothed } from './plane.ts'

/**
 * Lays one small picture over another: a stretch and a shift along each axis, a factor and an
 * offset of brightness, by least squares (Lucas and Kanade 1981), coarse to fine. What then still
 * differs tells a copy from a picture that is only alike.
 */

/** How `b` lies over `a`: `b(scale x + shift) * gain + offset ~ a(x)`, places from -1 to 1. */
export interface Alignment {
  readonly scaleX: number
  readonly scaleY: number
  readonly shiftX: number
  readonly shiftY: number
  readonly gain: number
  readonly offset: number
}

/** A picture at growing sizes, for `align`. */
export type Pyramid = readonly Plane[]

/** Sides of the planes in a pyramid. */
const sides = [12, 24, 48] as const
const rounds = 8
/** Beyond this it is another picture, or the search has gone astray. */
const farthest = { scale: 0.35, shift: 0.35 }

/** Square planes of growing size, a little smoothed. */
export function pyramidOf(plane: Plane): Pyramid {
  return sides.map((side) => smoothed(averaged(plane, side, side), 0.8))
}

/** The best alignment of `b` over `a`, or undefined where there is none nearby. */
export function align(a: Pyramid, b: Pyramid): Alignment | undefined {
  let found = { scaleX: 1, scaleY: 1, shiftX: 0, shiftY: 0, gain: 1, offset: 0 }
  for (const [level, plane] of a.entries()) {
    for (let round = 0; round < rounds; round++) {
      const change = improve(plane, b[level]!, found)
      if (!change) return undefined
      found = change.next
      if (!isNear(found)) return undefined
      if (change.moved < 0.02 / plane.width) break
    }
  }
  return found
}

/** `b` as it lies over `a`, at the size of `b`; NaN where `b` has nothing. */
export function warped(b: Plane, { scaleX, scaleY, shiftX, shiftY }: Alignment): Float32Array {
  const { width, height } = b
  const values = new Float32Array(width * height)
  for (let y = 0; y < height; y++) {
    const v = fromUnit(scaleY * toUnit(y, height) + shiftY, height)
    for (let x = 0; x < width; x++) {
      const u = fromUnit(scaleX * toUnit(x, width) + shiftX, width)
      values[y * width + x] = sample(b, u, v)
    }
  }
  return values
}

function improve(
  a: Plane,
  b: Plane,
  now: Alignment,
): { next: Alignment; moved: number } | undefined {
  const { width, height } = a
  const values = warped(b, now)
  const sums = new Float64Array(6 * 7)
  const row = new Float64Array(7)
  let used = 0
  for (let y = 1; y < height - 1; y++) {
    for (let x = 1; x < width - 1; x++) {
      const i = y * width + x
      const here = values[i]!
      const slopeX = ((values[i + 1]! - values[i - 1]!) * width) / 4 / now.scaleX
      const slopeY = ((values[i + width]! - values[i - width]!) * height) / 4 / now.scaleY
      if (Number.isNaN(slopeX + slopeY + here)) continue
      const [dx, dy] = [now.gain * slopeX, now.gain * slopeY]
      row.set([dx * toUnit(x, width), dx, dy * toUnit(y, height), dy, here, 1])
      row[6] = a.data[i]! - (now.gain * here + now.offset)
      for (let r = 0; r < 6; r++) for (let c = r; c < 7; c++) sums[r * 7 + c]! += row[r]! * row[c]!
      used++
    }
  }
  if (used < 0.4 * width * height) return undefined
  const change = solve(sums)
  if (!change) return undefined
  const [scaleX, shiftX, scaleY, shiftY, gain, offset] = change as Six
  return {
    next: {
      scaleX: now.scaleX + scaleX,
      scaleY: now.scaleY + scaleY,
      shiftX: now.shiftX + shiftX,
      shiftY: now.shiftY + shiftY,
      gain: now.gain + gain,
      offset: now.offset + offset,
    },
    moved: Math.max(...[scaleX, scaleY, shiftX, shiftY].map(Math.abs)),
  }
}

type Six = [number, number, number, number, number, number]

/** Solves the normal equations of 6 unknowns, upper half given; undefined where singular. */
function solve(upper: Float64Array): number[] | undefined {
  const rows = Array.from({ length: 6 }, (_, r) =>
    Array.from({ length: 7 }, (_, c) => (c >= r ? upper[r * 7 + c]! : upper[c * 7 + r]!)),
  )
  // A trace of damping keeps a picture without structure along one axis from running off.
  for (const [r, row] of rows.entries()) row[r]! += 1e-4 * row[r]! + 1e-9
  for (let pivot = 0; pivot < 6; pivot++) {
    const best = rows[pivot]!
    if (Math.abs(best[pivot]!) < 1e-12) return undefined
    for (let r = pivot + 1; r < 6; r++) {
      const factor = rows[r]![pivot]! / best[pivot]!
      for (let c = pivot; c < 7; c++) rows[r]![c]! -= factor * best[c]!
    }
  }
  const found = new Array<number>(6).fill(0)
  for (let r = 5; r >= 0; r--) {
    const known = found.reduce((sum, value, c) => (c > r ? sum + value * rows[r]![c]! : sum), 0)
    found[r] = (rows[r]![6]! - known) / rows[r]![r]!
  }
  return found
}

function isNear({ scaleX, scaleY, shiftX, shiftY }: Alignment): boolean {
  return (
    Math.max(Math.abs(scaleX - 1), Math.abs(scaleY - 1)) < farthest.scale &&
    Math.max(Math.abs(shiftX), Math.abs(shiftY)) < farthest.shift
  )
}

function toUnit(place: number, count: number): number {
  return (2 * (place + 0.5)) / count - 1
}

function fromUnit(place: number, count: number): number {
  return ((place + 1) * count) / 2 - 0.5
}

/** Linear between four pixels; NaN outside, but for half a pixel. */
function sample({ data, width, height }: Plane, x: number, y: number): number {
  if (x < -0.5 || y < -0.5 || x > width - 0.5 || y > height - 0.5) return Number.NaN
  const left = Math.min(width - 2, Math.max(0, Math.floor(x)))
  const top = Math.min(height - 2, Math.max(0, Math.floor(y)))
  const [u, v] = [clamp(x - left), clamp(y - top)]
  const i = top * width + left
  const upper = data[i]! * (1 - u) + data[i + 1]! * u
  const lower = data[i + width]! * (1 - u) + data[i + width + 1]! * u
  return upper * (1 - v) + lower * v
}

function clamp(value: number): number {
  return Math.min(1, Math.max(0, value))
}
