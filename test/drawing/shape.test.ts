import { describe, expect, it } from 'vitest'
import {
  boundsOf,
  box,
  circle,
  common,
  distanceOf,
  ellipse,
  type Pair,
  placed,
  polygon,
  type Shape,
  union,
} from '../../engine/drawing/shape.ts'

const triangle: readonly Pair[] = [
  [2, 9],
  [6, 1],
  [9, 8],
]
const ridge = { base: 5, height: 2, frequency: 0.4, phase: 1 }
const shapes: Readonly<Record<string, Shape>> = {
  box: box(1, 2, 6, 9),
  'rounded box': box(1, 2, 6, 9, 1.5),
  circle: circle(4, 5, 3),
  ellipse: ellipse(4, 5, 3, 1.5),
  polygon: polygon(...triangle),
  union: union(circle(2, 2, 2), box(4, 4, 9, 9)),
  common: common(circle(4, 4, 3), box(4, 0, 9, 9)),
}

describe('a shape', () => {
  it.each(Object.entries(shapes))('%s is negative inside its bounds only', (_, shape) => {
    const distance = distanceOf(shape)
    const [x0, y0, x1, y1] = boundsOf(shape)
    const points = Array.from({ length: 30 * 30 }, (_, i) => [(i % 30) / 2 - 2, i / 60 - 2])
    const inside = points.filter(([x, y]) => distance(x!, y!) < 0)
    expect(inside.length).toBeGreaterThan(0)
    for (const [x, y] of inside) {
      expect(x! >= x0 && x! <= x1 && y! >= y0 && y! <= y1).toBe(true)
    }
  })

  it.each(
    Object.entries({ ...shapes, ridge: { kind: 'ridge', ridge } as const }),
  )('%s keeps its form where it is placed', (_, shape) => {
    const [before, after] = [distanceOf(shape), distanceOf(placed(shape, 20, -7, 3))]
    for (let i = 0; i < 100; i++) {
      const [x, y] = [(i % 10) + 0.3, i / 10 + 0.1]
      expect(after(20 + 3 * x, -7 + 3 * y)).toBeCloseTo(3 * before(x, y), 9)
    }
  })

  it('measures a polygon to its nearest edge', () => {
    const distance = distanceOf(polygon(...triangle))
    for (let i = 0; i < 144; i++) {
      const [x, y] = [(i % 12) - 0.5, i / 12 - 0.5]
      expect(Math.abs(distance(x, y))).toBeCloseTo(nearestEdgePoint(x, y), 3)
    }
    expect(distance(6, 5)).toBeLessThan(0)
    expect(distance(2, 2)).toBeGreaterThan(0)
  })

  it('measures boxes and circles exactly', () => {
    expect(distanceOf(circle(0, 0, 2))(3, 4)).toBe(3)
    expect(distanceOf(box(0, 0, 4, 4))(7, 8)).toBe(5)
    expect(distanceOf(box(0, 0, 4, 4))(1, 2)).toBe(-1)
    expect(distanceOf(box(0, 0, 4, 4, 1))(6, 7)).toBeCloseTo(4, 12)
  })
})

/** Slow: walks along the edges in small steps. */
function nearestEdgePoint(x: number, y: number): number {
  let nearest = Infinity
  triangle.forEach(([x0, y0], i) => {
    const [x1, y1] = triangle[(i + 1) % triangle.length]!
    for (let step = 0; step <= 4000; step++) {
      const share = step / 4000
      const point = [x0 + (x1 - x0) * share, y0 + (y1 - y0) * share] as const
      nearest = Math.min(nearest, Math.hypot(x - point[0], y - point[1]))
    }
  })
  return nearest
}
