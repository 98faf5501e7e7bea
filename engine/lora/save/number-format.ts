import { FormatError } from '../../errors.ts'
import { float32ToBfloat16, float32ToFloat16 } from '../../formats/half.ts'
import type { SafetensorsTensor } from '../../formats/safetensors.ts'
import type { LoraTensor } from '../layer-request.ts'

/** Number formats of a LoRA file, under the names that kohya's settings have. */
export const loraPrecisions = ['float', 'fp16', 'bf16'] as const
export type LoraPrecision = (typeof loraPrecisions)[number]

interface NumberFormat {
  readonly dtype: SafetensorsTensor['dtype']
  readonly round: (values: Float32Array) => ArrayBufferView
  /** The largest number that stays finite. */
  readonly largest: number
}

const formats: Readonly<Record<LoraPrecision, NumberFormat>> = {
  float: { dtype: 'F32', round: (values) => values, largest: 3.4028234663852886e38 },
  // What lies below 65520 is rounded down to 65504.
  fp16: { dtype: 'F16', round: float32ToFloat16, largest: 65519 },
  bf16: { dtype: 'BF16', round: float32ToBfloat16, largest: 3.3895313892515355e38 },
}

/**
 * A tensor in a number format, rounded to the nearest. Throws a FormatError that names the key and
 * the number where one is not finite, or would not be in that format.
 */
export function encodeTensor(
  key: string,
  { shape, data }: LoraTensor,
  precision: LoraPrecision,
): SafetensorsTensor {
  const { dtype, round, largest } = formats[precision]
  const index = data.findIndex((value) => !(Math.abs(value) <= largest))
  if (index >= 0) throw outside(key, data[index]!, index, precision)
  return { dtype, shape, bytes: bytesOf(round(data)) }
}

/** A number by itself, in float32 where the format cannot hold it exactly. */
export function encodeScalar(key: string, tensor: LoraTensor, precision: LoraPrecision) {
  const isExact = tensor.data.every((value) => isKept(value, precision))
  return encodeTensor(key, tensor, isExact ? precision : 'float')
}

function isKept(value: number, precision: LoraPrecision): boolean {
  if (precision === 'fp16') return Math.f16round(value) === value
  if (precision === 'float') return true
  const [bits = 0] = new Uint32Array(Float32Array.of(value).buffer)
  return (bits & 0xffff) === 0
}

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array<ArrayBuffer> {
  return new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength)
}

function outside(key: string, value: number, index: number, precision: LoraPrecision): FormatError {
  const found = `${key}: ${value} at index ${index}`
  return Number.isFinite(value)
    ? new FormatError(`${found}, at most 65504 fits into ${precision}; save as bf16 or float`)
    : new FormatError(`${found}, only finite numbers expected; the run has diverged`)
}
