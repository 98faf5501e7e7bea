import { FormatError } from '../errors.ts'
import { type Dim, productOf, type Shape, showShape } from './dims.ts'
import type { OpDefinition } from './op.ts'
import { type OpName, ops } from './ops/index.ts'
import { type Pass, simplify, standardPasses } from './passes.ts'
import {
  type Attribute,
  type ElementType,
  type ExternalData,
  elementSize,
  type Initializer,
  type Operation,
  type Program,
  type Value,
} from './value.ts'

/**
 * Collects the parts of one program. Every op is checked when it is added, because not every
 * provider refuses wrong shapes.
 */
export interface Builder {
  /** The ops added so far, in order. */
  readonly operations: readonly Operation[]
  /** Runs of ops whose results a gradient computes again rather than keeps, in order. */
  readonly segments: readonly Segment[]
  /** The value of a name. */
  valueOf(name: string): Value
  /** Bytes and place of a constant; undefined for every other value. */
  constantOf(name: string): Initializer | undefined
  /**
   * Marks the ops that `run` adds: for a gradient their results are computed again when it
   * arrives, so that nothing between the segment's inputs and outputs is kept meanwhile.
   */
  recomputed<T>(run: () => T): T
  /** A tensor fed at each run. Symbols in its shape are bound by the fed tensor. */
  input(name: string, type: ElementType, shape: Shape): Value
  /** A small constant that travels inside the program. */
  constant(type: ElementType, shape: Shape, bytes: Uint8Array, content?: readonly Dim[]): Value
  /**
   * A weight that stays in its file, or whose bytes travel inside the program; `shape` may regroup
   * the stored one, not resize it.
   */
  weight(
    name: string,
    type: ElementType,
    shape: readonly number[],
    data: ExternalData | Uint8Array,
  ): Value
  /** Adds an op and gives all its outputs; an absent optional input is `undefined`. */
  all(
    op: OpName,
    inputs: readonly (Value | undefined)[],
    attributes?: Readonly<Record<string, Attribute>>,
  ): readonly Value[]
  /** Adds an op with one output. */
  op(
    op: OpName,
    inputs: readonly (Value | undefined)[],
    attributes?: Readonly<Record<string, Attribute>>,
  ): Value
  /** Names a value as a result of the program. */
  output(name: string, value: Value): void
  /** Closes the program and makes it smaller. */
  finish(passes?: readonly Pass[]): Program
}

/** A run of ops, by their positions; `end` is not included. */
export interface Segment {
  readonly start: number
  readonly end: number
}

/** Starts a program. */
export function createBuilder(name: string): Builder {
  const inputs: Value[] = []
  const outputs: Value[] = []
  const initializers: Initializer[] = []
  const operations: Operation[] = []
  const segments: Segment[] = []
  const known = new Map<string, Value>()
  const constants = new Map<string, Initializer>()
  let counter = 0
  let isInSegment = false

  function declare(value: Value): Value {
    if (known.has(value.name)) {
      throw new FormatError(`${name}: two values are named ${value.name}, expected one`)
    }
    known.set(value.name, value)
    return value
  }

  function expectSize(value: Value, length: number): void {
    const count = productOf(value.shape)
    const expected = typeof count === 'number' ? count * elementSize[value.type] : Number.NaN
    if (length === expected) return
    throw new FormatError(
      `${value.name}: ${length} bytes, expected ${expected} for ${value.type} ${showShape(value.shape)}`,
    )
  }

  function all(
    op: OpName,
    given: readonly (Value | undefined)[],
    attributes: Readonly<Record<string, Attribute>> = {},
  ): readonly Value[] {
    const definition: OpDefinition = ops[op]
    const [least, most] = definition.arity
    if (given.length < least || given.length > most) {
      throw new FormatError(`${op}: ${given.length} inputs, expected ${least} to ${most}`)
    }
    for (const value of given) {
      if (value && known.get(value.name) !== value) {
        throw new FormatError(`${op}: ${value.name} belongs to another program`)
      }
    }
    const number = counter++
    const results = definition
      .outputs({ op, inputs: given, attributes })
      .map((info, index) =>
        declare({ ...info, name: `${op}_${number}${index ? `_${index}` : ''}` }),
      )
    operations.push({
      op,
      domain: definition.domain ?? '',
      inputs: given.map((value) => value?.name ?? ''),
      outputs: results.map((value) => value.name),
      attributes,
    })
    return results
  }

  function hold(initializer: Initializer): Value {
    initializers.push(initializer)
    constants.set(initializer.value.name, initializer)
    return initializer.value
  }

  return {
    operations,
    segments,
    valueOf(valueName) {
      const value = known.get(valueName)
      if (value) return value
      throw new FormatError(`${name}: value ${valueName} is absent, expected in this program`)
    },
    constantOf: (valueName) => constants.get(valueName),
    recomputed(run) {
      if (isInSegment) return run()
      const start = operations.length
      isInSegment = true
      try {
        return run()
      } finally {
        isInSegment = false
        if (operations.length > start) segments.push({ start, end: operations.length })
      }
    },
    input(inputName, type, shape) {
      const value = declare({ name: inputName, type, shape })
      inputs.push(value)
      return value
    },
    constant(type, shape, bytes, content) {
      const value = declare({
        name: `constant_${counter++}`,
        type,
        shape,
        ...(content && { content }),
      })
      expectSize(value, bytes.byteLength)
      return hold({ value, bytes })
    },
    weight(weightName, type, shape, data) {
      const existing = known.get(weightName)
      if (existing) return existing
      const value = declare({ name: weightName, type, shape })
      expectSize(value, data.length)
      return hold(data instanceof Uint8Array ? { value, bytes: data } : { value, external: data })
    },
    all,
    op(op, given, attributes) {
      return all(op, given, attributes)[0]!
    },
    output(outputName, value) {
      operations.push({
        op: 'Identity',
        domain: '',
        inputs: [value.name],
        outputs: [outputName],
        attributes: {},
      })
      outputs.push(declare({ name: outputName, type: value.type, shape: value.shape }))
    },
    finish(passes = standardPasses) {
      return simplify({ name, inputs, outputs, initializers, operations }, passes)
    },
  }
}
