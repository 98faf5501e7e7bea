import { describe, expect, it } from 'vitest'
import { noisedStep } from '../../engine/training/objective/draw-step.ts'
import { noiseSchedule } from '../../engine/training/objective/noise-schedule.ts'
import { objectiveSchema } from '../../engine/training/objective/settings.ts'
import { seededNumbers } from './objective-pictures.ts'

/** Products of alphas in float64, straight from the definition. */
function exactProducts(): number[] {
  const products: number[] = []
  for (let timestep = 0; timestep < 1000; timestep++) {
    const root = Math.sqrt(0.00085) + ((Math.sqrt(0.012) - Math.sqrt(0.00085)) * timestep) / 999
    products.push((products.at(-1) ?? 1) * (1 - root * root))
  }
  return products
}

/** Algorithm 1 of Lin et al. 2023 in float64. */
function rescaledProducts(products: number[]): number[] {
  const roots = products.map(Math.sqrt)
  const [first, last] = [roots[0]!, roots.at(-1)!]
  return roots.map((root) => (((root - last) * first) / (first - last)) ** 2)
}

function largestGap(found: ArrayLike<number>, expected: readonly number[]): number {
  return Math.max(...expected.map((value, i) => Math.abs(found[i]! - value)))
}

describe('the noise schedule', () => {
  it('has betas whose roots grow linearly from 0.00085 to 0.012', () => {
    const { alphaProducts } = noiseSchedule(false)
    const exact = exactProducts()
    expect(alphaProducts).toHaveLength(1000)
    exact.forEach((product, t) => {
      expect(Math.abs(alphaProducts[t]! / product - 1)).toBeLessThan(2e-5)
    })
    expect(largestGap(alphaProducts, exact)).toBeLessThan(1e-6)
  })

  it('splits every timestep into signal and noise whose squares sum to 1', () => {
    for (const isZero of [false, true]) {
      const { signal, noise, snr, alphaProducts } = noiseSchedule(isZero)
      const sums = signal.map((value, t) => value ** 2 + noise[t]! ** 2)
      expect(largestGap(sums, new Array(1000).fill(1))).toBeLessThan(3e-7)
      snr.forEach((ratio, t) => {
        const product = alphaProducts[t]!
        expect(Math.abs(ratio * (1 - product) - product)).toBeLessThan(1e-6)
      })
    }
  })

  it('has less signal at every further timestep', () => {
    for (const isZero of [false, true]) {
      const { snr } = noiseSchedule(isZero)
      expect(snr.every((ratio, t) => t === 0 || ratio < snr[t - 1]!)).toBe(true)
    }
  })

  it('is rescaled to leave exactly nothing at the last timestep', () => {
    const { alphaProducts, signal, noise, snr } = noiseSchedule(true)
    expect([signal[999], noise[999], snr[999]]).toEqual([0, 1, 0])
    expect(alphaProducts[0]).toBe(noiseSchedule(false).alphaProducts[0])
    expect(largestGap(alphaProducts, rescaledProducts(exactProducts()))).toBeLessThan(2e-6)
  })
})

describe('a noised picture', () => {
  const shape = [3, 4, 5, 6]
  const latents = { data: seededNumbers('latents', 360), shape }
  const noise = seededNumbers('noise', 360)
  const timesteps = [0, 431, 999]
  const request = { latents, noise, timesteps, settings: objectiveSchema.parse({}) }

  it('is signal times picture plus noise level times noise', () => {
    const { signal, noise: level } = noiseSchedule(false)
    const { sample } = noisedStep({ ...request, prediction: 'epsilon' })
    const expected = [...latents.data].map((value, i) => {
      const t = timesteps[Math.floor(i / 120)]!
      return signal[t]! * value + level[t]! * noise[i]!
    })
    expect(largestGap(sample.data, expected)).toBeLessThan(1e-6)
    expect(sample.shape).toEqual(shape)
  })

  it('has the noise as the target of an epsilon model', () => {
    expect(noisedStep({ ...request, prediction: 'epsilon' }).target).toEqual({ data: noise, shape })
  })

  it('gives back noise and picture from itself and v', () => {
    const { signal, noise: level } = noiseSchedule(false)
    const { sample, target } = noisedStep({ ...request, prediction: 'v' })
    const at = (i: number) => timesteps[Math.floor(i / 120)]!
    const found = [...sample.data].map((x, i) => {
      const [a, b, v] = [signal[at(i)]!, level[at(i)]!, target.data[i]!]
      return [a * x - b * v, b * x + a * v] as const
    })
    const pictures = found.map(([picture]) => picture)
    expect(largestGap(pictures, [...latents.data])).toBeLessThan(2e-6)
    expect(
      largestGap(
        found.map(([, epsilon]) => epsilon),
        [...noise],
      ),
    ).toBeLessThan(2e-6)
  })

  it('is all noise at the last timestep of a rescaled schedule, and v is minus the picture', () => {
    const { sample, target } = noisedStep({
      ...request,
      timesteps: [999, 999, 999],
      prediction: 'v',
      settings: objectiveSchema.parse({ zeroTerminalSnr: true }),
    })
    expect(largestGap(sample.data, [...noise])).toBe(0)
    expect(
      largestGap(
        target.data,
        [...latents.data].map((value) => -value),
      ),
    ).toBe(0)
  })
})
