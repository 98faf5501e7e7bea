import { FormatError } from '../../errors.ts'
import type { Builder } from '../builder.ts'
import { productOf, quotientOf, type Shape, sameDim, showShape } from '../dims.ts'
import { integers, transpose } from '../express.ts'
import type { Attribute, Value } from '../value.ts'

/** One op on the way back: its values and the gradients that arrive at its outputs. */
export interface RuleContext {
  readonly builder: Builder
  readonly op: string
  /** Undefined where an optional input is absent. */
  readonly inputs: readonly (Value | undefined)[]
  readonly outputs: readonly Value[]
  /** Undefined where nothing that counts depends on the output; at least one is there. */
  readonly gradOuts: readonly (Value | undefined)[]
  readonly attributes: Readonly<Record<string, Attribute>>
  /** Whether a product may turn an operand round itself, see `GradientOptions`. */
  readonly hasFusedProduct: boolean
  /** Whether the gradient of an input is wanted. */
  readonly wants: readonly boolean[]
  /** The sizes of `like` as a value; where the program has them already, nothing is added. */
  sizesOf(like: Value): Value
}

/**
 * The gradients of an op's inputs. Each entry is made only where it is wanted; other entries are
 * ignored.
 */
export type Rule = (context: RuleContext) => readonly (Value | undefined)[]

/** The one output's gradient. */
export function gradOutOf({ gradOuts, op }: RuleContext): Value {
  const [gradOut] = gradOuts
  if (gradOut) return gradOut
  throw new FormatError(`${op}: no gradient arrives at the first output, expected one`)
}

/** Sums over axes; the axes go, or stay as 1. */
export function sum(builder: Builder, x: Value, axes: readonly number[], keepdims = 1): Value {
  return builder.op('ReduceSum', [x, integers(builder, axes)], { keepdims })
}

/** Means over axes, which stay as 1. */
export function mean(builder: Builder, x: Value, axes: readonly number[]): Value {
  return builder.op('ReduceMean', [x, integers(builder, axes)])
}

/** Takes back what broadcasting did: sums `gradOut` to the shape of `like`. */
export function unbroadcast({ builder, sizesOf, op }: RuleContext, gradOut: Value, like: Value) {
  const more = gradOut.shape.length - like.shape.length
  const axes = gradOut.shape.flatMap((dim, axis) => {
    if (axis < more) return [axis]
    const own = like.shape[axis - more]!
    if (sameDim(own, dim)) return []
    if (own === 1) return [axis]
    throw new FormatError(
      `${op}: gradient of shape ${showShape(gradOut.shape)} for ${like.name} ${showShape(like.shape)}, expected sizes that are equal or 1`,
    )
  })
  if (axes.length === 0) return gradOut
  if (more === 0) return sum(builder, gradOut, axes)
  const summed = sum(builder, gradOut, axes, 0)
  return summed.shape.length === like.shape.length
    ? summed
    : regroup({ builder, sizesOf }, summed, like)
}

/** Reshapes `x` to the shape of `like`, by constants where they are enough. */
export function regroup(
  { builder, sizesOf }: Pick<RuleContext, 'builder' | 'sizesOf'>,
  x: Value,
  like: Value,
): Value {
  const sizes = constantSizes(x.shape, like.shape)
  return builder.op('Reshape', [x, sizes ? integers(builder, sizes) : sizesOf(like)])
}

/** Sizes for `Reshape` with 0 for an axis that stays and -1 for at most one other symbol. */
function constantSizes(from: Shape, to: Shape): readonly number[] | undefined {
  let open = 0
  const sizes = to.map((dim, axis) => {
    if (typeof dim === 'number') return dim
    if (axis < from.length && sameDim(from[axis]!, dim)) return 0
    open += 1
    return -1
  })
  if (open > 1) return undefined
  if (open === 1) {
    const known = to.filter((_, axis) => sizes[axis] !== -1)
    if (quotientOf(productOf(from), productOf(known)) === undefined) return undefined
  }
  return sizes
}

/** `a b`, with `a` or `b` seen with its last two axes exchanged. */
export function product(
  { builder, hasFusedProduct }: Pick<RuleContext, 'builder' | 'hasFusedProduct'>,
  a: Value,
  b: Value,
  { transA = 0, transB = 0 }: { transA?: number; transB?: number },
): Value {
  if (!hasFusedProduct) {
    const turned = (x: Value, isTurned: number) => (isTurned ? exchanged(builder, x) : x)
    return builder.op('MatMul', [turned(a, transA), turned(b, transB)])
  }
  return builder.op('FusedMatMul', [a, b], { transA, transB })
}

/** `x` with its last two axes exchanged. */
function exchanged(builder: Builder, x: Value): Value {
  const last = x.shape.length - 1
  const perm = x.shape.map((_, axis) => axis)
  return transpose(builder, x, [...perm.slice(0, -2), last, last - 1])
}

/** A float attribute. */
export function floatAttribute({ attributes, op }: RuleContext, name: string): number {
  const found = attributes[name]
  if (found && typeof found === 'object' && 'float' in found) return found.float
  throw new FormatError(`${op}: attribute ${name} is ${String(found)}, expected a number`)
}
