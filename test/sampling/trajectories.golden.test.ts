import { afterAll, expect, test } from 'vitest'
import type { Latent } from '../../engine/sampling/latent.ts'
import { sample } from '../../engine/sampling/sample.ts'
import { middleOf32 } from '../../engine/sampling/samplers/sde.ts'
import { isSamplerName, type SamplerName, samplers } from '../../engine/sampling/samplers.ts'
import { discreteSigmas } from '../../engine/sampling/sigma-table.ts'
import { TorchRandom } from '../../engine/sampling/torch-random.ts'
import {
  expectKnown,
  forCases,
  goldenSet,
  largestGap,
  reportNotCovered,
  row,
  toDouble,
} from './golden-data.ts'
import { doubleTolerance, notBuilt, type ReplayCase, replay, samplerOptions } from './replay.ts'
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

/** True where the data were made by the rule of older programs: step noise from the seed itself. */
function hasOldSeeds({ noise, noise_source, seed }: Case): boolean {
  if (!noise || noise_source !== 'default') return false
  const first = row(golden!.latent(noise), 0).data
  return largestGap(first, new TorchRandom(seed).normal(first.length)) === 0
}

forCases('the front door from the seed alone', cases.filter(isBuilt), (one) => {
  test.skipIf(hasOldSeeds(one))(one.id, async () => {
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
    // A Brownian motion differs by more at a time that is a rounding error away.
    expect(gap).toBeLessThanOrEqual(hasSameTimes(one) ? one.tol : 1e-3)
  })
})

/**
 * False where the reference's float32 logarithm, which is not the nearest float32 everywhere, puts
 * a middle sigma one rounding away.
 */
function hasSameTimes({ noise_source, noise_intervals, sigmas, options }: Case): boolean {
  if (noise_source !== 'brownian') return true
  const schedule = golden!.json.schedules[sigmas] as number[]
  const r = typeof options?.r === 'number' ? options.r : 1 / 2
  return (noise_intervals ?? []).every(([sigma, next]) => {
    const after = schedule[schedule.indexOf(sigma) + 1] as number
    return next === after || next === middleOf32(sigma, after, r)
  })
}

forCases('trajectories of the reference', cases.filter(isBuilt), (one) => {
  test(one.id, async () => {
    const double = await run(one, toDouble)
    const finalDouble = golden!.latent(one.x_final_f64)
    const gap = largestGap(double.x.data, finalDouble.data)
    worst.double = Math.max(worst.double, gap)
    expect(gap).toBeLessThan(doubleTolerance(one.sampler))

    const single = await run(one, (latent) => latent)
    const finalGap = largestGap(single.x.data, golden!.latent(one.x_final).data)
    worst.single = Math.max(worst.single, finalGap / one.tol)
    expect(finalGap).toBeLessThanOrEqual(one.tol)

    if (!one.x_calls) return
    const recorded = golden!.latent(one.x_calls)
    expect(single.calls.length).toBe(one.call_sigmas?.length)
    single.calls.forEach(({ x, sigma }, i) => {
      const expectedSigma = (one.call_sigmas ?? [])[i] as number
      expect(Math.abs(sigma / expectedSigma - 1)).toBeLessThan(sigmaTolerance(one, sigma))
      const callGap = largestGap(x.data, row(recorded, i).data) / Math.max(1, sigma)
      worst.calls = Math.max(worst.calls, callGap / one.tol_calls)
      expect(callGap, `call ${i}`).toBeLessThanOrEqual(one.tol_calls)
    })
    const { noise } = samplers[nameOf(one.sampler) as SamplerName]
    if (one.noise_source && noise !== 'none') expect(noise).toBe(one.noise_source)
  })
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
