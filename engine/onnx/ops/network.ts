import { FormatError } from '../../errors.ts'
import { broadcastShapes, type Dim, productOf, showShape, windowedDim } from '../dims.ts'
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

function matMul(context: OpContext): OutputInfo[] {
  const [left, right] = [inputAt(context, 0), inputAt(context, 1)]
  const [rows, inner] = left.shape.slice(-2) as [Dim, Dim]
  const [innerRight, columns] = right.shape.slice(-2) as [Dim, Dim]
  if (left.shape.length < 2 || right.shape.length < 2 || inner !== innerRight) {
    throw new FormatError(
      `MatMul: ${showShape(left.shape)} and ${showShape(right.shape)}, expected equal inner sizes`,
    )
  }
  const outer = broadcastShapes('MatMul', [left.shape.slice(0, -2), right.shape.slice(0, -2)])
  return [{ type: commonType(context), shape: [...outer, rows, columns] }]
}

/** `a b + c`, both of two axes, either transposed by attribute. */
function gemm(context: OpContext): OutputInfo[] {
  const [left, right] = [inputAt(context, 0), inputAt(context, 1)]
  expectRank(context, left, 2)
  expectRank(context, right, 2)
  const flip = (shape: readonly Dim[], by: number) => (by ? [shape[1]!, shape[0]!] : shape)
  const [rows, inner] = flip(left.shape, numberOf(context, 'transA', 0))
  const [innerRight, columns] = flip(right.shape, numberOf(context, 'transB', 0))
  expectSame(context, `inner size of ${right.name}`, innerRight!, inner!)
  const bias = context.inputs[2]
  if (bias) expectSame(context, `size of ${bias.name}`, bias.shape.at(-1)!, columns!)
  return [{ type: commonType(context), shape: [rows!, columns!] }]
}

/** `x [batch, in, height, width]`, `w [out, in/group, kh, kw]`, bias `[out]`. */
function conv(context: OpContext): OutputInfo[] {
  const [x, weight] = [inputAt(context, 0), inputAt(context, 1)]
  expectRank(context, x, 4)
  expectRank(context, weight, 4)
  const group = numberOf(context, 'group', 1)
  const [out, inner, ...kernel] = weight.shape
  const channels = typeof inner === 'number' ? inner * group : inner!
  expectSame(context, `channels of ${x.name} for ${weight.name}`, x.shape[1]!, channels)
  const bias = context.inputs[2]
  if (bias) expectSame(context, `size of ${bias.name}`, bias.shape[0]!, out!)
  const pads = numbersOf(context, 'pads', [0, 0, 0, 0])
  const strides = numbersOf(context, 'strides', [1, 1])
  const spatial = kernel.map((size, axis) => {
    if (typeof size !== 'number') throw new FormatError(`Conv: kernel size is ${size}`)
    return windowedDim(x.shape[axis + 2]!, size, pads[axis]! + pads[axis + 2]!, strides[axis]!)
  })
  return [{ type: commonType(context), shape: [x.shape[0]!, out!, ...spatial] }]
}

/** The transpose of `Conv`: `x [batch, in, height, width]`, `w [in, out/group, kh, kw]`. */
function convTranspose(context: OpContext): OutputInfo[] {
  const [x, weight] = [inputAt(context, 0), inputAt(context, 1)]
  expectRank(context, x, 4)
  expectRank(context, weight, 4)
  expectSame(context, `channels of ${x.name} for ${weight.name}`, x.shape[1]!, weight.shape[0]!)
  const pads = numbersOf(context, 'pads', [0, 0, 0, 0])
  const strides = numbersOf(context, 'strides', [1, 1])
  const extra = numbersOf(context, 'output_padding', [0, 0])
  const out = productOf([weight.shape[1]!, numberOf(context, 'group', 1)])
  const spatial = weight.shape.slice(2).map((size, axis) => {
    if (typeof size !== 'number') throw new FormatError(`ConvTranspose: kernel size is ${size}`)
    const more = size - strides[axis]! - pads[axis]! - pads[axis + 2]! + extra[axis]!
    const enlarged = productOf([x.shape[axis + 2]!, strides[axis]!])
    if (typeof enlarged === 'number') return enlarged + more
    return more === 0 ? enlarged : `(${enlarged}+${more})`
  })
  return [{ type: commonType(context), shape: [x.shape[0]!, out, ...spatial] }]
}

/** Means of windows of `kernel_shape`, as far apart as `strides`. */
function averagePool(context: OpContext): OutputInfo[] {
  const { type, shape } = inputAt(context, 0)
  const kernel = numbersOf(context, 'kernel_shape')
  const strides = numbersOf(context, 'strides')
  const spatial = kernel.map((size, axis) => windowedDim(shape[axis + 2]!, size, 0, strides[axis]!))
  return [{ type, shape: [shape[0]!, shape[1]!, ...spatial] }]
}

/** `MatMul` with either input's last two axes exchanged by attribute. */
function fusedMatMul(context: OpContext): OutputInfo[] {
  const inputs = context.inputs.map((value, index) => {
    const flip = numberOf(context, index === 0 ? 'transA' : 'transB', 0)
    if (!value || !flip) return value
    const { shape } = value
    return { ...value, shape: [...shape.slice(0, -2), shape.at(-1)!, shape.at(-2)!] }
  })
  return matMul({ ...context, inputs })
}

function perAxisNorm(axis: (context: OpContext) => Dim) {
  return (context: OpContext): OutputInfo[] => {
    const { type, shape } = inputAt(context, 0)
    for (const part of context.inputs.slice(1)) {
      if (part) expectSame(context, `size of ${part.name}`, part.shape[0]!, axis(context))
    }
    commonType(context)
    return [{ type, shape }]
  }
}

function softmax(context: OpContext): OutputInfo[] {
  const { type, shape } = inputAt(context, 0)
  axisOf(context, numberOf(context, 'axis', -1), shape.length)
  return [{ type, shape }]
}

/** Reduces the axes of the second input; axes are kept as 1 unless `keepdims` is 0. */
function reduce(context: OpContext): OutputInfo[] {
  const { type, shape } = inputAt(context, 0)
  const axes = (inputAt(context, 1).content ?? []).map((axis) =>
    axisOf(context, axis as number, shape.length),
  )
  if (numberOf(context, 'keepdims', 1) === 0) {
    return [{ type, shape: shape.filter((_, axis) => !axes.includes(axis)) }]
  }
  return [{ type, shape: shape.map((dim, axis) => (axes.includes(axis) ? 1 : dim)) }]
}

/** Query, key and value `[batch, tokens, heads * size]`; an optional bias and mask are not used. */
function multiHeadAttention(context: OpContext): OutputInfo[] {
  const [query, key, value] = [inputAt(context, 0), inputAt(context, 1), inputAt(context, 2)]
  for (const part of [query, key, value]) expectRank(context, part, 3)
  const heads = numberOf(context, 'num_heads')
  const width = query.shape[2]!
  if (typeof width !== 'number' || width % heads !== 0) {
    throw new FormatError(`MultiHeadAttention: width is ${width}, expected a multiple of ${heads}`)
  }
  expectSame(context, `width of ${key.name}`, key.shape[2]!, width)
  expectSame(context, `tokens of ${value.name}`, value.shape[1]!, key.shape[1]!)
  return [{ type: commonType(context), shape: [query.shape[0]!, query.shape[1]!, value.shape[2]!] }]
}

/** Ops with weights, norms and attention. */
export const network = {
  MatMul: { arity: [2, 2], outputs: matMul },
  Gemm: { arity: [2, 3], outputs: gemm },
  FusedMatMul: { domain: 'com.microsoft', arity: [2, 2], outputs: fusedMatMul },
  Conv: { arity: [2, 3], outputs: conv },
  ConvTranspose: { arity: [2, 2], outputs: convTranspose },
  AveragePool: { arity: [1, 1], outputs: averagePool },
  InstanceNormalization: {
    arity: [3, 3],
    outputs: perAxisNorm((context) => inputAt(context, 0).shape[1]!),
  },
  LayerNormalization: {
    arity: [2, 3],
    outputs: perAxisNorm((context) => inputAt(context, 0).shape.at(-1)!),
  },
  Softmax: { arity: [1, 1], outputs: softmax },
  ReduceMean: { arity: [2, 2], outputs: reduce },
  ReduceSum: { arity: [2, 2], outputs: reduce },
  MultiHeadAttention: { domain: 'com.microsoft', arity: [3, 3], outputs: multiHeadAttention },
} satisfies Record<string, OpDefinition>
