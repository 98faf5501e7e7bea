import { FormatError } from '../errors.ts'
import type { Dtype, SafetensorsTensor } from './dtype.ts'
import {
  bfloat16ToFloat32,
  float8e4m3ToFloat32,
  float8e5m2ToFloat32,
  float16ToFloat32,
} from './half.ts'
import { parseHeader } from './safetensors-header.ts'

export type { Dtype, SafetensorsTensor } from './dtype.ts'
export {
  headerLength,
  maxHeaderBytes,
  parseHeader,
  type SafetensorsHeader,
  type TensorEntry,
} from './safetensors-header.ts'
export { parseShardIndex, type ShardIndex } from './safetensors-index.ts'
export {
  encodeSafetensors,
  layoutOrder,
  type TensorLayout,
  writeHeader,
} from './safetensors-write.ts'

/** A whole file in memory. */
export interface SafetensorsFile {
  readonly tensors: Map<string, SafetensorsTensor>
  readonly metadata: Readonly<Record<string, string>>
}

/**
 * Reads a whole file from memory; the tensors are views of `bytes`, not copies.
 * `file` names it in the FormatError that anything wrong with it throws.
 */
export function parseSafetensors(file: string, bytes: Uint8Array): SafetensorsFile {
  const header = parseHeader(file, bytes.length, bytes)
  const tensors = new Map<string, SafetensorsTensor>()
  for (const { name, dtype, shape, begin, end } of header.tensors.values()) {
    tensors.set(name, { dtype, shape, bytes: bytes.subarray(begin, end) })
  }
  return { tensors, metadata: header.metadata }
}

type Numbers = { readonly [index: number]: number | bigint; readonly length: number }

/** How the bytes of a dtype become something indexable; they arrive aligned. */
const views: Readonly<Record<Dtype, (bytes: Uint8Array<ArrayBuffer>) => Numbers>> = {
  BOOL: (bytes) => bytes.map((byte) => (byte ? 1 : 0)),
  U8: (bytes) => bytes,
  I8: (bytes) => new Int8Array(...extent(bytes, 1)),
  F8_E5M2: float8e5m2ToFloat32,
  F8_E4M3: float8e4m3ToFloat32,
  I16: (bytes) => new Int16Array(...extent(bytes, 2)),
  U16: (bytes) => new Uint16Array(...extent(bytes, 2)),
  F16: (bytes) => float16ToFloat32(new Uint16Array(...extent(bytes, 2))),
  BF16: (bytes) => bfloat16ToFloat32(new Uint16Array(...extent(bytes, 2))),
  I32: (bytes) => new Int32Array(...extent(bytes, 4)),
  U32: (bytes) => new Uint32Array(...extent(bytes, 4)),
  F32: (bytes) => new Float32Array(...extent(bytes, 4)),
  F64: (bytes) => new Float64Array(...extent(bytes, 8)),
  I64: (bytes) => new BigInt64Array(...extent(bytes, 8)),
  U64: (bytes) => new BigUint64Array(...extent(bytes, 8)),
}

/**
 * Values of a tensor of any dtype as float32: exact for float16, bfloat16, float8 and small
 * integers, rounded for F64 and for integers beyond 2^24. Aligned F32 is a view, not a copy.
 */
export function toFloat32(tensor: SafetensorsTensor): Float32Array {
  const numbers = viewOf(tensor)
  if (numbers instanceof Float32Array) return numbers
  if (numbers instanceof BigInt64Array || numbers instanceof BigUint64Array) {
    return Float32Array.from<bigint>(numbers, Number)
  }
  return new Float32Array(numbers as ArrayLike<number>)
}

/**
 * Values of a tensor as 64-bit integers. Floats are accepted when they are whole, because some
 * files hold position numbers as F32. Throws a FormatError for others; U64 above 2^63 wraps.
 */
export function toInt64(tensor: SafetensorsTensor): BigInt64Array {
  const numbers = viewOf(tensor)
  if (numbers instanceof BigInt64Array) return numbers
  return BigInt64Array.from(numbers as ArrayLike<number>, (value) => {
    if (typeof value === 'bigint' || Number.isInteger(value)) return BigInt(value)
    throw new FormatError(`tensor of ${tensor.dtype}: value is ${value}, a whole number expected`)
  })
}

function viewOf({ dtype, bytes }: SafetensorsTensor): Numbers {
  const aligned = bytes.byteOffset % 8 === 0 && bytes.buffer instanceof ArrayBuffer
  return views[dtype](aligned ? (bytes as Uint8Array<ArrayBuffer>) : bytes.slice())
}

function extent(bytes: Uint8Array<ArrayBuffer>, size: number): [ArrayBuffer, number, number] {
  return [bytes.buffer, bytes.byteOffset, bytes.length / size]
}
