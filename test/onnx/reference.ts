import { readFileSync } from 'node:fs'
import type { OpName } from '../../engine/onnx/ops/index.ts'
import type { Attribute, Initializer, Program } from '../../engine/onnx/value.ts'
import type { HostTensor } from '../../engine/runtime/tensor.ts'
import { fromBfloat16 } from './numbers.ts'
import {
  broadcast,
  broadcastAt,
  build,
  erf,
  flip,
  get,
  getOr0,
  inRows,
  matMul,
  mean,
  normalised,
  type Reference,
  reduce,
  softmax,
  swapped,
} from './reference-tensor.ts'

/**
 * Every op of the table, slow and obvious, in float64: what the runtime is held to. Whole numbers
 * and truth values are numbers too.
 */

type Attributes = Readonly<Record<string, Attribute>>
type Op = (inputs: readonly Reference[], attributes: Attributes) => Reference | Reference[]

/** Runs a program op by op; gives all its values by name. */
export function evaluate(
  program: Program,
  feeds: Readonly<Record<string, HostTensor | Reference>>,
): Map<string, Reference> {
  const values = new Map<string, Reference>()
  for (const [name, { data, shape }] of Object.entries(feeds)) {
    values.set(name, { shape, data: Array.from(data as ArrayLike<number>, Number) })
  }
  for (const initializer of program.initializers) {
    values.set(initializer.value.name, constantOf(initializer))
  }
  for (const { op, inputs, outputs, attributes } of program.operations) {
    const given = inputs.map((name) => values.get(name) ?? absent)
    const results = [reference[op as OpName](given, attributes)].flat()
    outputs.forEach((name, index) => {
      values.set(name, results[index]!)
    })
  }
  return values
}

const absent: Reference = { shape: [-1], data: [] }

function constantOf({ value, bytes, external }: Initializer): Reference {
  const source = external
    ? readFileSync(external.file).subarray(external.offset, external.offset + external.length)
    : bytes!
  const { buffer } = new Uint8Array(source)
  const read: Partial<Record<typeof value.type, () => number[]>> = {
    float32: () => [...new Float32Array(buffer)],
    float16: () => [...new Float16Array(buffer)],
    bfloat16: () => [...new Uint16Array(buffer)].map(fromBfloat16),
    int64: () => [...new BigInt64Array(buffer)].map(Number),
  }
  return { shape: value.shape as number[], data: read[value.type]!() }
}

const unary =
  (act: (x: number, attributes: Attributes) => number): Op =>
  ([x], attributes) => ({ shape: x!.shape, data: x!.data.map((value) => act(value, attributes)) })

const elementwise =
  (act: (...values: number[]) => number): Op =>
  (inputs) => {
    const shape = broadcast(inputs.map((input) => input.shape))
    return build(shape, (at) => act(...inputs.map((input) => broadcastAt(input, at))))
  }

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x))
const gelu = (x: number) => (x / 2) * (1 + erf(x * Math.SQRT1_2))

const reference: Record<OpName, Op> = {
  Add: elementwise((a, b) => a! + b!),
  Sub: elementwise((a, b) => a! - b!),
  Mul: elementwise((a, b) => a! * b!),
  Div: elementwise((a, b) => a! / b!),
  Pow: elementwise((a, b) => a! ** b!),
  Min: elementwise((a, b) => Math.min(a!, b!)),
  Max: elementwise((a, b) => Math.max(a!, b!)),
  Equal: elementwise((a, b) => Number(a === b)),
  Less: elementwise((a, b) => Number(a! < b!)),
  Where: elementwise((condition, a, b) => (condition ? a! : b!)),
  Neg: unary((x) => -x),
  Abs: unary(Math.abs),
  Exp: unary(Math.exp),
  Log: unary(Math.log),
  Sin: unary(Math.sin),
  Cos: unary(Math.cos),
  Erf: unary(erf),
  Sqrt: unary(Math.sqrt),
  Reciprocal: unary((x) => 1 / x),
  Sigmoid: unary(sigmoid),
  Tanh: unary(Math.tanh),
  Gelu: unary(gelu),
  QuickGelu: unary((x, { alpha }) => x * sigmoid((alpha as { float: number }).float * x)),
  Cast: unary((x) => x),
  Identity: unary((x) => x),

  Reshape([x, sizes]) {
    const wanted = sizes!.data.map((size, axis) => (size === 0 ? x!.shape[axis]! : size))
    const known = wanted.filter((size) => size !== -1).reduce((a, b) => a * b, 1)
    return {
      data: x!.data,
      shape: wanted.map((size) => (size === -1 ? x!.data.length / known : size)),
    }
  },
  Transpose([x], { perm }) {
    const order = perm as number[]
    const from = (at: number[]) => x!.shape.map((_, axis) => at[order.indexOf(axis)]!)
    return build(
      order.map((axis) => x!.shape[axis]!),
      (at) => get(x!, from(at)),
    )
  },
  Concat(inputs, { axis }) {
    const shape = [...inputs[0]!.shape]
    const along = ((axis as number) + shape.length) % shape.length
    shape[along] = inputs.reduce((sum, input) => sum + input.shape[along]!, 0)
    return build(shape, (at) => {
      let index = at[along]!
      const input = inputs.find((one) => {
        if (index < one.shape[along]!) return true
        index -= one.shape[along]!
        return false
      })!
      return get(input, at.with(along, index))
    })
  },
  Slice([x, starts, ends, axes]) {
    const ranges = x!.shape.map((size): [number, number] => [0, size])
    starts!.data.forEach((_, index) => {
      const given = axes?.data[index] ?? index
      const axis = given < 0 ? given + x!.shape.length : given
      const size = x!.shape[axis]!
      const clamp = (value: number) => Math.min(size, Math.max(0, value < 0 ? value + size : value))
      ranges[axis] = [clamp(starts!.data[index]!), clamp(ends!.data[index]!)]
    })
    return build(
      ranges.map(([from, to]) => to - from),
      (at) =>
        get(
          x!,
          at.map((index, axis) => index + ranges[axis]![0]),
        ),
    )
  },
  Split([x, sizes], { axis }) {
    const along = ((axis as number) + x!.shape.length) % x!.shape.length
    let start = 0
    return sizes!.data.map((size) => {
      const from = start
      start += size
      return build(x!.shape.with(along, size), (at) => get(x!, at.with(along, from + at[along]!)))
    })
  },
  Gather([table, ids], { axis = 0 }) {
    const along = axis as number
    const end = along + ids!.shape.length
    const shape = table!.shape.toSpliced(along, 1, ...ids!.shape)
    return build(shape, (at) => {
      const picked = get(ids!, at.slice(along, end))
      return get(table!, [...at.slice(0, along), picked, ...at.slice(end)])
    })
  },
  Expand: ([x, sizes]) => build(sizes!.data, (at) => broadcastAt(x!, at)),
  Unsqueeze([x, axes]) {
    const shape = [...x!.shape]
    for (const axis of axes!.data) shape.splice(axis, 0, 1)
    return { data: x!.data, shape }
  },
  Shape([x], { start = 0, end = x!.shape.length }) {
    const data = x!.shape.slice(start as number, end as number)
    return { data, shape: [data.length] }
  },
  Resize([x, , scales, sizes]) {
    const shape = scales!.data.length
      ? x!.shape.map((size, axis) => size * scales!.data[axis]!)
      : sizes!.data
    return build(shape, (at) =>
      get(
        x!,
        at.map((index, axis) => Math.floor((index * x!.shape[axis]!) / shape[axis]!)),
      ),
    )
  },
  Pad([x, pads]) {
    const rank = x!.shape.length
    const shape = x!.shape.map((size, axis) => size + pads!.data[axis]! + pads!.data[axis + rank]!)
    return build(shape, (at) =>
      getOr0(
        x!,
        at.map((index, axis) => index - pads!.data[axis]!),
      ),
    )
  },

  MatMul: ([a, b]) => matMul(a!, b!),
  FusedMatMul: ([a, b], { transA, transB }) =>
    matMul(transA ? swapped(a!) : a!, transB ? swapped(b!) : b!),
  Gemm([a, b, c], { transA, transB }) {
    const product = matMul(transA ? flip(a!) : a!, transB ? flip(b!) : b!)
    return c ? ([reference.Add([product, c], {})].flat()[0] as Reference) : product
  },
  Conv([x, w, bias], { pads, strides }) {
    const [top, left, bottom, right] = pads as [number, number, number, number]
    const [stepY, stepX] = strides as [number, number]
    const [batch, inner, height, width] = x!.shape as [number, number, number, number]
    const [out, , kernelY, kernelX] = w!.shape as [number, number, number, number]
    const size = (all: number, kernel: number, step: number) =>
      Math.floor((all - kernel) / step) + 1
    const rows = size(height + top + bottom, kernelY, stepY)
    const columns = size(width + left + right, kernelX, stepX)
    return build([batch, out, rows, columns], ([n, o, y, column]) => {
      let sum = bias?.data[o!] ?? 0
      for (let ky = 0; ky < kernelY; ky++) {
        for (let kx = 0; kx < kernelX; kx++) {
          const fromY = y! * stepY + ky - top
          const fromX = column! * stepX + kx - left
          if (fromY < 0 || fromX < 0 || fromY >= height || fromX >= width) continue
          for (let c = 0; c < inner; c++) {
            const weight = w!.data[((o! * inner + c) * kernelY + ky) * kernelX + kx]!
            sum += x!.data[((n! * inner + c) * height + fromY) * width + fromX]! * weight
          }
        }
      }
      return sum
    })
  },
  ConvTranspose([x, w], { pads, strides, output_padding, group = 1 }) {
    const [top, left, bottom, right] = pads as [number, number, number, number]
    const [stepY, stepX] = strides as [number, number]
    const [moreY, moreX] = (output_padding ?? [0, 0]) as [number, number]
    const [batch, channels, height, width] = x!.shape as [number, number, number, number]
    const [, each, kernelY, kernelX] = w!.shape as [number, number, number, number]
    const inGroup = channels / (group as number)
    const rows = (height - 1) * stepY + kernelY - top - bottom + moreY
    const columns = (width - 1) * stepX + kernelX - left - right + moreX
    return build([batch, each * (group as number), rows, columns], ([n, o, y, column]) => {
      const first = Math.floor(o! / each) * inGroup
      let sum = 0
      for (let ky = 0; ky < kernelY; ky++) {
        for (let kx = 0; kx < kernelX; kx++) {
          const [fromY, fromX] = [(y! + top - ky) / stepY, (column! + left - kx) / stepX]
          if (!Number.isInteger(fromY) || !Number.isInteger(fromX)) continue
          for (let c = first; c < first + inGroup; c++) {
            sum += getOr0(x!, [n!, c, fromY, fromX]) * get(w!, [c, o! % each, ky, kx])
          }
        }
      }
      return sum
    })
  },
  AveragePool([x], { kernel_shape, strides }) {
    const [kernelY, kernelX] = kernel_shape as [number, number]
    const [stepY, stepX] = strides as [number, number]
    const [batch, channels, height, width] = x!.shape as [number, number, number, number]
    const rows = Math.floor((height - kernelY) / stepY) + 1
    const columns = Math.floor((width - kernelX) / stepX) + 1
    return build([batch, channels, rows, columns], ([n, c, y, column]) => {
      let sum = 0
      for (let ky = 0; ky < kernelY; ky++) {
        for (let kx = 0; kx < kernelX; kx++) {
          sum += get(x!, [n!, c!, y! * stepY + ky, column! * stepX + kx])
        }
      }
      return sum / (kernelY * kernelX)
    })
  },
  InstanceNormalization([x, scale, bias], { epsilon }) {
    const [, channels] = x!.shape as [number, number]
    const inner = x!.shape.slice(2).reduce((a, b) => a * b, 1)
    return inRows(x!, inner, (row, index) => {
      const channel = index % channels
      return normalised(row, epsilon).map((v) => v * scale!.data[channel]! + bias!.data[channel]!)
    })
  },
  LayerNormalization: ([x, scale, bias], { epsilon }) =>
    inRows(x!, x!.shape.at(-1)!, (row) =>
      normalised(row, epsilon).map((v, i) => v * scale!.data[i]! + (bias?.data[i] ?? 0)),
    ),
  Softmax: ([x]) => inRows(x!, x!.shape.at(-1)!, softmax),
  ReduceMean: ([x, axes], { keepdims }) => reduce(x!, { axes: axes!.data, keepdims }, mean),
  ReduceSum: ([x, axes], { keepdims }) =>
    reduce(x!, { axes: axes!.data, keepdims }, (values) => values.reduce((a, b) => a + b, 0)),
  MultiHeadAttention([q, k, v], { num_heads }) {
    const heads = num_heads as number
    const [batch, tokens, width] = q!.shape as [number, number, number]
    const others = k!.shape[1]!
    const size = width / heads
    const weights = build([batch, heads, tokens, others], ([n, h, t, o]) => {
      let sum = 0
      const [ofQuery, ofKey] = [(n! * tokens + t!) * width, (n! * others + o!) * width]
      for (let i = h! * size; i < (h! + 1) * size; i++) {
        sum += q!.data[ofQuery + i]! * k!.data[ofKey + i]!
      }
      return sum / Math.sqrt(size)
    })
    const mixed = inRows(weights, others, softmax)
    return build([batch, tokens, width], ([n, t, i]) => {
      let sum = 0
      const row = ((n! * heads + Math.floor(i! / size)) * tokens + t!) * others
      for (let o = 0; o < others; o++) {
        sum += mixed.data[row + o]! * v!.data[(n! * others + o) * width + i!]!
      }
      return sum
    })
  },
}
