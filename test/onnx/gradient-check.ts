import { type Builder, createBuilder } from '../../engine/onnx/builder.ts'
import type { Shape } from '../../engine/onnx/dims.ts'
import { gradient } from '../../engine/onnx/gradient.ts'
import type { Program, Value } from '../../engine/onnx/value.ts'
import { seededNumbers } from '../../engine/runtime/probe-data.ts'
import { sizesOfShape } from './numbers.ts'
import { evaluate } from './reference.ts'
import type { Reference } from './reference-tensor.ts'

/** Gradients held to central differences of the loss, in float64. */

/** An input of a program whose gradients are checked. */
export interface GradientInput {
  shape: Shape
  range?: readonly [number, number]
  /** Its gradient is taken. */
  isTrained?: boolean
  /** Whole numbers to feed: positions. */
  positions?: readonly number[]
}

/** A program and what it is fed. */
export interface GradientSetup {
  inputs: Readonly<Record<string, GradientInput>>
  /** Sizes of the symbols. */
  sizes?: Readonly<Record<string, number>>
  /** What a loss may be taken of: all results, each with its own weights. */
  build(builder: Builder, inputs: readonly Value[]): Value | readonly Value[]
}

/** A finished program with gradients: `result I` and `gradient NAME`, with its feeds. */
export interface GradientProgram {
  program: Program
  feeds: Record<string, Reference>
  trained: readonly string[]
  results: readonly string[]
}

/** Builds the program; the loss is the sum of `weight I` times `result I`. */
export function gradientProgram({ inputs, sizes = {}, build }: GradientSetup): GradientProgram {
  const builder = createBuilder('gradient')
  const entries = Object.entries(inputs)
  const feeds: Record<string, Reference> = {}
  const values = entries.map(([name, { shape, range, positions }]) => {
    const fed = sizesOfShape(shape, sizes)
    feeds[name] = { shape: fed, data: positions ?? numbers(name, fed, range) }
    return builder.input(name, positions ? 'int64' : 'float32', shape)
  })
  const results = [build(builder, values)].flat() as Value[]
  const starts = results.map((value, index) => {
    const name = `weight ${index}`
    const fed = sizesOfShape(value.shape, sizes)
    feeds[name] = { shape: fed, data: numbers(name, fed) }
    return { value, gradOut: builder.input(name, 'float32', value.shape) }
  })
  const trained = entries.flatMap(([name, { isTrained }]) => (isTrained ? [name] : []))
  const parameters = trained.map((name) => builder.valueOf(name))
  const gradients = gradient(builder, starts, parameters)
  for (const [index, value] of results.entries()) builder.output(`result ${index}`, value)
  for (const [index, name] of trained.entries()) {
    builder.output(`gradient ${name}`, gradients[index]!)
  }
  const names = results.map((_, index) => `result ${index}`)
  return { program: builder.finish(), feeds, trained, results: names }
}

/** For each trained input, the slope along a random direction: by gradient and by differences. */
export function slopes({ program, feeds, trained, results }: GradientProgram) {
  const found = evaluate(program, feeds)
  const lossAt = (name: string, at: readonly number[]): number => {
    const values = evaluate(program, { ...feeds, [name]: { ...feeds[name]!, data: at } })
    return results.reduce(
      (sum, result, index) => sum + dot(values.get(result)!.data, feeds[`weight ${index}`]!.data),
      0,
    )
  }
  return trained.map((name) => {
    const { shape, data } = feeds[name]!
    const direction = numbers(`direction ${name}`, shape)
    const moved = (by: number) => data.map((value, index) => value + by * direction[index]!)
    const byDifference = (lossAt(name, moved(step)) - lossAt(name, moved(-step))) / (2 * step)
    const given = found.get(`gradient ${name}`)!
    return { name, byGradient: dot(given.data, direction), byDifference, shape: given.shape }
  })
}

/** Of a central difference: its error is of the second order, and rounding stays below it. */
const step = 2e-5

function numbers(
  seed: string,
  shape: readonly number[],
  [low, high]: readonly [number, number] = [-1, 1],
): number[] {
  const count = shape.reduce((product, size) => product * size, 1)
  return [...seededNumbers(seed, count, low, high)]
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, index) => sum + value * b[index]!, 0)
}
