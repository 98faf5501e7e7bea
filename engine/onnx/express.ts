import type { Builder } from './builder.ts'
import type { Dim, Shape } from './dims.ts'
import { type ElementType, elementCodes, type Value } from './value.ts'

/**
 * Short ways to say what networks say often. Each adds ops to the builder and gives the result.
 */

/** A float32 scalar or vector, in the type of `like`. */
export function scalar(builder: Builder, number: number, like: ElementType = 'float32'): Value {
  return vector(builder, [number], [], like)
}

/** Constant numbers of a given shape, float32 or float16. */
export function vector(
  builder: Builder,
  numbers: readonly number[],
  shape: Shape,
  type: ElementType = 'float32',
): Value {
  const array = type === 'float16' ? new Float16Array(numbers) : new Float32Array(numbers)
  return builder.constant(type, shape, bytesOf(array))
}

/** A constant list of int64, readable as sizes. */
export function integers(builder: Builder, numbers: readonly number[]): Value {
  const bytes = bytesOf(new BigInt64Array(numbers.map(BigInt)))
  return builder.constant('int64', [numbers.length], bytes, numbers)
}

/** Reshape to constant sizes; 0 keeps an axis, -1 takes the rest. */
export function reshape(builder: Builder, x: Value, sizes: readonly number[]): Value {
  return builder.op('Reshape', [x, integers(builder, sizes)])
}

/** The sizes of `x` on axes `start` to `end` (not included), as a value. */
export function sizesOf(builder: Builder, x: Value, start: number, end: number): Value {
  return builder.op('Shape', [x], { start, end })
}

/** Joins lists of sizes; numbers become constants. */
export function joinSizes(builder: Builder, parts: readonly (Value | number)[]): Value {
  const values = parts.map((part) => (typeof part === 'number' ? integers(builder, [part]) : part))
  return builder.op('Concat', values, { axis: 0 })
}

/** Transpose. */
export function transpose(builder: Builder, x: Value, perm: readonly number[]): Value {
  return builder.op('Transpose', [x], { perm })
}

/** Elementwise sum. */
export function add(builder: Builder, a: Value, b: Value): Value {
  return builder.op('Add', [a, b])
}

/** Elementwise product. */
export function mul(builder: Builder, a: Value, b: Value): Value {
  return builder.op('Mul', [a, b])
}

/** Parts of one axis, of the given sizes. */
export function split(
  builder: Builder,
  x: Value,
  sizes: readonly number[],
  axis: number,
): readonly Value[] {
  // The number of outputs follows from the sizes.
  return builder.all('Split', [x, integers(builder, sizes)], { axis })
}

/** `x` in another element type; `x` itself where it has that type. */
export function cast(builder: Builder, x: Value, type: ElementType): Value {
  return x.type === type ? x : builder.op('Cast', [x], { to: elementCodes[type] })
}

/** The bytes of a typed array, without a copy. */
export function bytesOf(array: ArrayBufferView): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength)
}

/** A dim that must be a number by now. */
export function fixedDim(dim: Dim | undefined): number {
  if (typeof dim !== 'number') throw new TypeError(`size ${String(dim)} is not fixed`)
  return dim
}
