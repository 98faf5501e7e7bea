import { expect } from 'vitest'
import { type Latent, scaled, weighted } from '../../engine/sampling/latent.ts'
import type { Denoiser, SamplerOptions, SamplerStep } from '../../engine/sampling/sampler.ts'
import { type SamplerName, samplers } from '../../engine/sampling/samplers.ts'
import { row } from './golden-data.ts'

/** A recorded run. Fields that name a tensor hold its key. */
export interface ReplayCase {
  id: string
  sampler: string
  cfg: number
  seed: number
  sigmas: string
  options?: Record<string, unknown>
  latent?: string
  x_calls?: string
  call_sigmas?: number[]
  noise?: string
  noise_intervals?: [number, number][] | null
  x_final: string
  x_final_f64?: string
  tol?: number
  tol_calls?: number
}

/** Samplers of the reference that are not built. */
export const notBuilt: ReadonlySet<string> = new Set([
  'euler_cfg_pp',
  'euler_ancestral_cfg_pp',
  'dpm_fast',
  'dpm_adaptive',
  'dpmpp_2s_ancestral_cfg_pp',
  'dpmpp_2m_cfg_pp',
  'ipndm_v',
  'deis',
  'res_multistep_cfg_pp',
  'res_multistep_ancestral_cfg_pp',
  'gradient_estimation_cfg_pp',
  'seeds_2',
  'seeds_3',
  'sa_solver',
  'sa_solver_pece',
])

/** How near a float64 run comes: its sigmas, noise and denoiser are those of the reference. */
export function doubleTolerance(sampler: string): number {
  // The reference integrates its noise shape in float32 even in its float64 run.
  return sampler === 'er_sde' ? 1e-7 : 1e-9
}

/** What the reference calls the settings of samplers. */
const optionNames: Record<string, keyof SamplerOptions> = {
  eta: 'eta',
  s_noise: 'sNoise',
  r: 'r',
  order: 'order',
  solver_type: 'solver',
  ge_gamma: 'gamma',
  max_order: 'order',
  max_stage: 'order',
}

const sigmaMax = 14.614641189575195

/** The settings of a case under the names used here. */
export function samplerOptions({ options = {} }: ReplayCase): SamplerOptions {
  return Object.fromEntries(
    Object.entries(options).map(([key, value]) => [optionNames[key] ?? key, value]),
  )
}

/** Runs a sampler from the recorded start noise with the recorded step noise. */
export async function replay(run: {
  one: ReplayCase
  sampler?: SamplerName
  denoise: Denoiser
  sigmas: readonly number[]
  read: (name: string) => Latent
  /** The unit noise it starts from. */
  start: Latent
}) {
  const { one, sigmas, read } = run
  const calls: { x: Latent; sigma: number }[] = []
  const denoise: Denoiser = async (x, sigma) => {
    calls.push({ x, sigma })
    return run.denoise(x, sigma)
  }
  const rows = one.noise ? read(one.noise) : undefined
  let asked = 0
  const noise = (sigma: number, next: number): Latent => {
    const interval = one.noise_intervals?.[asked]
    if (!rows || !interval) throw new Error(`noise ${asked} is not recorded`)
    expect(Math.abs(sigma / interval[0] - 1)).toBeLessThan(1e-6)
    expect(Math.abs(next / interval[1] - 1)).toBeLessThan(1e-6)
    return row(rows, asked++)
  }
  const options = samplerOptions(one)
  const first = sigmas[0] as number
  const whole = first > sigmaMax * (1 - 1e-5)
  const noised = scaled(run.start, whole ? Math.sqrt(1 + first ** 2) : first)
  let x = one.latent ? weighted([1, noised], [1, read(one.latent)]) : noised
  const definition = samplers[run.sampler ?? (one.sampler as SamplerName)]
  let last: SamplerStep | undefined
  for await (const step of definition.run(denoise, x, sigmas, { ...options, noise })) last = step
  // Where eta is 0 the reference may draw noise and multiply it by 0.
  if (options.eta !== 0 && definition.noise !== 'none')
    expect(asked).toBe(one.noise_intervals?.length ?? 0)
  x = last?.x ?? x
  return { x, calls }
}
