import { clean } from '../limits.ts'

/** The triangle whose point says how much of each of three there is. */

/** Parts of a whole; they sum to 1. */
export type Parts = readonly [number, number, number]

/** A place in the triangle's box, both from 0 to 1; y grows downwards. */
export interface Spot {
  readonly x: number
  readonly y: number
}

/** Corners: the first at the top, the second left, the third right. */
export const corners: readonly [Spot, Spot, Spot] = [
  { x: 0.5, y: 0 },
  { x: 0, y: 1 },
  { x: 1, y: 1 },
]

/** Where the point of these parts is. */
export function spotOf([a, b, c]: Parts): Spot {
  const [first, second, third] = corners
  return {
    x: a * first.x + b * second.x + c * third.x,
    y: a * first.y + b * second.y + c * third.y,
  }
}

/** The parts at a place; one outside the triangle counts as the nearest on its edge. */
export function partsAt({ x, y }: Spot): Parts {
  const a = 1 - y
  const c = x - a / 2
  const b = 1 - a - c
  if (a >= 0 && b >= 0 && c >= 0) return [a, b, c]
  const edges = [
    [0, 1],
    [1, 2],
    [2, 0],
  ] as const
  const tried = edges.map(([from, to]) => nearest({ x, y }, from, to))
  return tried.reduce((best, next) => (next.distance < best.distance ? next : best)).parts
}

/** The parts of three ratios; below 0 counts as 0, and all 0 as equal parts. */
export function partsOf(ratios: readonly [number, number, number]): Parts {
  const positive = ratios.map((ratio) => Math.max(0, ratio))
  const sum = positive.reduce((a, b) => a + b, 0)
  if (sum === 0) return [1 / 3, 1 / 3, 1 / 3]
  return positive.map((ratio) => ratio / sum) as unknown as Parts
}

/** What the three ratios come to together; the pad shares it out. 1 where that is not above 0. */
export function totalOf(ratios: readonly [number, number, number]): number {
  const sum = ratios.reduce((all, ratio) => all + Math.max(0, ratio), 0)
  return sum > 0 ? clean(sum) : 1
}

/** Ratios of two places behind the point that sum to the total exactly. */
export function sharedOut(total: number, [a, b]: Parts): [number, number, number] {
  const first = Math.round(total * a * 100) / 100
  const second = Math.min(Math.round(total * b * 100) / 100, clean(total - first))
  return [clean(first), clean(second), Math.max(0, clean(total - first - second))]
}

const step = 0.02
const moves: Readonly<Record<string, Spot>> = {
  ArrowLeft: { x: -step, y: 0 },
  ArrowRight: { x: step, y: 0 },
  ArrowUp: { x: 0, y: -step },
  ArrowDown: { x: 0, y: step },
}
const places: Readonly<Record<string, Parts>> = {
  1: [1, 0, 0],
  2: [0, 1, 0],
  3: [0, 0, 1],
  0: [1 / 3, 1 / 3, 1 / 3],
  Home: [1 / 3, 1 / 3, 1 / 3],
}

/** The parts after a key: arrows move, 1 to 3 go to a corner, 0 to the middle. */
export function padKeyed(parts: Parts, key: string, pace: number): Parts | undefined {
  const move = moves[key]
  if (!move) return places[key]
  const { x, y } = spotOf(parts)
  return partsAt({ x: x + move.x * pace, y: y + move.y * pace })
}

function nearest({ x, y }: Spot, from: 0 | 1 | 2, to: 0 | 1 | 2) {
  const [a, b] = [corners[from], corners[to]]
  const [dx, dy] = [b.x - a.x, b.y - a.y]
  const along = ((x - a.x) * dx + (y - a.y) * dy) / (dx * dx + dy * dy)
  const part = Math.min(1, Math.max(0, along))
  const parts: [number, number, number] = [0, 0, 0]
  parts[from] = 1 - part
  parts[to] = part
  return { parts, distance: Math.hypot(a.x + dx * part - x, a.y + dy * part - y) }
}
