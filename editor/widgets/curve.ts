import { clean } from './limits.ts'

/** A curve over the steps of a run: points from left to right, straight lines between them. */

/** `[place 0–1, value]`. */
export type CurvePoint = readonly [number, number]

/** Points of a value in a workflow, ordered by place; undefined where it is no curve. */
export function pointsOf(value: unknown): readonly CurvePoint[] | undefined {
  if (!Array.isArray(value) || value.length === 0) return undefined
  const isPoint = (one: unknown): one is CurvePoint =>
    Array.isArray(one) && one.length === 2 && one.every((part) => Number.isFinite(part))
  return value.every(isPoint) ? [...value].sort(([a], [b]) => a - b) : undefined
}

/** The value at a place; level before the first point and after the last. */
export function valueAt(points: readonly CurvePoint[], place: number): number {
  const next = points.findIndex(([x]) => x >= place)
  if (next < 0) return points.at(-1)?.[1] ?? 0
  const [x1, y1] = points[next]!
  if (next === 0 || x1 === place) return y1
  const [x0, y0] = points[next - 1]!
  return y0 + ((y1 - y0) * (place - x0)) / (x1 - x0)
}

/** The values of a run of so many steps, the first at 0 and the last at 1. */
export function sampled(points: readonly CurvePoint[], steps: number): number[] {
  return Array.from({ length: steps }, (_, step) =>
    clean(valueAt(points, steps > 1 ? step / (steps - 1) : 0)),
  )
}

/** Moves a point; it does not pass its neighbours, and the outermost stay at 0 and 1. */
export function movedPoint(
  points: readonly CurvePoint[],
  index: number,
  [x, y]: CurvePoint,
  [min, max]: readonly [number, number],
): CurvePoint[] {
  const low = index === 0 ? 0 : points[index - 1]![0] + 0.01
  const high = index === points.length - 1 ? 1 : points[index + 1]![0] - 0.01
  const outer = index === 0 ? 0 : index === points.length - 1 ? 1 : undefined
  const place = outer ?? Math.min(high, Math.max(low, x))
  const value = Math.min(max, Math.max(min, y))
  const moved: CurvePoint = [Number(place.toFixed(3)), Number(value.toPrecision(4))]
  return points.map((point, at) => (at === index ? moved : point))
}

/** Adds a point on the line; none where one is already. */
export function addedPoint(points: readonly CurvePoint[], place: number): CurvePoint[] {
  const x = Number(Math.min(0.99, Math.max(0.01, place)).toFixed(3))
  if (points.some(([taken]) => Math.abs(taken - x) < 0.01)) return [...points]
  const point: CurvePoint = [x, Number(valueAt(points, x).toPrecision(4))]
  return [...points, point].sort(([a], [b]) => a - b)
}

/** Without a point; the two outermost stay. */
export function withoutPoint(points: readonly CurvePoint[], index: number): CurvePoint[] {
  if (index <= 0 || index >= points.length - 1) return [...points]
  return points.filter((_, at) => at !== index)
}
