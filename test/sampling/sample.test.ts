import { describe, expect, test } from 'vitest'
import { DeviceError, WorkflowError } from '../../engine/errors.ts'
import { guidedDenoiser, inTurn } from '../../engine/sampling/guidance.ts'
import { addScaled, type Latent, scaled } from '../../engine/sampling/latent.ts'
import { initialNoise } from '../../engine/sampling/noise.ts'
import { planSigmas, type SigmaPlan } from '../../engine/sampling/plan-sigmas.ts'
import { type SampleOptions, sample } from '../../engine/sampling/sample.ts'
import type { SamplerStep } from '../../engine/sampling/sampler.ts'
import { samplers } from '../../engine/sampling/samplers.ts'
import { schedules } from '../../engine/sampling/schedules.ts'
import { discreteSigmas } from '../../engine/sampling/sigma-table.ts'
import { sliceSigmas } from '../../engine/sampling/slice-sigmas.ts'
import { differentNumbers, largestGap } from './golden-data.ts'
import { idealDenoiser } from './ideal.ts'

const table = discreteSigmas()
const shape = [1, 4, 2, 2]
const latent: Latent = { data: new Float32Array(16).map((_, i) => Math.sin(i)), shape }
const base: SampleOptions = {
  sampler: 'euler',
  sigmas: planSigmas({ schedule: 'karras', steps: 6, table }),
  denoise: idealDenoiser,
  table,
  latent,
  seeds: [3],
  stream: 'cpu',
}

async function run(options: Partial<SampleOptions>): Promise<{ x: Latent; steps: SamplerStep[] }> {
  const generator = sample({ ...base, ...options })
  const steps: SamplerStep[] = []
  for (;;) {
    const { done, value } = await generator.next()
    if (done) return { x: value, steps }
    steps.push(value)
  }
}

describe('a run', () => {
  test('yields every step and returns the last latent', async () => {
    const { x, steps } = await run({})
    expect(steps.map(({ index }) => index)).toEqual([0, 1, 2, 3, 4, 5])
    expect(steps.map(({ sigma }) => sigma)).toEqual(Array.from(base.sigmas).slice(0, -1))
    expect(x).toBe(steps.at(-1)?.x)
  })
  test('starts from full diffusion at the largest sigma, from added noise below', async () => {
    const noise = initialNoise({ shape, seeds: [3], stream: 'cpu' })
    const seen: Latent[] = []
    const denoise: typeof idealDenoiser = async (x, sigma) => {
      seen.push(x)
      return idealDenoiser(x, sigma)
    }
    await run({ denoise })
    await run({ denoise, sigmas: [2, 0] })
    const first = base.sigmas[0] as number
    const full = addScaled(latent, noise, Math.sqrt(1 + first ** 2))
    expect(differentNumbers(seen[0]?.data ?? [], full.data)).toBe(0)
    expect(differentNumbers(seen[6]?.data ?? [], addScaled(latent, noise, 2).data)).toBe(0)
  })
  test('can be cut in two at any step', async () => {
    for (const sampler of ['euler', 'heun', 'dpm_2']) {
      const whole = await run({ sampler })
      const first = await run({ sampler, sigmas: sliceSigmas(base.sigmas, { end: 4 }) })
      const second = await run({
        sampler,
        sigmas: sliceSigmas(base.sigmas, { start: 4 }),
        latent: first.x,
        addNoise: false,
      })
      expect(differentNumbers(second.x.data, whole.x.data)).toBe(0)
    }
  })
  for (const sampler of Object.keys(samplers)) {
    test(`${sampler} keeps what the mask keeps, bit for bit`, async () => {
      const mask: Latent = { data: new Float32Array(16).map((_, i) => (i % 4) / 3), shape }
      const { x } = await run({ sampler, mask })
      for (let i = 0; i < 16; i++) {
        if (mask.data[i] === 0) expect(x.data[i]).toBe(latent.data[i])
        if (mask.data[i] === 1) expect(x.data[i]).not.toBe(latent.data[i])
      }
    })
  }
  test('without guidance the unconditional estimate is not asked for', async () => {
    const never = async () => {
      throw new Error('asked')
    }
    const denoise = guidedDenoiser({
      cond: idealDenoiser,
      both: inTurn(idealDenoiser, never),
      guidance: 1,
    })
    const { x } = await run({ denoise })
    expect(differentNumbers(x.data, (await run({})).x.data)).toBe(0)
  })
  test('the middle of guidance 2 is twice as far from uncond as cond', async () => {
    const denoise = guidedDenoiser({
      cond: async (x) => scaled(x, 3),
      both: inTurn(
        async (x) => scaled(x, 3),
        async (x) => x,
      ),
      guidance: 2,
    })
    expect(largestGap((await denoise(latent, 1)).data, scaled(latent, 5).data)).toBeLessThan(1e-6)
  })
})

describe('what cannot be is refused', () => {
  const samplerNames = Object.keys(samplers).join(', ')
  const short: Latent = { data: new Float32Array(2), shape: [1, 2] }
  const refused: [string, Partial<SampleOptions>][] = [
    [`sampler: eulr given, one of ${samplerNames} expected`, { sampler: 'eulr' }],
    ['sigmas: 1 given, at least 2 expected', { sigmas: [1] }],
    ['sigmas: number 3 is 5, expected 0 to below 5', { sigmas: [9, 5, 5, 0] }],
    ['sigmas: number 1 is NaN, expected 0 to below Infinity', { sigmas: [Number.NaN, 0] }],
    ['sampler: eta is -1, expected 0 to 100', { options: { eta: -1 } }],
    ['sampler: r is 1, expected between 0 and 1', { options: { r: 1 } }],
    ['sampler: order is 0, expected 1 to 100', { options: { order: 0 } }],
    ['mask: shape 1,2, that of the latent, 1,4,2,2, expected', { mask: short }],
  ]
  for (const [message, options] of refused) {
    test(message, async () => {
      await expect(run(options)).rejects.toThrow(new WorkflowError(message))
    })
  }

  const scheduleNames = Object.keys(schedules).join(', ')
  const plan: SigmaPlan = { schedule: 'karras', steps: 20, table }
  const plans: [string, Partial<SigmaPlan>][] = [
    ['sampler: steps is 0, expected 1 to 10000', { steps: 0 }],
    ['sampler: steps is 2.5, expected 1 to 10000', { steps: 2.5 }],
    ['sampler: denoise is 0, expected above 0 to 1', { denoise: 0 }],
    ['sampler: denoise is 1.5, expected above 0 to 1', { denoise: 1.5 }],
    ['schedule kl_optimal: steps is 1, at least 2 expected', { schedule: 'kl_optimal', steps: 1 }],
    [`schedule: x given, one of ${scheduleNames} expected`, { schedule: 'x' }],
    [`sampler: x given, one of ${samplerNames} expected`, { sampler: 'x' }],
  ]
  for (const [message, change] of plans) {
    test(message, () => {
      expect(() => planSigmas({ ...plan, ...change })).toThrow(new WorkflowError(message))
    })
  }

  for (const broken of [Number.NaN, Number.POSITIVE_INFINITY]) {
    test(`a network that gives ${broken} stops the run and the step is named`, async () => {
      let call = 0
      const denoise: typeof idealDenoiser = async (x, sigma) =>
        ++call === 3 ? scaled(x, broken) : idealDenoiser(x, sigma)
      const failure = run({ denoise })
      await expect(failure).rejects.toBeInstanceOf(DeviceError)
      await expect(failure).rejects.toThrow(/^sampler: step 3 of 6: the network gave -?(NaN|Inf)/)
    })
  }
})

describe('every schedule', () => {
  for (const schedule of Object.keys(schedules)) {
    test(`${schedule} falls from the top to an exact 0`, () => {
      for (const steps of [2, 3, 10, 31]) {
        const sigmas = planSigmas({ schedule, steps, table })
        expect(sigmas.at(-1)).toBe(0)
        // A schedule that picks from the bottom of the table reaches the top with many steps only.
        if (steps > 9) expect(sigmas[0]).toBeGreaterThan(8)
        expect([...sigmas]).toEqual([...new Set(sigmas)].sort((a, b) => b - a))
      }
    })
    test(`${schedule} with denoise keeps the steps and starts lower`, () => {
      const whole = planSigmas({ schedule, steps: 10, table })
      const part = planSigmas({ schedule, steps: 10, denoise: 0.5, table })
      expect(part.length).toBe(11)
      expect(part[0]).toBeLessThan(whole[0] as number)
    })
  }
})
