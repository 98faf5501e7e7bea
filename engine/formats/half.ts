/**
 * Narrow floats to float32 and back, whole arrays at a time. Towards float32 every value is exact;
 * away from it values are rounded to the nearest, ties to even.
 */

/** Values of float16 bit patterns. */
export function float16ToFloat32(bits: Uint16Array<ArrayBuffer>): Float32Array {
  return new Float32Array(new Float16Array(bits.buffer, bits.byteOffset, bits.length))
}

/** Values of bfloat16 bit patterns: the upper half of a float32. */
export function bfloat16ToFloat32(bits: Uint16Array): Float32Array {
  const wide = new Uint32Array(bits.length)
  for (let i = 0; i < bits.length; i++) wide[i] = bits[i]! << 16
  return new Float32Array(wide.buffer)
}

/** Values of float8 e4m3fn: no infinity, largest 448, 0x7f and 0xff are not a number. */
export function float8e4m3ToFloat32(bits: Uint8Array): Float32Array {
  return lookUp(bits, e4m3Values)
}

/** Values of float8 e5m2: the upper half of a float16. */
export function float8e5m2ToFloat32(bits: Uint8Array): Float32Array {
  return lookUp(bits, e5m2Values)
}

/** float16 of float32 values; above 65504 (and 65520 rounded) they become infinite. */
export function float32ToFloat16(values: Float32Array): Float16Array<ArrayBuffer> {
  return new Float16Array(values)
}

/** bfloat16 bit patterns of float32 values. */
export function float32ToBfloat16(values: Float32Array): Uint16Array<ArrayBuffer> {
  const wide = bitsOf(values)
  const bits = new Uint16Array(wide.length)
  for (let i = 0; i < wide.length; i++) {
    const word = wide[i]!
    const isNotANumber = (word & 0x7fffffff) > 0x7f800000
    // Adding just under half of the last kept place, and that place itself, rounds ties to even.
    bits[i] = isNotANumber ? (word >>> 16) | 0x40 : (word + 0x7fff + ((word >>> 16) & 1)) >>> 16
  }
  return bits
}

/** float8 e4m3fn bit patterns of float32 values; beyond 464 they become not a number. */
export function float32ToFloat8e4m3(values: Float32Array): Uint8Array<ArrayBuffer> {
  return narrow(values, { mantissaBits: 3, bias: 7, overflow: 0x7f, notANumber: 0x7f })
}

/** float8 e5m2 bit patterns of float32 values; from 61440 on they become infinite. */
export function float32ToFloat8e5m2(values: Float32Array): Uint8Array<ArrayBuffer> {
  return narrow(values, { mantissaBits: 2, bias: 15, overflow: 0x7c, notANumber: 0x7f })
}

interface Float8 {
  mantissaBits: number
  bias: number
  /** Pattern from which on, and of which, nothing finite is left. */
  overflow: number
  notANumber: number
}

function narrow(values: Float32Array, float8: Float8): Uint8Array<ArrayBuffer> {
  const { mantissaBits, bias, overflow, notANumber } = float8
  const smallest = 2 ** (1 - bias - mantissaBits)
  const drop = 23 - mantissaBits
  const rebias = (127 - bias) << mantissaBits
  const firstNormal = 2 ** (1 - bias)
  const wide = bitsOf(values)
  const bits = new Uint8Array(wide.length)
  for (let i = 0; i < wide.length; i++) {
    const word = wide[i]!
    const magnitude = word & 0x7fffffff
    const size = Math.abs(values[i]!)
    let pattern: number
    if (magnitude > 0x7f800000) pattern = notANumber
    else if (size < firstNormal) pattern = roundToEven(size / smallest)
    else {
      const half = (1 << (drop - 1)) - 1
      const rounded = (magnitude + half + ((magnitude >>> drop) & 1)) >>> drop
      pattern = Math.min(rounded - rebias, overflow)
    }
    bits[i] = pattern | ((word >>> 24) & 0x80)
  }
  return bits
}

/** For numbers below 2^31. */
function roundToEven(value: number): number {
  const below = Math.floor(value)
  const rest = value - below
  return below + (rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? 1 : 0)
}

function lookUp(bits: Uint8Array, table: Float32Array): Float32Array {
  const values = new Float32Array(bits.length)
  for (let i = 0; i < bits.length; i++) values[i] = table[bits[i]!]!
  return values
}

function bitsOf(values: Float32Array): Uint32Array {
  return new Uint32Array(values.buffer, values.byteOffset, values.length)
}

const e4m3Values = Float32Array.from({ length: 256 }, (_, bits) => {
  const sign = bits < 128 ? 1 : -1
  const exponent = (bits >> 3) & 15
  const mantissa = bits & 7
  if (exponent === 15 && mantissa === 7) return Number.NaN
  if (exponent === 0) return sign * mantissa * 2 ** -9
  return sign * (8 + mantissa) * 2 ** (exponent - 10)
})

const e5m2Values = float16ToFloat32(Uint16Array.from({ length: 256 }, (_, bits) => bits << 8))
