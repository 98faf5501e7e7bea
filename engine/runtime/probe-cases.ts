import { type Builder, createBuilder } from '../onnx/builder.ts'
import type { Shape } from '../onnx/dims.ts'
import { encodeProgram } from '../onnx/encode.ts'
import type { OpName } from '../onnx/ops/index.ts'
import type { Program, Value } from '../onnx/value.ts'
import { elementwiseCases } from './probe-cases-elementwise.ts'
import { layoutCases } from './probe-cases-layout.ts'
import { networkCases } from './probe-cases-network.ts'
import { trainingCases } from './probe-cases-training.ts'
import { fingerprint, seededTensor, sizedShape } from './probe-data.ts'
import type { HostTensor } from './tensor.ts'

/** A small program of one op, and what it is fed, once for every set of sizes. */
export interface ProbeCase {
  readonly name: string
  /** The op that is to blame where the numbers are wrong. */
  readonly op: OpName
  readonly program: Program
  readonly feeds: readonly Readonly<Record<string, HostTensor>>[]
}

/** What an input of a case holds. */
export interface CaseInput {
  readonly shape: Shape
  /** Default: -1 to 1. */
  readonly range?: readonly [number, number]
  /** Whole numbers; as int64 where they are positions. */
  readonly whole?: 'float32' | 'int64'
}

/** One line of the tables of cases. */
export interface CaseEntry {
  readonly op: OpName
  readonly title: string
  readonly inputs: Readonly<Record<string, CaseInput>>
  /** Sizes of the symbols; one session runs all of them. */
  readonly sizes: readonly Readonly<Record<string, number>>[]
  build(builder: Builder, inputs: readonly Value[]): Value | readonly Value[]
}

/**
 * Small cases of every op of the table, at sizes that are no multiples of what kernels work in,
 * and at several sizes in one session.
 */
export function probeCases(): ProbeCase[] {
  return [...elementwiseCases(), ...layoutCases(), ...networkCases(), ...trainingCases()].map(
    caseOf,
  )
}

/** Changes when a case does. */
export function casesKey(cases: readonly ProbeCase[]): string {
  const parts = cases.flatMap(({ program, feeds }) => [
    encodeProgram(program),
    ...feeds.flatMap((feed) => Object.values(feed).map(({ data }) => data)),
  ])
  return fingerprint(parts)
    .map((part) => part.toString(16).padStart(8, '0'))
    .join('')
}

function caseOf({ op, title, inputs, sizes, build }: CaseEntry): ProbeCase {
  const name = `${op}, ${title}`
  const builder = createBuilder(name)
  const entries = Object.entries(inputs)
  const values = entries.map(([key, { shape, whole }]) =>
    builder.input(key, whole === 'int64' ? 'int64' : 'float32', shape),
  )
  const built = build(builder, values)
  const outputs = Array.isArray(built) ? (built as readonly Value[]) : [built as Value]
  for (const [index, value] of outputs.entries()) builder.output(`result${index}`, value)
  const feeds = sizes.map((size, index) =>
    Object.fromEntries(
      entries.map(([key, input]) => [key, dataOf(`${name} ${key} ${index}`, input, size)]),
    ),
  )
  return { name, op, program: builder.finish(), feeds }
}

function dataOf(
  seed: string,
  { shape, range, whole }: CaseInput,
  sizes: Readonly<Record<string, number>>,
): HostTensor {
  const tensor = seededTensor(seed, sizedShape(shape, sizes), range)
  if (!whole) return tensor
  const numbers = (tensor.data as Float32Array).map(Math.floor)
  if (whole === 'float32') return { data: numbers, shape: tensor.shape }
  return { data: BigInt64Array.from(numbers, (it) => BigInt(it)), shape: tensor.shape }
}
