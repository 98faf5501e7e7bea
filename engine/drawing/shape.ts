/**
 * Flat shapes as data, and the signed distance to their edge: negative inside, exact or close to it
 * near the edge. Positions are x to the right and y down, in whatever unit the shape is given.
 * The formulas are the usual ones for distance fields (Inigo Quilez, "2D distance functions").
 */

/** One flat shape. */
export type Shape =
  | { readonly kind: 'box'; readonly corners: Box; readonly radius: number }
  | { readonly kind: 'ellipse'; readonly x: number; readonly y: number; readonly radii: Pair }
  | { readonly kind: 'polygon'; readonly points: readonly Pair[] }
  | { readonly kind: 'ridge'; readonly ridge: Ridge }
  | { readonly kind: 'union' | 'common'; readonly of: readonly Shape[] }

/** Left, top, right, bottom. */
export type Box = readonly [number, number, number, number]
/** Two numbers of one axis each: a point, or two radii. */
export type Pair = readonly [number, number]

/** Everything below a waving line `y = base + height * sin(frequency * x + phase)`. */
export interface Ridge {
  readonly base: number
  readonly height: number
  readonly frequency: number
  readonly phase: number
}

/** Signed distance from a point to the edge. */
export type Distance = (x: number, y: number) => number

/** A rectangle, its corners rounded by `radius`. */
export function box(x0: number, y0: number, x1: number, y1: number, radius = 0): Shape {
  return { kind: 'box', corners: [x0, y0, x1, y1], radius }
}

/** A circle. */
export function circle(x: number, y: number, radius: number): Shape {
  return ellipse(x, y, radius, radius)
}

/** An ellipse with its axes along x and y. */
export function ellipse(x: number, y: number, a: number, b: number): Shape {
  return { kind: 'ellipse', x, y, radii: [a, b] }
}

/** A convex polygon; its points go clockwise as seen on the screen. */
export function polygon(...points: readonly Pair[]): Shape {
  return { kind: 'polygon', points }
}

/** What lies in any of the shapes. */
export function union(...of: readonly Shape[]): Shape {
  return { kind: 'union', of }
}

/** What lies in all of the shapes. */
export function common(...of: readonly Shape[]): Shape {
  return { kind: 'common', of }
}

/** The shape, enlarged by `scale` and then moved so that the origin comes to `(x, y)`. */
export function placed(shape: Shape, x: number, y: number, scale: number): Shape {
  const across = (value: number) => x + value * scale
  const down = (value: number) => y + value * scale
  switch (shape.kind) {
    case 'box': {
      const [x0, y0, x1, y1] = shape.corners
      return box(across(x0), down(y0), across(x1), down(y1), shape.radius * scale)
    }
    case 'ellipse': {
      const [a, b] = shape.radii
      return ellipse(across(shape.x), down(shape.y), a * scale, b * scale)
    }
    case 'polygon':
      return polygon(...shape.points.map(([px, py]): Pair => [across(px), down(py)]))
    case 'ridge': {
      const { base, height, frequency, phase } = shape.ridge
      const slower = frequency / scale
      const ridge = { base: down(base), height: height * scale, frequency: slower }
      return { kind: 'ridge', ridge: { ...ridge, phase: phase - slower * x } }
    }
    case 'union':
    case 'common':
      return { kind: shape.kind, of: shape.of.map((part) => placed(part, x, y, scale)) }
  }
}

/** The distance function of a shape. */
export function distanceOf(shape: Shape): Distance {
  switch (shape.kind) {
    case 'box':
      return boxDistance(shape.corners, shape.radius)
    case 'ellipse':
      return ellipseDistance(shape.x, shape.y, shape.radii)
    case 'polygon':
      return polygonDistance(shape.points)
    case 'ridge': {
      const { base, height, frequency, phase } = shape.ridge
      return (x, y) => base + height * Math.sin(frequency * x + phase) - y
    }
    case 'union':
      return shape.of.map(distanceOf).reduce((a, b) => (x, y) => Math.min(a(x, y), b(x, y)))
    case 'common':
      return shape.of.map(distanceOf).reduce((a, b) => (x, y) => Math.max(a(x, y), b(x, y)))
  }
}

/** A box round a shape, the smallest one except round what is common to several. */
export function boundsOf(shape: Shape): Box {
  switch (shape.kind) {
    case 'box':
      return shape.corners
    case 'ellipse': {
      const { x, y, radii } = shape
      return [x - radii[0], y - radii[1], x + radii[0], y + radii[1]]
    }
    case 'polygon':
      return boxAround(shape.points.map(([x, y]): Box => [x, y, x, y]))
    case 'ridge': {
      const { base, height } = shape.ridge
      return [-Infinity, base - height, Infinity, Infinity]
    }
    case 'union':
      return boxAround(shape.of.map(boundsOf))
    case 'common':
      return shape.of
        .map(boundsOf)
        .reduce(([x0, y0, x1, y1], [a0, b0, a1, b1]) => [
          ...([Math.max(x0, a0), Math.max(y0, b0)] as const),
          ...([Math.min(x1, a1), Math.min(y1, b1)] as const),
        ])
  }
}

/** The smallest box round several. */
export function boxAround(boxes: readonly Box[]): Box {
  return boxes.reduce(([x0, y0, x1, y1], [a0, b0, a1, b1]) => [
    ...([Math.min(x0, a0), Math.min(y0, b0)] as const),
    ...([Math.max(x1, a1), Math.max(y1, b1)] as const),
  ])
}

function boxDistance([x0, y0, x1, y1]: Box, radius: number): Distance {
  const [middleX, middleY] = [(x0 + x1) / 2, (y0 + y1) / 2]
  const [halfX, halfY] = [(x1 - x0) / 2 - radius, (y1 - y0) / 2 - radius]
  return (x, y) => {
    const dx = Math.abs(x - middleX) - halfX
    const dy = Math.abs(y - middleY) - halfY
    if (dx <= 0 || dy <= 0) return Math.max(dx, dy) - radius
    return Math.sqrt(dx * dx + dy * dy) - radius
  }
}

/** Exact for a circle; for an ellipse the first-order estimate k(k - 1)/g. */
function ellipseDistance(cx: number, cy: number, [a, b]: Pair): Distance {
  if (a === b) {
    return (x, y) => Math.sqrt((x - cx) * (x - cx) + (y - cy) * (y - cy)) - a
  }
  const [a2, b2] = [a * a, b * b]
  return (x, y) => {
    const [dx, dy] = [x - cx, y - cy]
    const k = Math.sqrt((dx * dx) / a2 + (dy * dy) / b2)
    const gx = dx / a2
    const gy = dy / b2
    const g = Math.sqrt(gx * gx + gy * gy)
    return g === 0 ? -Math.min(a, b) : (k * (k - 1)) / g
  }
}

/**
 * Inside, the largest of the distances to the lines through the edges; outside, the distance to
 * the nearest edge.
 */
function polygonDistance(points: readonly Pair[]): Distance {
  const edges = points.flatMap(([x0, y0], i) => {
    const [x1, y1] = points[(i + 1) % points.length]!
    const length = Math.hypot(x1 - x0, y1 - y0)
    return [x0, y0, (x1 - x0) / length, (y1 - y0) / length, length]
  })
  const lines = Float64Array.from(edges)
  return (x, y) => {
    let largest = -Infinity
    let nearest = Infinity
    for (let i = 0; i < lines.length; i += 5) {
      const [dx, dy] = [x - lines[i]!, y - lines[i + 1]!]
      const [ex, ey, length] = [lines[i + 2]!, lines[i + 3]!, lines[i + 4]!]
      const outwards = dx * ey - dy * ex
      const along = dx * ex + dy * ey
      const beyond = along < 0 ? along : Math.max(0, along - length)
      largest = Math.max(largest, outwards)
      nearest = Math.min(nearest, outwards * outwards + beyond * beyond)
    }
    return largest <= 0 ? largest : Math.sqrt(nearest)
  }
}
