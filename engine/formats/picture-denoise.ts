import type { NumericTensor } from '../sockets.ts'

/**
 * Light removal of noise, as a step before training: film grain and sensor noise go, edges stay.
 * Every item of `[batch, channels, height, width]`, values of 0 to 1. Edges of the picture are
 * repeated outwards.
 */

/** How noise is told from content. */
export const denoiseMethods = ['median', 'bilateral'] as const
export type DenoiseMethod = (typeof denoiseMethods)[number]

/** Settings of `denoisePicture`. */
export interface DenoiseOptions {
  readonly method: DenoiseMethod
  /** Pixels looked at to either side, 1 to 5. */
  readonly radius: number
  /** Difference of colour that counts as content; of `bilateral` only. 0.05 to 0.15 is light. */
  readonly tolerance: number
  /** Share of the result that is the cleaned picture, 0 to 1. */
  readonly amount: number
}

/**
 * The picture with less noise. `median` takes the middle value around each pixel, channel by
 * channel: single wrong pixels vanish, thin lines suffer. `bilateral` averages neighbours by
 * nearness and likeness of colour, over all channels together (Tomasi and Manduchi 1998): grain
 * vanishes, edges stay where they are.
 */
export function denoisePicture(
  picture: NumericTensor,
  { method, radius, tolerance, amount }: DenoiseOptions,
): NumericTensor {
  const [batch = 0, channels = 0, height = 0, width = 0] = picture.shape
  const size = channels * height * width
  const data = new Float32Array(picture.data.length)
  for (let item = 0; item < batch; item++) {
    const source = picture.data.subarray(item * size, (item + 1) * size)
    const target = data.subarray(item * size, (item + 1) * size)
    methods[method]({ source, target, channels, height, width, radius, tolerance })
    for (let i = 0; i < size; i++) target[i] = source[i]! + amount * (target[i]! - source[i]!)
  }
  return { data, shape: picture.shape }
}

interface Work {
  readonly source: Float32Array
  readonly target: Float32Array
  readonly channels: number
  readonly height: number
  readonly width: number
  readonly radius: number
  readonly tolerance: number
}

const methods: Readonly<Record<DenoiseMethod, (work: Work) => void>> = { median, bilateral }

function median(work: Work): void {
  const { source, target, channels, height, width, radius } = work
  const near = neighbours(work)
  const values = new Float32Array((2 * radius + 1) ** 2)
  for (let channel = 0; channel < channels; channel++) {
    const plane = channel * height * width
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        for (let k = 0; k < near.length; k++) {
          values[k] = source[plane + placeOf(work, y + near[k]!.dy, x + near[k]!.dx)]!
        }
        values.sort()
        target[plane + y * width + x] = values[values.length >> 1]!
      }
    }
  }
}

function bilateral(work: Work): void {
  const { source, target, channels, height, width, radius, tolerance } = work
  const area = height * width
  const near = neighbours(work)
  const spread = 2 * (radius / 2) ** 2
  const nearness = near.map(({ dx, dy }) => Math.exp(-(dx * dx + dy * dy) / spread))
  const sums = new Float64Array(channels)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const here = y * width + x
      let total = 0
      sums.fill(0)
      for (let k = 0; k < near.length; k++) {
        const there = placeOf(work, y + near[k]!.dy, x + near[k]!.dx)
        let distance = 0
        for (let c = 0; c < channels; c++) {
          distance += (source[c * area + there]! - source[c * area + here]!) ** 2
        }
        const likeness = Math.exp(-distance / channels / (2 * tolerance ** 2))
        const weight = nearness[k]! * likeness
        total += weight
        for (let c = 0; c < channels; c++) sums[c]! += weight * source[c * area + there]!
      }
      for (let c = 0; c < channels; c++) target[c * area + here] = sums[c]! / total
    }
  }
}

function neighbours({ radius }: Work): { dx: number; dy: number }[] {
  const side = 2 * radius + 1
  return Array.from({ length: side * side }, (_, i) => ({
    dx: (i % side) - radius,
    dy: Math.floor(i / side) - radius,
  }))
}

function placeOf({ height, width }: Work, y: number, x: number): number {
  const row = y < 0 ? 0 : y >= height ? height - 1 : y
  const column = x < 0 ? 0 : x >= width ? width - 1 : x
  return row * width + column
}
