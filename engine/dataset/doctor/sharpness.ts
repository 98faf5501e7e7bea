import { type Plane, smoothed } from './plane.ts'

/**
 * How wide the edges of a picture are, in pixels of the size it is trained at. A step edge of
 * width s (as the sigma of a Gaussian), smoothed by `fine` and by `coarse`, has gradients in the
 * ratio sqrt((s² + coarse²) / (s² + fine²)); from the ratio follows s, whatever the contrast, so
 * a flat drawing with few crisp edges is as sharp as a photo full of them. Source of the ratio:
 * Zhuo and Sim 2011, "Defocus map estimation from a single image".
 */

/** What was seen of a picture's edges. */
export interface Sharpness {
  /** Width of its sharper edges; undefined where there are too few edges to tell. */
  readonly edgeWidth: number | undefined
  /** The same of edges in the direction that has the widest ones: large for shaken pictures. */
  readonly widestDirection: number | undefined
  /** Edge pixels that were measured. */
  readonly edges: number
}

const fine = 1
const coarse = 2
/** Widths beyond this are told as this. */
const widest = 6
/** Fewer edge pixels than this, or than this share of the picture's side, say nothing. */
const fewestEdges = 40
const directions = 4
/** Which of the edges, sorted by width, speaks for all: pictures may be sharp in a part only. */
const sharperShare = 0.25
/** Edges weaker than this share of the strong ones are texture or noise. */
const strongShare = 0.3

/** Measures a plane of brightness. */
export function sharpnessOf(plane: Plane): Sharpness {
  const near = gradients(smoothed(plane, fine))
  const far = gradients(smoothed(plane, coarse))
  const floor = Math.max(0.012, 5 * noiseOf(plane) * gradientNoise)
  const threshold = Math.max(floor, strongShare * quantile(sampled(near.size), 0.995))
  const widths: number[][] = Array.from({ length: directions }, () => [])
  forEachEdge(near, threshold, (at, direction) => {
    widths[direction]!.push(widthFrom(near.size[at]! / Math.max(1e-9, far.size[at]!)))
  })
  const all = widths.flat()
  const fewest = Math.max(fewestEdges, 0.15 * Math.min(plane.width, plane.height))
  const enough = widths.filter((list) => list.length >= Math.max(fewest, 0.08 * all.length))
  return {
    edgeWidth: all.length < fewest ? undefined : quantile(all, sharperShare),
    widestDirection: enough.length
      ? Math.max(...enough.map((list) => quantile(list, sharperShare)))
      : undefined,
    edges: all.length,
  }
}

/** Deviation of a gradient of white noise of deviation 1 after smoothing by `fine`. */
const gradientNoise = 1 / (Math.sqrt(8 * Math.PI) * fine * fine)

/** Noise from how pixels differ from their neighbours: Immerkaer 1996, with the median. */
function noiseOf({ data, width, height }: Plane): number {
  const found: number[] = []
  const step = Math.max(1, Math.floor(Math.sqrt((width * height) / 10000)))
  for (let y = 1; y < height - 1; y += step) {
    for (let x = 1; x < width - 1; x += step) {
      const i = y * width + x
      const cross = data[i - 1]! + data[i + 1]! + data[i - width]! + data[i + width]!
      const corners =
        data[i - width - 1]! + data[i - width + 1]! + data[i + width - 1]! + data[i + width + 1]!
      found.push(Math.abs(4 * data[i]! - 2 * cross + corners))
    }
  }
  // The filter's weights have the norm 6; the median of a normal number's size is 0.6745.
  return found.length ? quantile(found, 0.5) / (6 * 0.6745) : 0
}

interface Gradients {
  readonly x: Float32Array
  readonly y: Float32Array
  readonly size: Float32Array
  readonly width: number
  readonly height: number
}

function gradients({ data, width, height }: Plane): Gradients {
  const [x, y, size] = [0, 1, 2].map(() => new Float32Array(data.length)) as [
    Float32Array,
    Float32Array,
    Float32Array,
  ]
  for (let row = 1; row < height - 1; row++) {
    for (let i = row * width + 1; i < (row + 1) * width - 1; i++) {
      x[i] = (data[i + 1]! - data[i - 1]!) / 2
      y[i] = (data[i + width]! - data[i - width]!) / 2
      size[i] = Math.hypot(x[i]!, y[i]!)
    }
  }
  return { x, y, size, width, height }
}

/** Visits the pixels where the gradient is strong and the largest along its own direction. */
function forEachEdge(
  { x, y, size, width, height }: Gradients,
  threshold: number,
  visit: (at: number, direction: number) => void,
): void {
  const margin = Math.ceil(2 * coarse)
  const steps = [1, width + 1, width, width - 1]
  for (let row = margin; row < height - margin; row++) {
    for (let i = row * width + margin; i < (row + 1) * width - margin; i++) {
      const here = size[i]!
      if (here < threshold) continue
      const turn = Math.round((Math.atan2(y[i]!, x[i]!) / Math.PI) * directions)
      const direction = ((turn % directions) + directions) % directions
      const step = steps[direction]!
      if (here >= size[i - step]! && here > size[i + step]!) visit(i, direction)
    }
  }
}

function widthFrom(ratio: number): number {
  if (ratio <= 1) return widest
  const square = (coarse ** 2 - ratio ** 2 * fine ** 2) / (ratio ** 2 - 1)
  return Math.min(widest, Math.sqrt(Math.max(0, square)))
}

/** At most some ten thousand of the values. */
function sampled(values: Float32Array): Float32Array {
  const step = Math.max(1, Math.floor(values.length / 20000))
  if (step === 1) return values
  return Float32Array.from(
    { length: Math.floor(values.length / step) },
    (_, i) => values[i * step]!,
  )
}

/** The value below which this share of the list lies. */
export function quantile(values: ArrayLike<number>, share: number): number {
  // A typed array is sorted by number, and several times as fast as a list.
  const sorted = Float32Array.from(values).sort()
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0
}
