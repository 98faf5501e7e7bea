import type { Image } from '../../sockets.ts'

/** One channel of a picture, row by row, 0 to 1. */
export interface Plane {
  readonly data: Float32Array
  readonly width: number
  readonly height: number
}

/** The three channels of a picture `[1, 3, height, width]`, without a copy. */
export function planesOf({ data, shape }: Image): [Plane, Plane, Plane] {
  const [, , height = 0, width = 0] = shape
  const area = width * height
  const plane = (channel: number) => ({
    data: data.subarray(channel * area, (channel + 1) * area),
    width,
    height,
  })
  return [plane(0), plane(1), plane(2)]
}

/** Brightness of coded values (ITU-R BT.601). */
export function brightness([red, green, blue]: readonly [Plane, Plane, Plane]): Plane {
  const data = new Float32Array(red.data.length)
  for (let i = 0; i < data.length; i++) {
    data[i] = 0.299 * red.data[i]! + 0.587 * green.data[i]! + 0.114 * blue.data[i]!
  }
  return { data, width: red.width, height: red.height }
}

/**
 * A plane at another size: every new pixel is the mean of the area that it covers, so nothing is
 * skipped. Enlarging repeats pixels.
 */
export function averaged(plane: Plane, width: number, height: number): Plane {
  if (plane.width === width && plane.height === height) return plane
  const across = resizeRows(plane, width)
  return transposed(resizeRows(transposed(across), height))
}

/** Gaussian blur; the edge repeats beyond the border. */
export function smoothed(plane: Plane, sigma: number): Plane {
  const kernel = gaussian(sigma)
  return transposed(smoothRows(transposed(smoothRows(plane, kernel)), kernel))
}

/** The part of a plane between shares of its width and height, 0 to 1. */
export function partOf(plane: Plane, box: readonly [number, number, number, number]): Plane {
  const [left, right] = [Math.round(box[0] * plane.width), Math.round(box[2] * plane.width)]
  const [top, bottom] = [Math.round(box[1] * plane.height), Math.round(box[3] * plane.height)]
  const [width, height] = [Math.max(1, right - left), Math.max(1, bottom - top)]
  const data = new Float32Array(width * height)
  for (let y = 0; y < height; y++) {
    const start = (top + y) * plane.width + left
    data.set(plane.data.subarray(start, start + width), y * width)
  }
  return { data, width, height }
}

/** Left and right swapped. */
export function mirrored({ data, width, height }: Plane): Plane {
  const turned = new Float32Array(data.length)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) turned[y * width + x] = data[y * width + width - 1 - x]!
  }
  return { data: turned, width, height }
}

/** Mean and standard deviation. */
export function momentsOf(values: Float32Array): { mean: number; deviation: number } {
  let sum = 0
  for (const value of values) sum += value
  const mean = sum / values.length
  let squares = 0
  for (const value of values) squares += (value - mean) ** 2
  return { mean, deviation: Math.sqrt(squares / values.length) }
}

function resizeRows(plane: Plane, width: number): Plane {
  const { data: from, width: fromWidth, height } = plane
  if (fromWidth === width) return plane
  const data = new Float32Array(width * height)
  const ratio = fromWidth / width
  const spans = Array.from({ length: width }, (_, x) => {
    const [begin, end] = [x * ratio, (x + 1) * ratio]
    const first = Math.floor(begin)
    const last = Math.min(fromWidth - 1, Math.ceil(end) - 1)
    return { first, last, before: begin - first, after: last + 1 - end }
  })
  for (let y = 0; y < height; y++) {
    const row = y * fromWidth
    for (let x = 0; x < width; x++) {
      const { first, last, before, after } = spans[x]!
      let sum = -before * from[row + first]! - after * from[row + last]!
      for (let i = row + first; i <= row + last; i++) sum += from[i]!
      data[y * width + x] = sum / ratio
    }
  }
  return { data, width, height }
}

function transposed({ data, width, height }: Plane): Plane {
  const turned = new Float32Array(data.length)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) turned[x * height + y] = data[y * width + x]!
  }
  return { data: turned, width: height, height: width }
}

/** Weights from the centre outwards, up to three sigmas. */
function gaussian(sigma: number): Float32Array {
  const radius = Math.max(1, Math.ceil(3 * sigma))
  const kernel = Float32Array.from({ length: radius + 1 }, (_, i) =>
    Math.exp(-(i * i) / (2 * sigma * sigma)),
  )
  const total = 2 * kernel.reduce((sum, value) => sum + value) - kernel[0]!
  return kernel.map((value) => value / total)
}

function smoothRows({ data: from, width, height }: Plane, kernel: Float32Array): Plane {
  const data = new Float32Array(from.length)
  const radius = kernel.length - 1
  const padded = new Float32Array(width + 2 * radius)
  for (let y = 0; y < height; y++) {
    const row = y * width
    padded.fill(from[row]!, 0, radius)
    padded.set(from.subarray(row, row + width), radius)
    padded.fill(from[row + width - 1]!, radius + width)
    for (let x = 0; x < width; x++) {
      let sum = kernel[0]! * padded[x + radius]!
      for (let i = 1; i <= radius; i++) {
        sum += kernel[i]! * (padded[x + radius - i]! + padded[x + radius + i]!)
      }
      data[row + x] = sum
    }
  }
  return { data, width, height }
}
