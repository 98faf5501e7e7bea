import { FormatError } from '../../errors.ts'
import type { Builder } from '../builder.ts'
import { type Dim, productOf, quotientOf, sameDim, showShape } from '../dims.ts'
import { cast, integers, mul, scalar, split, transpose, vector } from '../express.ts'
import type { Value } from '../value.ts'
import { gradOutOf, type Rule, type RuleContext, regroup, sum, unbroadcast } from './rule.ts'

const back: Rule = (context) => [regroup(context, gradOutOf(context), context.inputs[0]!)]

function axisAttribute({ attributes }: RuleContext, rank: number, fallback?: number): number {
  const axis = (attributes.axis ?? fallback) as number
  return axis < 0 ? axis + rank : axis
}

function fixed(op: string, dim: Dim): number {
  if (typeof dim === 'number') return dim
  throw new FormatError(`${op}: gradient over size ${dim}, expected a number`)
}

function contentOf(value: Value | undefined): readonly number[] {
  return (value?.content ?? []) as readonly number[]
}

const concat: Rule = (context) => {
  const { builder, inputs, op } = context
  const gradOut = gradOutOf(context)
  const axis = axisAttribute(context, gradOut.shape.length)
  const sizes = inputs.map((input) => fixed(op, input!.shape[axis]!))
  return split(builder, gradOut, sizes, axis)
}

const splitRule: Rule = (context) => {
  const { builder, gradOuts, outputs } = context
  const axis = axisAttribute(context, outputs[0]!.shape.length)
  const parts = gradOuts.map((gradOut, index) => gradOut ?? zerosLike(builder, outputs[index]!))
  return [builder.op('Concat', parts, { axis })]
}

function zerosLike(builder: Builder, x: Value): Value {
  return mul(builder, x, scalar(builder, 0, x.type))
}

const slice: Rule = (context) => {
  const { builder, inputs, op } = context
  const [x, starts, ends, axes] = inputs as [Value, Value, Value, Value | undefined]
  const rank = x.shape.length
  const pads = new Array<number>(2 * rank).fill(0)
  contentOf(starts).forEach((start, index) => {
    const given = axes ? contentOf(axes)[index]! : index
    const axis = given < 0 ? given + rank : given
    const size = fixed(op, x.shape[axis]!)
    const clamp = (at: number) => Math.min(Math.max(at < 0 ? at + size : at, 0), size)
    pads[axis] = clamp(start)
    pads[axis + rank] = size - clamp(contentOf(ends)[index]!)
  })
  return [builder.op('Pad', [gradOutOf(context), integers(builder, pads)])]
}

const pad: Rule = (context) => {
  const { builder, inputs } = context
  const pads = contentOf(inputs[1]).map((size) => -size)
  return [builder.op('Pad', [gradOutOf(context), integers(builder, pads)])]
}

/** Rows that are picked more than once add up: `dT = H^T dy` with the one-hot rows `H`. */
const gather: Rule = (context) => {
  const { builder, inputs, op } = context
  const [table, indices] = inputs as [Value, Value]
  if (axisAttribute(context, table.shape.length, 0) !== 0 || table.shape.length !== 2) {
    throw new FormatError(
      `${op}: gradient for ${showShape(table.shape)}, expected rows of a table of two axes`,
    )
  }
  const rows = fixed(op, table.shape[0]!)
  const width = fixed(op, table.shape[1]!)
  const flat = builder.op('Reshape', [indices, integers(builder, [-1, 1])])
  const numbers = integers(
    builder,
    Array.from({ length: rows }, (_, row) => row),
  )
  const hot = cast(builder, builder.op('Equal', [flat, numbers]), 'float32')
  const gradRows = builder.op('Reshape', [gradOutOf(context), integers(builder, [-1, width])])
  return [builder.op('Gemm', [hot, gradRows], { transA: 1 })]
}

/** Nearest-neighbour enlargement by two: every place gathers its four copies. */
const resize: Rule = (context) => {
  const { builder, inputs, outputs, op } = context
  const [x] = inputs as [Value]
  const factors = outputs[0]!.shape.map((dim, axis) =>
    sameDim(dim, x.shape[axis]!) ? 1 : quotientOf(dim, x.shape[axis]!),
  )
  if (factors.join() !== '1,1,2,2') {
    throw new FormatError(
      `${op}: gradient from ${showShape(outputs[0]!.shape)} to ${showShape(x.shape)}, expected twice the height and width`,
    )
  }
  const means = builder.op('AveragePool', [gradOutOf(context)], {
    kernel_shape: [2, 2],
    strides: [2, 2],
  })
  return [mul(builder, means, scalar(builder, 4))]
}

/** Rules of ops that move elements. */
export const layoutRules = {
  Reshape: back,
  Unsqueeze: back,
  Transpose: (context) => {
    const perm = context.attributes.perm as readonly number[]
    const inverse = perm.map((_, axis) => perm.indexOf(axis))
    return [transpose(context.builder, gradOutOf(context), inverse)]
  },
  Concat: concat,
  Split: splitRule,
  Slice: slice,
  Pad: pad,
  Gather: gather,
  Expand: (context) => [unbroadcast(context, gradOutOf(context), context.inputs[0]!)],
  Resize: resize,
  Identity: (context) => [gradOutOf(context)],
  ReduceSum: (context) => [spread(context, gradOutOf(context))],
  ReduceMean: (context) => [spread(context, share(context))],
} satisfies Record<string, Rule>

/** What of a mean's gradient arrives at each element; sizes may be symbols, so ones are counted. */
function share(context: RuleContext): Value {
  const { builder, inputs } = context
  const [x, axes] = inputs as [Value, Value]
  const gradOut = gradOutOf(context)
  const sizes = contentOf(axes).map((axis) => x.shape.at(axis)!)
  const size = productOf(sizes)
  if (typeof size === 'number') return mul(builder, gradOut, scalar(builder, 1 / size, x.type))
  const one = vector(
    builder,
    [1],
    x.shape.map(() => 1),
    x.type,
  )
  const ones = builder.op('Expand', [one, context.sizesOf(x)])
  const { keepdims = 1 } = context.attributes
  return builder.op('Div', [gradOut, sum(builder, ones, contentOf(axes), Number(keepdims))])
}

/** Puts back the axes that a reduction took away. */
function keep({ builder, inputs, attributes }: RuleContext, gradOut: Value): Value {
  if (attributes.keepdims !== 0) return gradOut
  const axes = contentOf(inputs[1]).map((axis) =>
    axis < 0 ? axis + inputs[0]!.shape.length : axis,
  )
  return builder.op('Unsqueeze', [gradOut, integers(builder, axes)])
}

/** Copies a gradient along the axes that were summed. */
function spread(context: RuleContext, gradOut: Value): Value {
  const x = context.inputs[0]!
  return context.builder.op('Expand', [keep(context, gradOut), context.sizesOf(x)])
}
