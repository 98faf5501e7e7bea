import { FormatError } from '../errors.ts'
import type { Builder } from './builder.ts'
import { showShape } from './dims.ts'
import { add, bytesOf, mul, reshape, scalar } from './express.ts'
import { rules } from './gradients/index.ts'
import type { Rule } from './gradients/rule.ts'
import type { Operation, Value } from './value.ts'

/** Where the way back begins: a value and the gradient that arrives there, of its shape. */
export interface Start {
  readonly value: Value
  readonly gradOut: Value
}

/** How gradients are written. */
export interface GradientOptions {
  /**
   * Ops that the device has beside those of the standard. Without `FusedMatMul`, products with a
   * transposed matrix take a `Transpose`; with all where absent.
   */
  readonly fused?: ReadonlySet<string>
}

/**
 * Appends the ops that compute the gradients of `parameters`, of their shapes, to a program.
 * Reverse accumulation over the ops that stand between the parameters and the starts; ops marked
 * by `builder.recomputed` are computed again from the segment's inputs when their gradient
 * arrives. Throws a `FormatError` where an op on the way has no rule, or where a parameter has no
 * part in any start.
 */
export function gradient(
  builder: Builder,
  starts: readonly Start[],
  parameters: readonly Value[],
  { fused }: GradientOptions = {},
): readonly Value[] {
  const walk = new Walk(builder, parameters, fused?.has('FusedMatMul') ?? true)
  for (const { value, gradOut } of starts) walk.arrive(value.name, gradOut)
  walk.back()
  return parameters.map((parameter) => {
    const found = walk.gradientOf(parameter.name)
    if (found) return found
    throw new FormatError(`${parameter.name}: no gradient arrives, expected a part in the loss`)
  })
}

/** The state of one way back. */
class Walk {
  readonly #builder: Builder
  /** Ops of the forward part; what is appended later is never walked. */
  readonly #count: number
  /** Names of values that depend on a parameter. */
  readonly #active: Set<string>
  readonly #parameters: ReadonlySet<string>
  readonly #hasFusedProduct: boolean
  readonly #arrived = new Map<string, Value[]>()
  readonly #sizes = new Map<string, Value>()

  constructor(builder: Builder, parameters: readonly Value[], hasFusedProduct: boolean) {
    this.#hasFusedProduct = hasFusedProduct
    this.#builder = builder
    this.#count = builder.operations.length
    this.#parameters = new Set(parameters.map(({ name }) => name))
    this.#active = new Set(parameters.map(({ name }) => name))
    for (const operation of builder.operations) {
      if (operation.inputs.some((name) => this.#active.has(name))) {
        for (const name of operation.outputs) this.#activate(name)
      }
      for (const name of operation.outputs) {
        const value = builder.valueOf(name)
        if (value.type !== 'int64' || !value.content || value.shape.length !== 1) continue
        this.#sizes.set(showShape(value.content), value)
      }
    }
  }

  /** Whole numbers are sizes and positions: nothing flows through them. */
  #activate(name: string): void {
    const { type } = this.#builder.valueOf(name)
    if (type === 'float32' || type === 'float16') this.#active.add(name)
  }

  arrive(name: string, gradOut: Value): void {
    const { shape } = this.#builder.valueOf(name)
    if (showShape(shape) !== showShape(gradOut.shape)) {
      throw new FormatError(
        `${name}: a gradient of shape ${showShape(gradOut.shape)} arrives, expected ${showShape(shape)}`,
      )
    }
    const list = this.#arrived.get(name) ?? []
    list.push(gradOut)
    this.#arrived.set(name, list)
  }

  /** The sum of all that has arrived. */
  gradientOf(name: string): Value | undefined {
    const list = this.#arrived.get(name)
    if (!list || list.length === 0) return undefined
    const total = list.reduce((sum, part) => add(this.#builder, sum, part))
    this.#arrived.set(name, [total])
    return total
  }

  back(): void {
    const operations = this.#builder.operations.slice(0, this.#count)
    const segments = new Map(this.#builder.segments.map((segment) => [segment.end - 1, segment]))
    let index = this.#count - 1
    while (index >= 0) {
      const segment = segments.get(index)
      if (segment) {
        this.#again(operations.slice(segment.start, segment.end))
        index = segment.start - 1
      } else {
        this.#apply(operations[index]!)
        index -= 1
      }
    }
  }

  /** One op's rule. */
  #apply({ op, inputs, outputs, attributes }: Operation): void {
    if (!outputs.some((name) => this.#active.has(name))) return
    const gradOuts = outputs.map((name) => this.gradientOf(name))
    if (gradOuts.every((gradOut) => gradOut === undefined)) return
    const rule: Rule | undefined = (rules as Readonly<Record<string, Rule>>)[op]
    if (!rule) {
      throw new FormatError(`${op}: has no gradient, expected an op that a loss may pass through`)
    }
    const builder = this.#builder
    const given = inputs.map((name) => (name === '' ? undefined : builder.valueOf(name)))
    const results = rule({
      builder,
      op,
      inputs: given,
      outputs: outputs.map((name) => builder.valueOf(name)),
      gradOuts,
      attributes,
      hasFusedProduct: this.#hasFusedProduct,
      wants: inputs.map((name) => this.#active.has(name)),
      sizesOf: (like) => this.#sizesOf(like),
    })
    inputs.forEach((name, index) => {
      const result = results[index]
      if (result && this.#active.has(name)) this.arrive(name, result)
    })
  }

  /** Computes a segment again, then walks the copy. */
  #again(operations: readonly Operation[]): void {
    const isReached = operations.some(({ outputs }) =>
      outputs.some((name) => this.#active.has(name) && this.#arrived.has(name)),
    )
    if (!isReached) return
    const { copies, names } = this.#copy(operations)
    // What arrived at the segment's results arrives at their copies.
    for (const name of operations.flatMap(({ outputs }) => outputs)) {
      const copy = names.get(name)
      const gradOut = copy && this.gradientOf(name)
      if (!copy || !gradOut || copy === name) continue
      this.#arrived.delete(name)
      this.arrive(copy, gradOut)
    }
    for (const operation of copies.toReversed()) this.#apply(operation)
    const made = new Set(operations.flatMap(({ outputs }) => outputs))
    for (const [name, copy] of names) {
      if (made.has(name) || copy === name) continue
      const gradOut = this.gradientOf(copy)
      if (gradOut) this.arrive(name, gradOut)
    }
  }

  /**
   * Adds the ops once more. Their inputs from outside are multiplied by a one that is made of the
   * arriving gradient: otherwise the runtime would merge the copy with the original, or compute it
   * long before it is needed, and keep what should not be kept.
   */
  #copy(operations: readonly Operation[]): {
    copies: readonly Operation[]
    names: ReadonlyMap<string, string>
  } {
    const builder = this.#builder
    const one = this.#lateOne(operations)
    const names = new Map<string, string>()
    const made = new Set(operations.flatMap(({ outputs }) => outputs))
    const copyOf = (name: string): Value | undefined => {
      if (name === '') return undefined
      const known = names.get(name)
      if (known) return builder.valueOf(known)
      const value = builder.valueOf(name)
      const isFloat = value.type === 'float32' || value.type === 'float16'
      const isKept = made.has(name) || builder.constantOf(name) || this.#parameters.has(name)
      const copy = isFloat && !isKept ? mul(builder, value, one) : value
      if (this.#active.has(name)) this.#active.add(copy.name)
      names.set(name, copy.name)
      return copy
    }
    const copies: Operation[] = []
    for (const { op, inputs, outputs, attributes } of operations) {
      const values = outputs.map((name) => builder.valueOf(name))
      // Sizes are cheap to keep, and they hold nothing else in memory.
      if (values.every(({ type }) => type === 'int64')) continue
      const results = builder.all(
        op as Parameters<Builder['all']>[0],
        inputs.map(copyOf),
        attributes,
      )
      copies.push(builder.operations.at(-1)!)
      outputs.forEach((name, index) => {
        names.set(name, results[index]!.name)
        if (this.#active.has(name)) this.#active.add(results[index]!.name)
      })
    }
    return { copies, names }
  }

  /** A scalar 1 that cannot be known before the gradient of these ops has arrived. */
  #lateOne(operations: readonly Operation[]): Value {
    const builder = this.#builder
    for (const name of operations.toReversed().flatMap(({ outputs }) => outputs)) {
      const gradOut = this.#active.has(name) ? this.gradientOf(name) : undefined
      if (!gradOut) continue
      const flat = reshape(builder, gradOut, [-1])
      const start = builder.constant('int64', [], bytesOf(new BigInt64Array(1)))
      const first = builder.op('Gather', [flat, start], { axis: 0 })
      return add(builder, mul(builder, first, scalar(builder, 0)), scalar(builder, 1))
    }
    throw new FormatError('segment: no gradient arrives, expected one')
  }

  #sizesOf(like: Value): Value {
    const key = showShape(like.shape)
    const known = this.#sizes.get(key)
    if (known) return known
    const value = this.#builder.op('Shape', [like], { start: 0, end: like.shape.length })
    this.#sizes.set(key, value)
    return value
  }
}
