import type { Image } from '../../../engine/sockets.ts'

/**
 * Pictures drawn from a seed that are like what people train on: photos with texture, shading,
 * noise and a blurred background, drawings with flat colours, soft shading or lines.
 */

/** Kinds of pictures. */
export const sceneStyles = [
  ...['landscape', 'portrait', 'texture', 'flat', 'airbrush', 'lines'],
] as const
export type SceneStyle = 'landscape' | 'portrait' | 'texture' | 'flat' | 'airbrush' | 'lines'

/** What is drawn; the same `seed` with another `subject` has the same background. */
export interface Scene {
  readonly style: SceneStyle
  readonly seed: number
  readonly subject?: number
}

/** Numbers from 0 to 1 that follow from a seed. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x9e3779b9) >>> 0
    let word = Math.imul(state ^ (state >>> 16), 0x21f0aaad)
    word = Math.imul(word ^ (word >>> 15), 0x735a2d97)
    return ((word ^ (word >>> 15)) >>> 0) / 2 ** 32
  }
}

/** Draws a scene as `[1, 3, height, width]`. */
export function drawScene(scene: Scene, width: number, height: number): Image {
  const area = width * height
  const data = new Float32Array(3 * area)
  const unit = Math.min(width, height)
  const paint = painters[scene.style](scene, width / unit, height / unit, 1 / unit)
  const grain = randomFrom(scene.seed * 31 + 7)
  const noise = styleNoise[scene.style]
  const colour = new Float32Array(3)
  for (let i = 0; i < area; i++) {
    paint(colour, ((i % width) + 0.5) / unit, (Math.floor(i / width) + 0.5) / unit)
    for (let c = 0; c < 3; c++) {
      const speck = noise ? noise * (grain() + grain() + grain() - 1.5) * 2 : 0
      data[c * area + i] = Math.min(1, Math.max(0, colour[c]! + speck))
    }
  }
  return { data, shape: [1, 3, height, width] }
}

/** Writes the colour at a place; places count in shorter sides. */
type Painter = (colour: Float32Array, x: number, y: number) => void
type MakePainter = (scene: Scene, width: number, height: number, pixel: number) => Painter

const styleNoise = {
  landscape: 0.01,
  portrait: 0.012,
  texture: 0.008,
  flat: 0,
  airbrush: 0,
  lines: 0,
}

const painters: Record<SceneStyle, MakePainter> = {
  landscape({ seed, subject = seed }, width, height, pixel) {
    const random = randomFrom(seed)
    const [sky, ground] = [colourFrom(random), colourFrom(random)]
    const [clouds, soil, hill] = [
      fractal(random, 3, 4),
      fractal(random, 9, 6),
      fractal(random, 2, 5),
    ]
    const horizon = height * (0.35 + 0.35 * random())
    const blobs = blobsFrom(randomFrom(subject + 101), width, height, 5)
    return (colour, x, y) => {
      const ridge = horizon + 0.35 * (hill(x, 0.3) - 0.5)
      const below = edge(y - ridge, pixel)
      const cloud = 0.6 + 0.7 * (clouds(x, y) - 0.5) + 0.3 * (y / height)
      const grain = 0.35 + 1.3 * soil(x, y)
      for (let c = 0; c < 3; c++) {
        colour[c] = mix(sky[c]! * cloud + 0.15, ground[c]! * grain, below)
      }
      paintBlobs(colour, blobs, x, y, pixel, soil)
    }
  },
  portrait({ seed, subject = seed }, width, height, pixel) {
    const random = randomFrom(seed)
    const [near, far] = [colourFrom(random), colourFrom(random)]
    const soft = fractal(random, 2.5, 2)
    const own = randomFrom(subject + 211)
    const [skin, cloth, hair] = [colourFrom(own), colourFrom(own), colourFrom(own)]
    const [weave, strands] = [fractal(own, 20, 4), fractal(own, 25, 4)]
    const [cx, top] = [width * (0.35 + 0.3 * own()), height * (0.2 + 0.15 * own())]
    const radius = 0.13 + 0.08 * own()
    return (colour, x, y) => {
      const share = soft(x, y)
      for (let c = 0; c < 3; c++) colour[c] = mix(near[c]!, far[c]!, share)
      const bodyY = (y - top - 3.6 * radius) / (2.6 * radius)
      cover(colour, cloth, ellipse((x - cx) / (1.9 * radius), bodyY, radius), pixel, () =>
        weave(x, y),
      )
      const [u, v] = [(x - cx) / radius, (y - top - radius) / (1.25 * radius)]
      cover(colour, hair, ellipse(u / 1.15, v + 0.25, radius), pixel, () => strands(3 * x, y / 2))
      cover(colour, skin, ellipse(u, v - 0.15, radius), pixel, () => 0.55 - 0.2 * u)
      for (const side of [-0.4, 0.4]) {
        cover(colour, black, ellipse((u - side) / 0.14, v / 0.1, 0.14 * radius), pixel)
      }
      cover(colour, hair, ellipse(u / 0.35, (v - 0.55) / 0.07, 0.07 * radius), pixel)
    }
  },
  texture({ seed, subject = seed }, width, height, pixel) {
    const random = randomFrom(seed)
    const [low, high] = [colourFrom(random), colourFrom(random)]
    const [field, tint] = [fractal(random, 14, 5), fractal(random, 2, 2)]
    const stretch = 0.4 + 2.2 * random()
    const blobs = blobsFrom(randomFrom(subject + 307), width, height, 2)
    return (colour, x, y) => {
      const share = Math.min(1, Math.max(0, 1.8 * field(x * stretch, y) - 0.4))
      for (let c = 0; c < 3; c++)
        colour[c] = mix(low[c]!, high[c]!, share) * (0.6 + 0.8 * tint(x, y))
      paintBlobs(colour, blobs, x, y, pixel, field)
    }
  },
  flat({ seed, subject = seed }, width, height, pixel) {
    const random = randomFrom(seed)
    const ground = colourFrom(random)
    const far = blobsFrom(random, width, height, 3)
    const blobs = blobsFrom(randomFrom(subject + 401), width, height, 4)
    return (colour, x, y) => {
      colour.set(ground)
      paintBlobs(colour, far, x, y, pixel)
      paintBlobs(colour, blobs, x, y, pixel)
    }
  },
  airbrush({ seed, subject = seed }, width, height, pixel) {
    const random = randomFrom(seed)
    const [top, bottom] = [colourFrom(random), colourFrom(random)]
    const glow = fractal(random, 1.5, 1)
    const blobs = blobsFrom(randomFrom(subject + 503), width, height, 3)
    return (colour, x, y) => {
      for (let c = 0; c < 3; c++) {
        colour[c] = mix(top[c]!, bottom[c]!, y / height) * (0.8 + 0.4 * glow(x, y))
      }
      paintBlobs(colour, blobs, x, y, pixel, (u, v) => 0.5 + 0.3 * Math.sin(3 * u + 2 * v))
    }
  },
  lines({ seed, subject = seed }, width, height, pixel) {
    const paper = 0.9 + 0.1 * randomFrom(seed)()
    const blobs = [
      ...blobsFrom(randomFrom(seed), width, height, 3),
      ...blobsFrom(randomFrom(subject + 601), width, height, 4),
    ]
    return (colour, x, y) => {
      colour.fill(paper)
      for (const blob of blobs) {
        const distance = Math.abs(distanceTo(blob, x, y))
        cover(colour, black, distance - 1.2 * pixel, pixel)
      }
    }
  },
}

const black = new Float32Array([0.05, 0.05, 0.06])

interface Blob {
  readonly x: number
  readonly y: number
  readonly a: number
  readonly b: number
  readonly turn: number
  readonly square: boolean
  readonly colour: Float32Array
}

function blobsFrom(random: () => number, width: number, height: number, count: number): Blob[] {
  return Array.from({ length: count }, () => ({
    x: width * (0.1 + 0.8 * random()),
    y: height * (0.1 + 0.8 * random()),
    a: 0.06 + 0.2 * random(),
    b: 0.06 + 0.2 * random(),
    turn: Math.PI * random(),
    square: random() < 0.4,
    colour: colourFrom(random),
  }))
}

function paintBlobs(
  colour: Float32Array,
  blobs: readonly Blob[],
  x: number,
  y: number,
  pixel: number,
  shade?: (x: number, y: number) => number,
): void {
  for (const blob of blobs) {
    cover(colour, blob.colour, distanceTo(blob, x, y), pixel, shade && (() => shade(x, y)))
  }
}

function distanceTo(blob: Blob, x: number, y: number): number {
  const [cos, sin] = [Math.cos(blob.turn), Math.sin(blob.turn)]
  const u = cos * (x - blob.x) + sin * (y - blob.y)
  const v = cos * (y - blob.y) - sin * (x - blob.x)
  if (blob.square) return Math.max(Math.abs(u) - blob.a, Math.abs(v) - blob.b)
  return ellipse(u / blob.a, v / blob.b, Math.min(blob.a, blob.b))
}

/** Roughly the distance to an ellipse of radii 1, in units in which its smaller one is `scale`. */
function ellipse(u: number, v: number, scale: number): number {
  return (Math.hypot(u, v) - 1) * scale
}

function cover(
  under: Float32Array,
  colour: Float32Array,
  distance: number,
  pixel: number,
  shade?: () => number,
): void {
  const share = edge(-distance, pixel)
  if (share === 0) return
  const light = shade ? 0.5 + shade() : 1
  for (let c = 0; c < 3; c++) under[c] = mix(under[c]!, colour[c]! * light, share)
}

/** 0 to 1 across one pixel. */
function edge(distance: number, pixel: number): number {
  return Math.min(1, Math.max(0, distance / pixel + 0.5))
}

function mix(from: number, to: number, share: number): number {
  return from + (to - from) * share
}

function colourFrom(random: () => number): Float32Array {
  return Float32Array.from([random(), random(), random()], (value) => 0.08 + 0.84 * value)
}

/** Value noise in octaves, 0 to 1 around one half: `frequency` cells a unit, doubled each time. */
function fractal(random: () => number, frequency: number, octaves: number) {
  const size = 64
  const lattice = Float32Array.from({ length: size * size }, random)
  const at = (x: number, y: number) => lattice[(y & (size - 1)) * size + (x & (size - 1))]!
  const offsets = Array.from({ length: octaves }, () => 64 * random())
  return (x: number, y: number) => {
    let [sum, weight, total, scale] = [0, 1, 0, frequency]
    for (let octave = 0; octave < octaves; octave++) {
      const [px, py] = [x * scale + offsets[octave]!, y * scale + offsets[octave]!]
      const [ix, iy] = [Math.floor(px), Math.floor(py)]
      const [u, v] = [smooth(px - ix), smooth(py - iy)]
      const upper = mix(at(ix, iy), at(ix + 1, iy), u)
      sum += weight * mix(upper, mix(at(ix, iy + 1), at(ix + 1, iy + 1), u), v)
      total += weight
      weight *= 0.6
      scale *= 2
    }
    return sum / total
  }
}

function smooth(share: number): number {
  return share * share * (3 - 2 * share)
}
