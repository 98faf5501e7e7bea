import type { Settings } from '../state/settings.ts'
import type { Box, Point } from './metrics.ts'

/** The `d` of a link from an output to an input. */
export function linkPath(from: Point, to: Point, style: Settings['links'] = 'curved'): string {
  if (style === 'straight') {
    return `M${from.x} ${from.y}L${from.x + 12} ${from.y}L${to.x - 12} ${to.y}L${to.x} ${to.y}`
  }
  const bend = bendOf(from, to)
  return `M${from.x} ${from.y}C${from.x + bend} ${from.y} ${to.x - bend} ${to.y} ${to.x} ${to.y}`
}

/** How far the handles of the curve reach. */
export function bendOf(from: Point, to: Point): number {
  const gap = to.x - from.x
  if (gap >= 0) return Math.max(24, Math.min(120, gap / 2))
  return Math.min(160, 40 - gap / 3)
}

/** A rectangle that holds the link. */
export function linkBox(from: Point, to: Point): Box {
  const bend = to.x < from.x ? bendOf(from, to) : 0
  const left = Math.min(from.x, to.x) - bend
  const top = Math.min(from.y, to.y)
  return {
    x: left,
    y: top,
    width: Math.max(from.x, to.x) + bend - left,
    height: Math.abs(from.y - to.y),
  }
}

/** The point of the curve at `t` from 0 to 1. */
export function linkPoint(from: Point, to: Point, t: number): Point {
  const bend = bendOf(from, to)
  const mix = (a: number, b: number, c: number, d: number) =>
    (1 - t) ** 3 * a + 3 * (1 - t) ** 2 * t * b + 3 * (1 - t) * t ** 2 * c + t ** 3 * d
  return {
    x: mix(from.x, from.x + bend, to.x - bend, to.x),
    y: mix(from.y, from.y, to.y, to.y),
  }
}
