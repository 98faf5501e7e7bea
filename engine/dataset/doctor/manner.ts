import { averaged, brightness, momentsOf, type Plane, smoothed } from './plane.ts'
import { quantile } from './sharpness.ts'

/**
 * The manner of a picture in eight numbers, wherever its things stand: how strong its fine, middle
 * and coarse structure is, how much of it is flat, how light, contrasty and colourful it is. A
 * drawing among photos differs in these even where colours and layout are like the others'.
 */
export type Manner = Float32Array

const side = 64
/** Gradients below this are flat. */
const flat = 0.008
/** Deviations that are never taken for smaller, number by number. */
const floors = [0.12, 0.12, 0.12, 0.06, 0.06, 0.04, 0.05, 0.04]

/** Measures three planes of one size. */
export function mannerOf(planes: readonly [Plane, Plane, Plane]): Manner {
  const [red, green, blue] = planes.map((plane) => averaged(plane, side, side)) as [
    Plane,
    Plane,
    Plane,
  ]
  const light = brightness([red, green, blue])
  const levels = [light, ...[0.7, 1.6, 4].map((sigma) => smoothed(light, sigma))]
  const bands = [0, 1, 2].map((i) => Math.log(0.003 + meanDifference(levels[i]!, levels[i + 1]!)))
  const saturation = light.data.map((_, i) => {
    const values = [red.data[i]!, green.data[i]!, blue.data[i]!]
    return Math.max(...values) - Math.min(...values)
  })
  const { mean, deviation } = momentsOf(light.data)
  const colour = momentsOf(saturation)
  return Float32Array.from([
    ...bands,
    flatShare(light),
    mean,
    deviation,
    colour.mean,
    colour.deviation,
  ])
}

/**
 * How far each picture's manner lies from the others': root mean square of its numbers' distances
 * from their medians, in robust deviations. About 1 for most; beyond 3 a picture stands alone.
 */
export function mannerDistances(manners: readonly Manner[]): number[] {
  const scales = floors.map((floor, at) => {
    const values = manners.map((manner) => manner[at]!)
    const median = quantile(values, 0.5)
    const deviations = values.map((value) => Math.abs(value - median))
    return { median, spread: Math.max(floor, quantile(deviations, 0.5) / 0.6745) }
  })
  return manners.map((manner) => {
    const squares = scales.map(({ median, spread }, at) => ((manner[at]! - median) / spread) ** 2)
    return Math.sqrt(squares.reduce((sum, value) => sum + value) / squares.length)
  })
}

function meanDifference(a: Plane, b: Plane): number {
  const total = a.data.reduce((sum, value, i) => sum + Math.abs(value - b.data[i]!), 0)
  return total / a.data.length
}

function flatShare({ data, width, height }: Plane): number {
  let count = 0
  for (let y = 0; y < height - 1; y++) {
    for (let x = 0; x < width - 1; x++) {
      const i = y * width + x
      if (Math.hypot(data[i + 1]! - data[i]!, data[i + width]! - data[i]!) < flat) count++
    }
  }
  return count / ((width - 1) * (height - 1))
}
