import { describe, expect, test } from 'vitest'
import type { Latent } from '../../engine/sampling/latent.ts'
import { pictureAt } from '../../engine/sampling/latent.ts'
import { planSigmas } from '../../engine/sampling/plan-sigmas.ts'
import { sample } from '../../engine/sampling/sample.ts'
import type { SamplerOptions } from '../../engine/sampling/sampler.ts'
import { type SamplerDefinition, samplers } from '../../engine/sampling/samplers.ts'
import { karrasSigmas } from '../../engine/sampling/schedules.ts'
import { discreteSigmas } from '../../engine/sampling/sigma-table.ts'
import { differentNumbers, largestGap } from './golden-data.ts'
import { deviation, idealConsistency, idealDenoiser, mean, momentsOf, solution } from './ideal.ts'

const table = discreteSigmas()
const all: [string, SamplerDefinition][] = Object.entries(samplers)
const quiet = all.filter(([, { noise, options }]) => noise === 'none' || 'eta' in options)

const zeros = (...shape: number[]): Latent => ({
  data: new Float32Array(shape.reduce((product, length) => product * length, 1)),
  shape,
})

/** Start noise from a rule, so that the test needs no generator. */
const start: Latent = { data: Float64Array.from([12, -7, 3, 0.4]), shape: [1, 1, 2, 2] }

const noNoise = (): Latent => {
  throw new Error('noise was asked for')
}

/** Largest error at sigma 0.5 after so many steps from sigma 10. */
async function errorOf({ run, options }: SamplerDefinition, steps: number): Promise<number> {
  const sigmas = Array.from({ length: steps + 1 }, (_, i) => 10 * 0.05 ** (i / steps))
  const all: SamplerOptions = { ...options, eta: 0 }
  let x = start
  for await (const step of run(idealDenoiser, start, sigmas, { ...all, noise: noNoise })) x = step.x
  return largestGap(x.data, solution(start, 10, 0.5).data)
}

async function finalOf(
  sampler: string,
  run: { latent?: Latent; seeds?: number[]; options?: SamplerOptions; steps?: number },
): Promise<Latent> {
  const generator = sample({
    sampler,
    sigmas: planSigmas({ schedule: 'karras', steps: run.steps ?? 12, table, sampler }),
    denoise: sampler === 'lcm' ? idealConsistency : idealDenoiser,
    table,
    latent: run.latent ?? zeros(1, 4, 4, 4),
    seeds: run.seeds ?? [7],
    stream: 'cpu',
    ...(run.options && { options: run.options }),
  })
  for (;;) {
    const { done, value } = await generator.next()
    if (done) return value
  }
}

describe('every sampler without noise', () => {
  for (const [name, definition] of quiet) {
    test(`${name} nears the known answer with order ${definition.order}`, async () => {
      const coarse = await errorOf(definition, 256)
      const fine = await errorOf(definition, 1024)
      expect(fine).toBeLessThan(5e-3)
      expect(Math.log2(coarse / fine) / 2).toBeGreaterThan(definition.order - 0.2)
    })
    test(`${name} asks for no noise`, async () => {
      await expect(errorOf(definition, 4)).resolves.toBeLessThan(1)
    })
  }
})

describe('every sampler', () => {
  for (const [name, { noise, order }] of all) {
    test(`${name} draws from the distribution of the data`, async () => {
      const { data } = await finalOf(name, { latent: zeros(1, 4, 32, 32), steps: 40 })
      const moments = momentsOf(data)
      expect(Math.abs(moments.mean - mean)).toBeLessThan(0.03)
      // A first-order method is still 8 per cent off after 40 steps.
      const allowed = order === 1 ? 0.1 : 0.04
      expect(Math.abs(moments.deviation / deviation - 1)).toBeLessThan(allowed)
    })
    test(`${name} gives the same picture for the same seed, another one for another`, async () => {
      const [first, again, other] = await Promise.all([
        finalOf(name, {}),
        finalOf(name, {}),
        finalOf(name, { seeds: [8] }),
      ])
      expect(differentNumbers(again.data, first.data)).toBe(0)
      expect(differentNumbers(other.data, first.data)).toBeGreaterThan(60)
    })
    test(`${name} makes each picture of a batch as a single run does`, async () => {
      const batch = await finalOf(name, { latent: zeros(3, 4, 4, 4), seeds: [7] })
      for (const [index, seed] of [7, 8, 9].entries()) {
        const single = await finalOf(name, { seeds: [seed] })
        expect(differentNumbers(pictureAt(batch, index).data, single.data)).toBe(0)
      }
    })
    test(`${name} leaves the start latent as it was`, async () => {
      const latent = zeros(1, 4, 4, 4)
      await finalOf(name, { latent })
      expect(latent.data.every((number: number) => number === 0)).toBe(true)
    })
    test(`${name} is told in the table to need noise only where it asks for it`, async () => {
      let asked = 0
      const sigmas = karrasSigmas({ min: 0.5, max: 10, steps: 5 })
      const { run, options } = samplers[name as keyof typeof samplers] as SamplerDefinition
      const source = () => {
        asked++
        return start
      }
      for await (const step of run(idealDenoiser, start, sigmas, { ...options, noise: source })) {
        expect(step.next).toBe(sigmas[step.index + 1])
      }
      expect(asked > 0).toBe(noise !== 'none')
    })
  }
})
