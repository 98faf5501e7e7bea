import { describe, expect, it } from 'vitest'
import {
  bfloat16ToFloat32,
  float8e4m3ToFloat32,
  float8e5m2ToFloat32,
  float16ToFloat32,
  float32ToBfloat16,
  float32ToFloat8e4m3,
  float32ToFloat8e5m2,
  float32ToFloat16,
} from '../../engine/formats/half.ts'

/** A narrow float: bits of exponent and mantissa, and which patterns are special. */
interface Layout {
  exponent: number
  mantissa: number
  /** False for e4m3fn, where only the largest mantissa of the largest exponent is special. */
  hasInfinity: boolean
}

/** Slow and obvious: sign, exponent and mantissa put together by powers of two. */
function patternValue(bits: number, { exponent, mantissa, hasInfinity }: Layout): number {
  const sign = (bits >> (exponent + mantissa)) & 1 ? -1 : 1
  const power = (bits >> mantissa) & (2 ** exponent - 1)
  const fraction = bits & (2 ** mantissa - 1)
  const bias = 2 ** (exponent - 1) - 1
  const isLargest = power === 2 ** exponent - 1
  if (isLargest && hasInfinity) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN
  if (isLargest && fraction === 2 ** mantissa - 1) return Number.NaN
  if (power === 0) return sign * fraction * 2 ** (1 - bias - mantissa)
  return sign * (1 + fraction / 2 ** mantissa) * 2 ** (power - bias)
}

/** Slow and obvious: of all finite patterns the nearest, of two the even one. */
function nearest(value: number, layout: Layout, patterns: number): number {
  let best = 0
  for (let bits = 0; bits < patterns / 2; bits++) {
    const distance = Math.abs(patternValue(bits, layout) - Math.abs(value))
    const least = Math.abs(patternValue(best, layout) - Math.abs(value))
    if (distance < least || (distance === least && bits % 2 === 0)) best = bits
  }
  return best + (value < 0 ? patterns / 2 : 0)
}

const kinds = [
  {
    name: 'float16',
    layout: { exponent: 5, mantissa: 10, hasInfinity: true },
    patterns: 65536,
    widen: float16ToFloat32,
    narrow: (values: Float32Array) => new Uint16Array(float32ToFloat16(values).buffer),
  },
  {
    name: 'bfloat16',
    layout: { exponent: 8, mantissa: 7, hasInfinity: true },
    patterns: 65536,
    widen: bfloat16ToFloat32,
    narrow: float32ToBfloat16,
  },
  {
    name: 'float8 e4m3fn',
    layout: { exponent: 4, mantissa: 3, hasInfinity: false },
    patterns: 256,
    widen: (bits: Uint16Array) => float8e4m3ToFloat32(Uint8Array.from(bits)),
    narrow: float32ToFloat8e4m3,
  },
  {
    name: 'float8 e5m2',
    layout: { exponent: 5, mantissa: 2, hasInfinity: true },
    patterns: 256,
    widen: (bits: Uint16Array) => float8e5m2ToFloat32(Uint8Array.from(bits)),
    narrow: float32ToFloat8e5m2,
  },
]

describe.each(kinds)('$name', ({ layout, patterns, widen, narrow }) => {
  const all = Uint16Array.from({ length: patterns }, (_, bits) => bits)
  const values = widen(all)

  it('gives every bit pattern its exact value', () => {
    expect(values).toEqual(Float32Array.from(all, (bits) => patternValue(bits, layout)))
  })

  it('returns to the same bits from every value that is a number', () => {
    const back = narrow(values)
    const changed = all.filter((bits) => !Number.isNaN(values[bits]) && back[bits] !== bits)
    expect([...changed]).toEqual([])
  })

  it('keeps what is not a number', () => {
    const wide = widen(Uint16Array.from(narrow(Float32Array.of(Number.NaN))))
    expect(wide[0]).toBeNaN()
  })

  it('rounds to the nearest value, ties to even', () => {
    const small = patterns === 256
    const step = small ? 1 : 97
    const between: number[] = []
    for (let bits = 0; bits + 1 < patterns / 2; bits += step) {
      const [low, high] = [patternValue(bits, layout), patternValue(bits + 1, layout)]
      if (!Number.isFinite(high)) continue
      const middle = (low + high) / 2
      between.push(middle, -middle, low + (high - low) * 0.25, low + (high - low) * 0.75)
    }
    const wide = Float32Array.from(between)
    const exact = wide.filter((value, i) => value === between[i])
    const sample = small ? exact : exact.filter((_, i) => i % 40 === 0)
    expect([...narrow(sample)]).toEqual(
      [...sample].map((value) => nearest(value, layout, patterns)),
    )
  })
})

describe('values beyond the largest', () => {
  const beyond = Float32Array.of(1e30, -1e30, Number.POSITIVE_INFINITY)

  it('become infinite in float16 and float8 e5m2', () => {
    const infinite = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]
    expect([...float32ToFloat16(beyond)]).toEqual(infinite)
    expect([...float8e5m2ToFloat32(float32ToFloat8e5m2(beyond))]).toEqual(infinite)
    expect([...float32ToFloat8e5m2(Float32Array.of(61439, 61440))]).toEqual([0x7b, 0x7c])
  })

  it('become not a number in float8 e4m3fn, which has no infinity', () => {
    expect([...float8e4m3ToFloat32(float32ToFloat8e4m3(beyond))]).toEqual(Array(3).fill(Number.NaN))
    expect([...float32ToFloat8e4m3(Float32Array.of(464, 464.01))]).toEqual([0x7e, 0x7f])
  })

  it('become infinite in bfloat16 only where rounding carries them there', () => {
    const largest = Float32Array.of(3.3895313892515355e38, 3.4028234663852886e38)
    expect([...float32ToBfloat16(largest)]).toEqual([0x7f7f, 0x7f80])
  })
})
