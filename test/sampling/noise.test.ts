import { describe, expect, test } from 'vitest'
import { brownianPath, sixDecimals } from '../../engine/sampling/brownian.ts'
import { fma32 } from '../../engine/sampling/float32-math.ts'
import { pictureAt } from '../../engine/sampling/latent.ts'
import {
  batchSeeds,
  brownianNoise,
  initialBatchNoise,
  initialNoise,
  type NoiseStreamName,
  noiseStreams,
  stepNoise,
} from '../../engine/sampling/noise.ts'
import { TorchRandom } from '../../engine/sampling/torch-random.ts'
import { differentNumbers, largestGap } from './golden-data.ts'
import { momentsOf } from './ideal.ts'

const shape = [3, 4, 6, 6]
const single = [1, 4, 6, 6]
const sigmas = [14.6, 6, 2, 0.5, 0.03, 0]
const streams = Object.keys(noiseStreams) as NoiseStreamName[]

/** `a * b + c` in whole numbers, then the nearest float32; a tie goes to the even one. */
function exactFma(a: number, b: number, c: number): number {
  const whole = (value: number) => BigInt(value * 2 ** 100)
  const exact = whole(a) * whole(b) + whole(c) * 2n ** 100n
  const gap = (value: number) => {
    const difference = whole(value) * 2n ** 100n - exact
    return difference < 0n ? -difference : difference
  }
  const bits = new Int32Array(1)
  const floats = new Float32Array(bits.buffer)
  floats[0] = a * b + c
  const centre = bits[0] as number
  let best = floats[0] as number
  for (const offset of [-1, 1]) {
    bits[0] = centre + offset
    const other = floats[0] as number
    const even = gap(other) === gap(best) && offset % 2 !== 0 && (centre & 1) === 1
    if (gap(other) < gap(best) || even) best = other
  }
  return best
}

describe('fused multiplication and addition', () => {
  test('rounds once where rounding twice would go wrong', () => {
    expect(fma32(2 ** -12 + 2 ** -35, 2 ** -12, 1)).toBe(1 + 2 ** -23)
    expect(fma32(2 ** -12 - 2 ** -36, 2 ** -12, 1)).toBe(1)
    expect(fma32(2 ** -12 - 2 ** -36, -(2 ** -12), -1)).toBe(-1)
    expect(fma32(2 ** -12 + 2 ** -35, -(2 ** -12), -1)).toBe(-1 - 2 ** -23)
  })
  test('equals exact arithmetic', () => {
    const numbers = new TorchRandom(1).normal(30_000)
    for (let i = 0; i < numbers.length; i += 3) {
      const [a, b, c] = numbers.subarray(i, i + 3) as unknown as [number, number, number]
      // Products far below the sum, near it, and ties.
      for (const scale of [1, 2 ** -12, 2 ** -24]) {
        const [first, last] = [Math.fround(a * scale), c]
        expect(fma32(first, b, last)).toBe(exactFma(first, b, last))
        const tie = Math.fround(Math.sign(a) * 2 ** -12)
        expect(fma32(tie, 2 ** -12, last)).toBe(exactFma(tie, 2 ** -12, last))
      }
    }
  })
})

describe('noise of a batch', () => {
  for (const stream of streams) {
    test(`${stream}: each picture equals its single run, at the start and in each step`, () => {
      const settings = { shape, seeds: [40], stream }
      const sources = [stepNoise(settings), brownianNoise(settings, sigmas)]
      const draws = [initialNoise(settings), ...sources.map((source) => source(6, 2))]
      const again = sources.map((source) => source(2, 0.5))
      for (const [index, seed] of batchSeeds(40, 3).entries()) {
        const alone = { shape: single, seeds: [seed], stream }
        const aloneSources = [stepNoise(alone), brownianNoise(alone, sigmas)]
        const expected = [initialNoise(alone), ...aloneSources.map((source) => source(6, 2))]
        expected.push(...aloneSources.map((source) => source(2, 0.5)))
        ;[...draws, ...again].forEach((draw, i) => {
          const gap = differentNumbers(pictureAt(draw, index).data, expected[i]?.data ?? [])
          expect(gap, `draw ${i}`).toBe(0)
        })
      }
    })
    test(`${stream}: the first step does not repeat the start noise`, () => {
      const settings = { shape: single, seeds: [40], stream }
      const step = stepNoise(settings)(6, 2)
      expect(differentNumbers(step.data, initialNoise(settings).data)).toBeGreaterThan(140)
    })
    test(`${stream}: mean 0, variance 1`, () => {
      const settings = { shape: [1, 4, 64, 64], seeds: [1], stream }
      const source = brownianNoise(settings, sigmas)
      for (const { data } of [initialNoise(settings), source(6, 2), source(6, 5.9)]) {
        const moments = momentsOf(data)
        expect(Math.abs(moments.mean)).toBeLessThan(0.03)
        expect(Math.abs(moments.deviation - 1)).toBeLessThan(0.02)
      }
    })
  }
  test('the first picture of one draw over the batch is that of its seed', () => {
    const settings = { shape, seeds: [40], stream: 'cpu' } as const
    const batch = initialBatchNoise(settings)
    expect(
      differentNumbers(pictureAt(batch, 0).data, initialNoise({ ...settings, shape: single }).data),
    ).toBe(0)
    expect(differentNumbers(batch.data, initialNoise(settings).data)).toBeGreaterThan(250)
  })
  test('seeds count up to 2^64 - 1 and around', () => {
    expect(batchSeeds(2n ** 64n - 1n, 2)).toEqual([2n ** 64n - 1n, 0n])
  })
  const wrong = [-1, 1.5, Number.NaN, 2 ** 60, 2n ** 64n]
  for (const seed of wrong) {
    test(`seed ${seed} is refused`, () => {
      const expected = `seed: ${seed} given, an integer from 0 to 2^64 - 1 expected`
      expect(() => new TorchRandom(seed)).toThrow(expected)
    })
  }
  test('a wrong number of seeds is refused', () => {
    const settings = { shape, seeds: [1, 2], stream: 'cpu' } as const
    expect(() => initialNoise(settings)).toThrow('seeds: 2 given, 1 or 3 expected')
  })
})

describe('Brownian motion', () => {
  const path = () =>
    brownianPath({
      seed: 5,
      start: 0.03,
      end: 14.6,
      size: 8,
      normal: (seed, size) => new TorchRandom(seed).normal(size),
    })
  test('changes add up', () => {
    const change = path()
    const sum = change(0.5, 2).map((value, i) => value + (change(2, 6)[i] as number))
    expect(largestGap(sum, change(0.5, 6))).toBeLessThan(1e-5)
  })
  test('an empty interval and one outside the range have no change', () => {
    expect([...path()(2, 2)]).toEqual(Array(8).fill(0))
    expect([...path()(20, 30)]).toEqual(Array(8).fill(0))
  })
  test('times are rounded to six decimals, ties to the even digit', () => {
    expect(sixDecimals(0.0078125)).toBe(0.007812)
    expect(sixDecimals(0.0234375)).toBe(0.023438)
    expect(sixDecimals(1.23456789)).toBe(1.234568)
  })
})
