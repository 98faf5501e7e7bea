import { box, circle, common, ellipse, type Pair, polygon, type Shape, union } from './shape.ts'

/**
 * The objects as tables of parts, in drawing order. A part lies in a frame of -1 to 1 both ways:
 * the object stands on 1 and is about two wide and two high. An object is drawn 64 pixels high, so
 * a quarter of the frame is one cell of the latent: edges keep to eighths where they can.
 */

/** The object's own colour and its shades; a lit window; or six digits of a colour that stays. */
export type Tone = 'main' | 'deep' | 'dark' | 'light' | 'window' | Digits
/** A fixed colour, `#` and six hexadecimal digits. */
export type Digits = `#${string}`

/** One part of an object. */
export interface Part {
  readonly tone: Tone
  readonly shape: Shape
  /** How much lighter the upper left is than the lower right; 0.35 unless given. */
  readonly shade?: number
  /** The tone of this part on an object of that colour, where the usual one would not show. */
  readonly toneOn?: Readonly<Record<string, Tone>>
}

/** One kind of object. */
export interface ObjectKind {
  readonly parts: readonly Part[]
  /** Where it is at home: on the ground, in the air, or on the sea and nowhere else. */
  readonly stands: 'ground' | 'air' | 'sea'
}

const brown: Digits = '#7A5236'
const cream: Digits = '#FBF1DC'
const ink: Digits = '#3A3350'
const amber: Digits = '#FFD84A'

/** Captions name an object by its key. */
export const objectKinds = {
  house: {
    stands: 'ground',
    parts: [
      { tone: ink, shape: box(0.34, -0.9, 0.6, -0.2) },
      { tone: 'main', shape: box(-0.66, -0.2, 0.66, 1) },
      { tone: 'dark', shape: polygon([-0.92, -0.12], [0, -0.95], [0.92, -0.12]) },
      { tone: cream, shape: box(-0.5, 0.3, -0.08, 1) },
      { tone: 'dark', shape: box(-0.42, 0.38, -0.16, 1) },
      { tone: cream, shape: box(0.1, 0.2, 0.54, 0.66) },
      { tone: 'window', shape: box(0.17, 0.27, 0.47, 0.59), shade: 0 },
    ],
  },
  castle: {
    stands: 'ground',
    parts: [
      { tone: 'main', shape: box(-0.5, 0.02, 0.5, 1) },
      { tone: 'main', shape: each([-0.28, 0, 0.28], (u) => box(u - 0.09, -0.18, u + 0.09, 0.1)) },
      { tone: 'light', shape: each([-0.65, 0.65], (u) => box(u - 0.25, -0.4, u + 0.25, 1)) },
      { tone: 'dark', shape: each([-0.65, 0.65], (u) => spire(u, -0.38, -1, 0.34)) },
      { tone: ink, shape: each([-0.65, 0.65], (u) => box(u - 0.1, -0.12, u + 0.1, 0.25, 0.09)) },
      { tone: ink, shape: union(box(-0.22, 0.5, 0.22, 1), circle(0, 0.52, 0.22)) },
    ],
  },
  tree: {
    stands: 'ground',
    parts: [
      { tone: brown, shape: box(-0.15, 0.2, 0.15, 1) },
      { tone: 'deep', shape: circle(0.36, 0.1, 0.42), shade: 0.3 },
      {
        tone: 'main',
        shape: union(circle(-0.38, 0.02, 0.45), circle(0.02, -0.46, 0.52)),
        shade: 0.5,
      },
      { tone: 'light', shape: circle(-0.14, -0.56, 0.24) },
    ],
  },
  'pine tree': {
    stands: 'ground',
    parts: [
      { tone: brown, shape: box(-0.14, 0.6, 0.14, 1) },
      { tone: 'dark', shape: spire(0, 0.72, -0.15, 0.78) },
      { tone: 'deep', shape: spire(0, 0.26, -0.6, 0.62) },
      { tone: 'main', shape: spire(0, -0.24, -1, 0.46) },
    ],
  },
  flower: {
    stands: 'ground',
    parts: [
      { tone: '#2F8A4A', shape: box(-0.08, 0, 0.08, 1) },
      { tone: '#3FA75A', shape: union(leaf(-1, 0.66), leaf(1, 0.66)) },
      { tone: 'main', shape: union(...petals(6, 0.4, 0.29)), shade: 0.4 },
      { tone: amber, shape: circle(0, -0.33, 0.26), toneOn: { yellow: brown, orange: brown } },
    ],
  },
  mushroom: {
    stands: 'ground',
    parts: [
      { tone: cream, shape: box(-0.32, -0.1, 0.32, 1, 0.2), shade: 0.45 },
      {
        tone: 'main',
        shape: common(ellipse(0, 0.1, 0.92, 0.98), box(-2, -2, 2, 0.18)),
        shade: 0.5,
      },
      {
        tone: cream,
        shape: union(circle(-0.46, -0.18, 0.18), circle(0.08, -0.5, 0.2), circle(0.52, -0.1, 0.16)),
        toneOn: { white: '#D9A08B' },
      },
    ],
  },
  cat: {
    stands: 'ground',
    parts: [
      { tone: 'dark', shape: union(...curl()), shade: 0.2 },
      { tone: 'deep', shape: common(ellipse(0, 0.72, 0.62, 0.6), box(-2, -2, 2, 1)) },
      { tone: 'light', shape: common(ellipse(0, 0.86, 0.3, 0.34), box(-2, -2, 2, 1)) },
      { tone: 'dark', shape: union(ear(-1), ear(1)) },
      { tone: 'main', shape: ellipse(0, -0.16, 0.66, 0.54) },
      { tone: '#FFFBEF', shape: each([-0.28, 0.28], (u) => circle(u, -0.22, 0.19)), shade: 0 },
      { tone: ink, shape: each([-0.26, 0.26], (u) => ellipse(u, -0.2, 0.1, 0.14)), shade: 0 },
      {
        tone: '#F59AA8',
        shape: polygon([-0.12, 0.04], [0.12, 0.04], [0, 0.18]),
        toneOn: { pink: ink, red: ink },
      },
    ],
  },
  lighthouse: {
    stands: 'ground',
    parts: [
      { tone: '#FFF8E8', shape: tower(-0.45, 1), toneOn: { white: '#8FA0B8' } },
      { tone: 'main', shape: common(tower(-0.45, 1), box(-1, -0.26, 1, 0.1)), shade: 0.3 },
      { tone: 'main', shape: common(tower(-0.45, 1), box(-1, 0.42, 1, 0.76)), shade: 0.3 },
      { tone: '#FFE88F', shape: box(-0.22, -0.74, 0.22, -0.45), shade: 0 },
      { tone: ink, shape: box(-0.38, -0.5, 0.38, -0.38) },
      { tone: 'dark', shape: spire(0, -0.7, -1, 0.36) },
    ],
  },
  balloon: {
    stands: 'air',
    parts: [
      { tone: ink, shape: each([-0.17, 0.17], (u) => box(u - 0.03, 0.4, u + 0.03, 0.78)) },
      { tone: 'main', shape: polygon([-0.6, -0.06], [0.6, -0.06], [0.2, 0.56], [-0.2, 0.56]) },
      { tone: 'main', shape: circle(0, -0.3, 0.7), shade: 0.5 },
      { tone: 'light', shape: ellipse(0, -0.24, 0.28, 0.76) },
      { tone: brown, shape: box(-0.25, 0.7, 0.25, 1, 0.05) },
    ],
  },
  sailboat: {
    stands: 'sea',
    parts: [
      { tone: brown, shape: box(-0.05, -1, 0.05, 0.55) },
      { tone: 'main', shape: polygon([0.1, 0.38], [0.1, -0.95], [0.84, 0.38]) },
      { tone: cream, shape: polygon([-0.1, 0.38], [-0.7, 0.38], [-0.1, -0.72]) },
      { tone: 'main', shape: polygon([-0.94, 0.5], [0.94, 0.5], [0.64, 1], [-0.64, 1]) },
      { tone: 'dark', shape: polygon([-0.94, 0.5], [0.94, 0.5], [0.88, 0.64], [-0.88, 0.64]) },
    ],
  },
} as const satisfies Record<string, ObjectKind>

/** An object of the captions. */
export type ObjectName = keyof typeof objectKinds
/** All of them, in the order of the table. */
export const objectNames = Object.keys(objectKinds) as ObjectName[]

const teal: Digits = '#1FC7B6'
const deepTeal: Digits = '#159082'
const coral: Digits = '#FF7A59'

/** A one-eyed monster that is in no ordinary picture: what a LoRA may learn. */
export const mascot: ObjectKind = {
  stands: 'ground',
  parts: [
    {
      tone: deepTeal,
      shape: each([-0.35, 0.35], (u) => box(u - 0.06, -0.9, u + 0.06, -0.3)),
    },
    { tone: coral, shape: each([-0.35, 0.35], (u) => circle(u, -0.84, 0.16)) },
    { tone: deepTeal, shape: each([-0.38, 0.38], (u) => box(u - 0.22, 0.7, u + 0.22, 1, 0.12)) },
    {
      tone: teal,
      shape: union(ellipse(0, 0.1, 0.78, 0.74), box(-0.78, -0.1, 0.78, 0.88, 0.2)),
      shade: 0.45,
    },
    { tone: '#FFFDF4', shape: circle(0, -0.06, 0.42), shade: 0 },
    { tone: ink, shape: circle(0.04, -0.02, 0.24), shade: 0 },
    { tone: '#FFFFFF', shape: circle(-0.06, -0.12, 0.09), shade: 0 },
    { tone: coral, shape: common(ellipse(0, 0.48, 0.36, 0.24), box(-1, 0.48, 1, 2)), shade: 0 },
  ],
}

/** A triangle on a base line at `bottom`, its tip at `top`. */
function spire(u: number, bottom: number, top: number, half: number): Shape {
  return polygon([u - half, bottom], [u, top], [u + half, bottom])
}

/** The tapering wall of a lighthouse. */
function tower(top: number, bottom: number): Shape {
  return polygon([-0.32, top], [0.32, top], [0.5, bottom], [-0.5, bottom])
}

function leaf(side: 1 | -1, v: number): Shape {
  return ellipse(side * 0.3, v, 0.3, 0.13)
}

function ear(side: 1 | -1): Shape {
  const points: Pair[] = [
    [-0.62, -0.2],
    [-0.56, -0.95],
    [-0.06, -0.56],
  ]
  if (side === -1) return polygon(...points)
  return polygon(...points.map(([u, v]): Pair => [-u, v]).reverse())
}

/** Circles in a ring round the head of a flower. */
function petals(count: number, ring: number, radius: number): Shape[] {
  return Array.from({ length: count }, (_, k) => {
    const angle = (k * 2 * Math.PI) / count + Math.PI / 6
    return circle(ring * Math.cos(angle), -0.33 + ring * Math.sin(angle), radius)
  })
}

/** A cat's tail, from the body up: circles along an arc. */
function curl(): Shape[] {
  return Array.from({ length: 9 }, (_, k) => {
    const angle = -0.9 + (k / 8) * 2.3
    return circle(0.5 + 0.34 * Math.cos(angle), 0.5 + 0.4 * Math.sin(angle), 0.13)
  })
}

function each(places: readonly number[], shape: (u: number) => Shape): Shape {
  return union(...places.map(shape))
}
