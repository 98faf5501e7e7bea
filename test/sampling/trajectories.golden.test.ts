import { afterAll, describe, expect, test } from 'vitest'
import type { Latent } from '../../engine/sampling/latent.ts'
import { sample } from '../../engine/sampling/sample.ts'
import { isSamplerName, type SamplerName, samplers } from '../../engine/sampling/samplers.ts'
import { discreteSigmas } from '../../engine/sampling/sigma-table.ts'
import {
  expectKnown,
  goldenSet,
  largestGap,
  reportNotCovered,
  row,
  toDouble,
} from './golden-data.ts'
import { notBuilt, type ReplayCase, replay, samplerOptions } from './replay.ts'
import { type Toy, toyDenoiser } from './toy.ts'

interface Case extends ReplayCase {
  model?: string
  x_init?: string
  noise_source?: string
  x_final_f64: string
  tol: number
  tol_calls: number
}

interface Trajectories {
  toy: Toy
  x_init: string
  aliases: Record<string, string>
  schedules: Record<string, number[]>
  cases: Case[]
}

const golden = goldenSet<Trajectories>('samplers/trajectories/trajectories')
const cases = golden?.json.cases ?? []
const nameOf = (sampler: string) => golden?.json.aliases[sampler] ?? sampler
const isBuilt = (one: Case) => isSamplerName(nameOf(one.sampler)) && one.model === undefined

expectKnown(
  'sampler',
  cases.map((one) => nameOf(one.sampler)),
  new Set([...Object.keys(samplers), ...notBuilt]),
)
reportNotCovered(
  'samplers',
  cases
    .filter((one) => !isBuilt(one))
    .map((one) => (one.model ? `${one.model}: ` : '') + one.sampler),
)

const table = discreteSigmas()
const worst = { double: 0, calls: 0, single: 0 }
afterAll(() => {
  console.info(
    `largest errors: float64 ${worst.double}, model inputs ${worst.calls}, ` +
      `float32 as a share of its tolerance ${worst.single}`,
  )
})

/** False where the data were made with the seed rule of older programs. */
function hasOwnSeeds({ noise, seed }: Case): boolean {
  const stated = /^randn\.seed(\d+)/.exec(noise ?? '')?.[1]
  return stated === undefined || Number(stated) === seed + 1
}

describe('the front door from the seed alone', () => {
  for (const one of cases.filter((one) => isBuilt(one) && hasOwnSeeds(one))) {
    test(one.id, async () => {
      const { json, latent } = golden!
      const shape = latent(one.x_init ?? json.x_init).shape
      const generator = sample({
        sampler: nameOf(one.sampler),
        sigmas: json.schedules[one.sigmas] as number[],
        denoise: toyDenoiser(json.toy, latent(json.toy.means_tensor), one.cfg),
        table,
        latent: one.latent
          ? latent(one.latent)
          : { data: new Float32Array(latent(one.x_init ?? json.x_init).data.length), shape },
        seeds: [one.seed],
        stream: 'cpu',
        draw: 'batch',
        options: samplerOptions(one),
      })
      let result = await generator.next()
      while (!result.done) result = await generator.next()
      const gap = largestGap(result.value.data, latent(one.x_final).data)
      expect(gap).toBeLessThanOrEqual(one.tol)
    })
  }
})

describe('trajectories of the reference', () => {
  for (const one of cases.filter(isBuilt)) {
    test(one.id, async () => {
      const double = await run(one, toDouble)
      const finalDouble = golden!.latent(one.x_final_f64)
      const gap = largestGap(double.x.data, finalDouble.data)
      worst.double = Math.max(worst.double, gap)
      expect(gap).toBeLessThan(1e-9)

      const single = await run(one, (latent) => latent)
      const finalGap = largestGap(single.x.data, golden!.latent(one.x_final).data)
      worst.single = Math.max(worst.single, finalGap / one.tol)
      expect(finalGap).toBeLessThanOrEqual(one.tol)

      const recorded = golden!.latent(one.x_calls ?? '')
      expect(single.calls.length).toBe(one.call_sigmas?.length)
      single.calls.forEach(({ x, sigma }, i) => {
        const expectedSigma = (one.call_sigmas ?? [])[i] as number
        expect(Math.abs(sigma / expectedSigma - 1)).toBeLessThan(sigmaTolerance(one, sigma))
        const callGap = largestGap(x.data, row(recorded, i).data) / Math.max(1, sigma)
        worst.calls = Math.max(worst.calls, callGap / one.tol_calls)
        expect(callGap, `call ${i}`).toBeLessThanOrEqual(one.tol_calls)
      })
      const { noise } = samplers[nameOf(one.sampler) as SamplerName]
      if (one.noise_source) expect(noise).toBe(one.noise_source)
    })
  }
})

/**
 * The recorded sigmas are those of a float32 run. In the middle of an ancestral step they rest on
 * sqrt(next^2 - up^2), which loses digits there as the square of next over its result.
 */
function sigmaTolerance(one: Case, sigma: number): number {
  const sigmas = golden!.json.schedules[one.sigmas] as number[]
  const after = sigmas.findIndex((other) => other <= sigma)
  const [previous, next] = [sigmas[after - 1], sigmas[after]]
  if (!one.sampler.includes('ancestral') || !previous || !next || next === sigma) return 1e-6
  const down = sigma ** 2 / previous
  return 1e-6 + 2 ** -24 * (next / down) ** 2
}

function run(one: Case, precision: (latent: Latent) => Latent) {
  const { json, latent } = golden!
  const read = (name: string) => precision(latent(name))
  return replay({
    one,
    sampler: nameOf(one.sampler) as SamplerName,
    denoise: toyDenoiser(json.toy, latent(json.toy.means_tensor), one.cfg),
    sigmas: json.schedules[one.sigmas] as number[],
    read,
    start: read(one.x_init ?? json.x_init),
  })
}
