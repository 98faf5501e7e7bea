import type { Builder } from '../../onnx/builder.ts'
import { add, integers, mul, reshape, scalar } from '../../onnx/express.ts'
import type { Value } from '../../onnx/value.ts'

/** A factor: a constant or a value that is broadcast. */
export type Factor = number | Value

/** `x * factor`; `x` itself where the factor is the number 1. */
export function times(builder: Builder, x: Value, factor: Factor): Value {
  if (factor === 1) return x
  return mul(builder, x, typeof factor === 'number' ? scalar(builder, factor) : factor)
}

/** `x * keep + y * gain`: a step of a running average where the two sum to 1. */
export function blend(builder: Builder, x: Value, keep: Factor, y: Value, gain: Factor): Value {
  return add(builder, times(builder, x, keep), times(builder, y, gain))
}

/** Sum of all elements, shape [1]. */
export function sumAll(builder: Builder, x: Value): Value {
  const axes = x.shape.map((_, axis) => axis)
  const sum = builder.op('ReduceSum', [x, integers(builder, axes)])
  return x.shape.length === 1 ? sum : reshape(builder, sum, [1])
}

/** Sum of all squares, shape [1]. */
export function sumOfSquares(builder: Builder, x: Value): Value {
  return sumAll(builder, mul(builder, x, x))
}

/** Sum of values of shape [1], as one of shape []. */
export function total(builder: Builder, parts: readonly Value[]): Value {
  const sum = parts.length === 1 ? parts[0]! : sumAll(builder, joined(builder, parts))
  return builder.op('Reshape', [sum, noSizes(builder)])
}

/** Concat along the first axis, of any number of values. */
export function joined(builder: Builder, parts: readonly Value[]): Value {
  if (parts.length === 1) return parts[0]!
  const most = 64
  if (parts.length <= most) return builder.op('Concat', parts, { axis: 0 })
  const groups = Array.from({ length: Math.ceil(parts.length / most) }, (_, index) =>
    joined(builder, parts.slice(index * most, (index + 1) * most)),
  )
  return joined(builder, groups)
}

/** Square root of the mean square over `axes`, which are kept with size 1. */
export function rootMeanSquare(builder: Builder, x: Value, axes: readonly number[]): Value {
  const mean = builder.op('ReduceMean', [mul(builder, x, x), integers(builder, axes)])
  return builder.op('Sqrt', [mean])
}

/** -1, 0 or 1. Below float32's normal numbers the result lies between. */
export function sign(builder: Builder, x: Value): Value {
  const smallest = scalar(builder, 1.1754944e-38)
  return builder.op('Div', [x, builder.op('Max', [builder.op('Abs', [x]), smallest])])
}

/** The sizes of a value without axes. */
function noSizes(builder: Builder): Value {
  return builder.constant('int64', [0], new Uint8Array(), [])
}
