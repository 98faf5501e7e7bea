import { FormatError } from '../../errors.ts'
import { type Dim, productOf, quotientOf, type Shape, sameDim, showShape } from '../dims.ts'
import {
  axisOf,
  expectRank,
  expectSame,
  inputAt,
  numberOf,
  numbersOf,
  type OpContext,
  type OpDefinition,
  type OutputInfo,
} from '../op.ts'
import { commonType } from './elementwise.ts'

/** The known content of an int64 vector that an op reads as sizes or positions. */
function contentOf(context: OpContext, index: number): readonly Dim[] {
  const value = inputAt(context, index)
  if (value.content) return value.content
  throw new FormatError(`${context.op}: ${value.name} is computed, expected sizes known in advance`)
}

function integersOf(context: OpContext, index: number): number[] {
  return contentOf(context, index).map((entry) => {
    if (typeof entry === 'number') return entry
    throw new FormatError(`${context.op}: input ${index} holds ${entry}, expected numbers`)
  })
}

function reshape(context: OpContext): OutputInfo[] {
  const { type, shape } = inputAt(context, 0)
  const wanted = contentOf(context, 1).map((dim, axis) => (dim === 0 ? (shape[axis] ?? 0) : dim))
  const total = productOf(shape)
  const known = productOf(wanted.filter((dim) => dim !== -1))
  const rest = wanted.includes(-1) ? quotientOf(total, known) : undefined
  const result = wanted.map((dim) => (dim === -1 ? (rest ?? -1) : dim))
  if (result.includes(-1) || !sameDim(productOf(result), total)) {
    throw new FormatError(
      `Reshape: ${showShape(shape)} to ${showShape(wanted)}, expected equal numbers of elements`,
    )
  }
  return [{ type, shape: result }]
}

function transpose(context: OpContext): OutputInfo[] {
  const { type, shape } = inputAt(context, 0)
  const perm = numbersOf(context, 'perm')
  if ([...perm].sort((a, b) => a - b).some((axis, index) => axis !== index)) {
    throw new FormatError(`Transpose: perm is ${perm}, expected each axis once`)
  }
  expectSame(context, 'length of perm', perm.length, shape.length)
  return [{ type, shape: perm.map((axis) => shape[axis]!) }]
}

function concat(context: OpContext): OutputInfo[] {
  const first = inputAt(context, 0)
  const axis = axisOf(context, numberOf(context, 'axis'), first.shape.length)
  const values = context.inputs.map((_, index) => inputAt(context, index))
  for (const value of values) {
    expectRank(context, value, first.shape.length)
    value.shape.forEach((dim, other) => {
      if (other !== axis)
        expectSame(context, `axis ${other} of ${value.name}`, dim, first.shape[other]!)
    })
  }
  const shape = first.shape.map((dim, other) =>
    other === axis ? sumOf(values.map((value) => value.shape[axis]!)) : dim,
  )
  const contents = values.map((value) => value.content)
  const content = contents.every((entry) => entry !== undefined) ? contents.flat() : undefined
  return [{ type: commonType(context), shape, ...(content && { content }) }]
}

function sumOf(dims: Shape): Dim {
  if (dims.every((dim) => typeof dim === 'number')) return dims.reduce((a, b) => a + b, 0)
  return `(${dims.join('+')})`
}

function slice(context: OpContext): OutputInfo[] {
  const value = inputAt(context, 0)
  const starts = integersOf(context, 1)
  const ends = integersOf(context, 2)
  const axes = context.inputs[3] ? integersOf(context, 3) : starts.map((_, index) => index)
  if (context.inputs[4]) throw new FormatError('Slice: steps are given, expected none')
  const shape: Dim[] = [...value.shape]
  let content = value.content
  axes.forEach((given, index) => {
    const axis = axisOf(context, given, shape.length)
    const size = shape[axis]!
    if (typeof size !== 'number') {
      throw new FormatError(`Slice: axis ${axis} has size ${size}, expected a number`)
    }
    const clamp = (at: number) => Math.min(Math.max(at < 0 ? at + size : at, 0), size)
    const [from, to] = [clamp(starts[index]!), clamp(ends[index]!)]
    shape[axis] = Math.max(0, to - from)
    content = content?.slice(from, to)
  })
  return [{ type: value.type, shape, ...(content && { content }) }]
}

function split(context: OpContext): OutputInfo[] {
  const { type, shape } = inputAt(context, 0)
  const axis = axisOf(context, numberOf(context, 'axis'), shape.length)
  const sizes = integersOf(context, 1)
  expectSame(
    context,
    `axis ${axis}`,
    shape[axis]!,
    sizes.reduce((a, b) => a + b, 0),
  )
  return sizes.map((size) => ({
    type,
    shape: shape.map((dim, other) => (other === axis ? size : dim)),
  }))
}

function gather(context: OpContext): OutputInfo[] {
  const { type, shape } = inputAt(context, 0)
  const indices = inputAt(context, 1)
  const axis = axisOf(context, numberOf(context, 'axis', 0), shape.length)
  return [{ type, shape: [...shape.slice(0, axis), ...indices.shape, ...shape.slice(axis + 1)] }]
}

function expand(context: OpContext): OutputInfo[] {
  const { type, shape } = inputAt(context, 0)
  const wanted = contentOf(context, 1)
  expectSame(context, 'number of axes', shape.length, wanted.length)
  shape.forEach((dim, axis) => {
    if (dim !== 1) expectSame(context, `axis ${axis}`, dim, wanted[axis]!)
  })
  return [{ type, shape: wanted }]
}

function unsqueeze(context: OpContext): OutputInfo[] {
  const { type, shape } = inputAt(context, 0)
  const result: Dim[] = [...shape]
  for (const axis of integersOf(context, 1).sort((a, b) => a - b)) result.splice(axis, 0, 1)
  return [{ type, shape: result }]
}

function shapeOf(context: OpContext): OutputInfo[] {
  const { shape } = inputAt(context, 0)
  const content = shape.slice(numberOf(context, 'start', 0), numberOf(context, 'end', shape.length))
  return [{ type: 'int64', shape: [content.length], content }]
}

/** Resize by whole-number scales (third input) or by sizes (fourth). */
function resize(context: OpContext): OutputInfo[] {
  const { type, shape } = inputAt(context, 0)
  if (context.inputs[2]) {
    const scales = contentOf(context, 2)
    expectSame(context, 'number of scales', scales.length, shape.length)
    return [{ type, shape: shape.map((dim, axis) => productOf([dim, scales[axis]!])) }]
  }
  const sizes = contentOf(context, 3)
  expectSame(context, 'number of sizes', sizes.length, shape.length)
  return [{ type, shape: sizes }]
}

/** Constant padding; `pads` holds the begins of all axes, then the ends. */
function pad(context: OpContext): OutputInfo[] {
  const { type, shape } = inputAt(context, 0)
  const pads = integersOf(context, 1)
  expectSame(context, 'number of pads', pads.length, 2 * shape.length)
  return [
    {
      type,
      shape: shape.map((dim, axis) => {
        const more = pads[axis]! + pads[axis + shape.length]!
        if (more === 0) return dim
        return typeof dim === 'number' ? dim + more : `(${dim}+${more})`
      }),
    },
  ]
}

/** Ops that move elements and change none. */
export const layout = {
  Reshape: { arity: [2, 2], outputs: reshape },
  Transpose: { arity: [1, 1], outputs: transpose },
  Concat: { arity: [1, 64], outputs: concat },
  Slice: { arity: [3, 4], outputs: slice },
  Split: { arity: [2, 2], outputs: split },
  Gather: { arity: [2, 2], outputs: gather },
  Expand: { arity: [2, 2], outputs: expand },
  Unsqueeze: { arity: [2, 2], outputs: unsqueeze },
  Shape: { arity: [1, 1], outputs: shapeOf },
  Resize: { arity: [3, 4], outputs: resize },
  Pad: { arity: [2, 3], outputs: pad },
  Identity: {
    arity: [1, 1],
    outputs: (context) => {
      const { type, shape } = inputAt(context, 0)
      return [{ type, shape }]
    },
  },
} satisfies Record<string, OpDefinition>
