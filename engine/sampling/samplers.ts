import type { Sampler, SamplerOptions } from './sampler.ts'
import { ddpm, dpm2, dpm2Ancestral, euler, eulerAncestral, heun, lcm } from './samplers/euler.ts'
import { dpmpp2m, lms } from './samplers/multistep.ts'
import {
  erSde,
  gradientEstimation,
  heunpp2,
  ipndm,
  resMultistep,
  resMultistepAncestral,
} from './samplers/newer.ts'
import { dpmpp2mSde, dpmpp2sAncestral, dpmpp3mSde, dpmppSde } from './samplers/sde.ts'
import { uniPc, uniPcBh2 } from './samplers/unipc.ts'

/** A sampler and what is to be known in order to offer and to run it. */
export interface SamplerDefinition {
  readonly title: string
  readonly run: Sampler
  /**
   * The power of the step length with which the error of a whole run falls where no noise is
   * added. Multistep methods start with low-order steps, which bounds it at 2.
   */
  readonly order: number
  /** Fresh noise: none, a draw per step, or a Brownian motion whose steps agree. */
  readonly noise: 'none' | 'default' | 'brownian'
  /** True where the schedule is better made one step longer, without its last but one sigma. */
  readonly discardPenultimate: boolean
  /** True where an inpainting mask hides noise of its own rather than the start noise. */
  readonly ownMaskNoise: boolean
  /** The settings it reads, with their defaults. */
  readonly options: SamplerOptions
}

const plain = {
  noise: 'none',
  discardPenultimate: false,
  ownMaskNoise: false,
  options: {},
} as const
const ancestral = { ...plain, noise: 'default', options: { eta: 1, sNoise: 1 } } as const
const brownian = { ...ancestral, noise: 'brownian' } as const

/** Every sampler by the name that ComfyUI gives it. */
export const samplers = {
  euler: { ...plain, title: 'Euler', run: euler, order: 1 },
  euler_ancestral: { ...ancestral, title: 'Euler ancestral', run: eulerAncestral, order: 1 },
  heun: { ...plain, title: 'Heun', run: heun, order: 2 },
  dpm_2: { ...plain, title: 'DPM2', run: dpm2, order: 2, discardPenultimate: true },
  dpm_2_ancestral: {
    ...ancestral,
    title: 'DPM2 ancestral',
    run: dpm2Ancestral,
    order: 2,
    discardPenultimate: true,
  },
  lms: { ...plain, title: 'LMS', run: lms, order: 2, options: { order: 4 } },
  dpmpp_2s_ancestral: {
    ...ancestral,
    title: 'DPM++ 2S ancestral',
    run: dpmpp2sAncestral,
    order: 2,
  },
  dpmpp_sde: {
    ...brownian,
    title: 'DPM++ SDE',
    run: dpmppSde,
    order: 2,
    options: { eta: 1, sNoise: 1, r: 1 / 2 },
  },
  dpmpp_2m: { ...plain, title: 'DPM++ 2M', run: dpmpp2m, order: 2 },
  dpmpp_2m_sde: {
    ...brownian,
    title: 'DPM++ 2M SDE',
    run: dpmpp2mSde,
    order: 2,
    options: { eta: 1, sNoise: 1, solver: 'midpoint' },
  },
  dpmpp_2m_sde_heun: {
    ...brownian,
    title: 'DPM++ 2M SDE Heun',
    run: (denoise, x, sigmas, options) =>
      dpmpp2mSde(denoise, x, sigmas, { ...options, solver: 'heun' }),
    order: 2,
  },
  dpmpp_3m_sde: { ...brownian, title: 'DPM++ 3M SDE', run: dpmpp3mSde, order: 2 },
  ddim: { ...plain, title: 'DDIM', run: euler, order: 1, ownMaskNoise: true },
  ddpm: { ...ancestral, title: 'DDPM', run: ddpm, order: 1, options: {} },
  lcm: { ...ancestral, title: 'LCM', run: lcm, order: 1, options: {} },
  uni_pc: { ...plain, title: 'UniPC', run: uniPc, order: 2, discardPenultimate: true },
  uni_pc_bh2: { ...plain, title: 'UniPC BH2', run: uniPcBh2, order: 2, discardPenultimate: true },
  heunpp2: { ...plain, title: 'Heun++ 2', run: heunpp2, order: 1 },
  ipndm: { ...plain, title: 'iPNDM', run: ipndm, order: 1, options: { order: 4 } },
  gradient_estimation: {
    ...plain,
    title: 'Gradient estimation',
    run: gradientEstimation,
    order: 1,
    options: { gamma: 2 },
  },
  res_multistep: { ...plain, title: 'RES multistep', run: resMultistep, order: 2 },
  res_multistep_ancestral: {
    ...ancestral,
    title: 'RES multistep ancestral',
    run: resMultistepAncestral,
    order: 2,
  },
  er_sde: {
    ...ancestral,
    title: 'ER SDE',
    run: erSde,
    order: 1,
    options: { sNoise: 1, order: 3 },
  },
} satisfies Record<string, SamplerDefinition>

export type SamplerName = keyof typeof samplers

/** True for the name of a sampler. */
export function isSamplerName(name: string): name is SamplerName {
  return Object.hasOwn(samplers, name)
}
