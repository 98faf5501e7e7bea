import type { PictureBytes } from '../formats/picture.ts'
import type { Size } from './buckets.ts'
import type { interpolations } from './settings.ts'

/**
 * Pictures at another size, with the arithmetic of the libraries that kohya's scripts call: Pillow
 * for `lanczos` and `box`, OpenCV for the rest. Pillow widens its kernel when it shrinks and rounds
 * to bytes after either axis; OpenCV's kernels other than `area` skip pixels when they shrink.
 * Channels are independent. A result may be off by one of 255 where those libraries use integers.
 */

/** An interpolation by kohya's name. */
export type Interpolation = (typeof interpolations)[number]

/** What kohya takes where nothing is said: averages when both sides shrink, else Lanczos. */
export function usualInterpolation(from: Size, to: Size): Interpolation {
  return from.width >= to.width && from.height >= to.height ? 'area' : 'lanczos'
}

/** The picture at a size, distorted where the aspect differs; at its own size as it is. */
export function resample(
  picture: PictureBytes,
  { width, height }: Size,
  interpolation: Interpolation,
): PictureBytes {
  if (picture.width === width && picture.height === height) return picture
  const { taps, roundsBetween } = kernels[interpolation]
  const { channels } = picture
  const across = weigh(
    {
      data: picture.data,
      outer: picture.height,
      inner: channels,
      taps: taps(picture.width, width),
    },
    roundsBetween ? Uint8Array : Float32Array,
  )
  const down = { outer: 1, inner: width * channels, taps: taps(picture.height, height) }
  const data = Uint8Array.from(weigh({ data: across, ...down }, Uint8Array))
  return { data, width, height, channels }
}

/** For one pixel of the result: where its share begins and what each pixel from there counts. */
interface Tap {
  readonly first: number
  /** Their sum is 1. */
  readonly weights: Float64Array
}

interface Kernel {
  taps(from: number, to: number): Tap[]
  readonly roundsBetween: boolean
}

const linear = interpolated(1, (x) => 1 - Math.abs(x))
const cubic = interpolated(2, keys)

const kernels: Readonly<Record<Interpolation, Kernel>> = {
  lanczos: { taps: widened(3, (x) => sinc(x) * sinc(x / 3)), roundsBetween: true },
  box: { taps: widened(0.5, (x) => Number(x > -0.5 && x <= 0.5)), roundsBetween: true },
  area: { taps: covered, roundsBetween: false },
  linear: { taps: linear, roundsBetween: false },
  bilinear: { taps: linear, roundsBetween: false },
  cubic: { taps: cubic, roundsBetween: false },
  bicubic: { taps: cubic, roundsBetween: false },
  nearest: { taps: nearest, roundsBetween: false },
}

interface Axis {
  /** `[outer, length, inner]`, row-major. */
  readonly data: Uint8Array | Float32Array
  readonly outer: number
  readonly inner: number
  readonly taps: readonly Tap[]
}

/** Weighted sums along the middle axis. Bytes are rounded to the nearest, halves up. */
function weigh(
  { data, outer, inner, taps }: Axis,
  Result: typeof Uint8Array | typeof Float32Array,
): Uint8Array | Float32Array {
  const length = data.length / (outer * inner)
  const result = new Result(outer * taps.length * inner)
  const isBytes = Result === Uint8Array
  let at = 0
  for (let row = 0; row < outer; row++) {
    for (const { first, weights } of taps) {
      const start = (row * length + first) * inner
      for (let i = 0; i < inner; i++) {
        let sum = 0
        for (let k = 0; k < weights.length; k++) sum += weights[k]! * data[start + k * inner + i]!
        result[at++] = isBytes ? Math.min(255, Math.max(0, Math.floor(sum + 0.5))) : sum
      }
    }
  }
  return result
}

/** Pillow's way: the kernel is as wide as `scale` asks, cut off at the edges. */
function widened(radius: number, kernel: (x: number) => number): Kernel['taps'] {
  return (from, to) =>
    tapsOf(to, (place) => {
      const scale = from / to
      const spread = Math.max(1, scale)
      const center = (place + 0.5) * scale
      const first = Math.max(0, Math.trunc(center - radius * spread + 0.5))
      const last = Math.min(from, Math.trunc(center + radius * spread + 0.5))
      return weighted(first, last, (x) => kernel((x - center + 0.5) / spread))
    })
}

/** OpenCV's way for smooth kernels: as many neighbours as when enlarging, edges repeated. */
function interpolated(radius: number, kernel: (x: number) => number): Kernel['taps'] {
  return (from, to) =>
    tapsOf(to, (place) => {
      const center = (place + 0.5) * (from / to) - 0.5
      const sums = new Map<number, number>()
      for (let x = Math.floor(center) - radius + 1; x <= Math.floor(center) + radius; x++) {
        const inside = Math.min(from - 1, Math.max(0, x))
        sums.set(inside, (sums.get(inside) ?? 0) + kernel(x - center))
      }
      const first = Math.min(...sums.keys())
      const last = Math.max(...sums.keys()) + 1
      return weighted(first, last, (x) => sums.get(x) ?? 0)
    })
}

/** OpenCV's area: every pixel counts by what the new one covers of it. */
function covered(from: number, to: number): Tap[] {
  if (from < to) return linear(from, to)
  const scale = from / to
  return tapsOf(to, (place) => {
    const start = place * scale
    const end = Math.min(from, start + scale)
    // A sliver that only rounding made does not count.
    const first = Math.floor(start + 1e-9)
    const last = Math.max(first + 1, Math.ceil(end - 1e-9))
    return weighted(first, Math.min(from, last), (x) => Math.min(end, x + 1) - Math.max(start, x))
  })
}

function nearest(from: number, to: number): Tap[] {
  return tapsOf(to, (place) => {
    const first = Math.min(from - 1, Math.floor(place * (from / to)))
    return weighted(first, first + 1, () => 1)
  })
}

function tapsOf(count: number, tap: (place: number) => Tap): Tap[] {
  return Array.from({ length: count }, (_, place) => tap(place))
}

function weighted(first: number, last: number, weight: (x: number) => number): Tap {
  const weights = Float64Array.from({ length: last - first }, (_, k) => weight(first + k))
  const sum = weights.reduce((total, value) => total + value, 0)
  return { first, weights: weights.map((value) => value / sum) }
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x)
}

/** Keys 1981 with a of -0.75, the cubic that OpenCV uses. */
function keys(x: number): number {
  const a = -0.75
  const t = Math.abs(x)
  if (t <= 1) return ((a + 2) * t - (a + 3)) * t * t + 1
  return t < 2 ? a * (((t - 5) * t + 8) * t - 4) : 0
}
