import { difference, type Latent, scaled, weighted } from './latent.ts'
import type { NoiseSource } from './noise.ts'

/** Estimates the clean latent from `x` at a noise level. */
export type Denoiser = (x: Latent, sigma: number) => Promise<Latent>

/** Noise levels, decreasing; `steps + 1` of them, the last one usually 0. */
export type Sigmas = ArrayLike<number>

/** What is known after a step. */
export interface SamplerStep {
  /** 0 to steps - 1. */
  readonly index: number
  readonly sigma: number
  readonly next: number
  /** The last estimate of the clean latent made in this step. */
  readonly denoised: Latent
  /** The latent at `next`. */
  readonly x: Latent
}

/** Settings of samplers; each one reads those that its table entry names. */
export interface SamplerOptions {
  /** Fresh noise: 0 none (deterministic), 1 as much as the diffusion has. */
  readonly eta?: number
  /** Multiplies fresh noise. */
  readonly sNoise?: number
  /** Place of the middle evaluation within a step, 0 to 1. */
  readonly r?: number
  /** How many earlier estimates a multistep method uses. */
  readonly order?: number
  /** How far `gradient_estimation` extrapolates the slope; 1 not at all. */
  readonly gamma?: number
  /** How `dpmpp_2m_sde` uses the earlier estimate. */
  readonly solver?: 'midpoint' | 'heun'
}

/** Walks the sigmas; asks `noise` once per interval in which it adds some. */
export type Sampler = (
  denoise: Denoiser,
  x: Latent,
  sigmas: Sigmas,
  options: SamplerOptions & { readonly noise: NoiseSource },
) => AsyncGenerator<SamplerStep>

/** One interval of the sigmas. */
export interface Interval {
  readonly index: number
  readonly sigma: number
  readonly next: number
}

/** The intervals in order. */
export function* intervals(sigmas: Sigmas): Generator<Interval> {
  for (let index = 0; index + 1 < sigmas.length; index++) {
    yield { index, sigma: sigmas[index] as number, next: sigmas[index + 1] as number }
  }
}

/** `dx/dsigma`, the slope of the probability-flow ODE. Karras et al. 2022, equation 3. */
export function derivative(x: Latent, denoised: Latent, sigma: number): Latent {
  return scaled(difference(x, denoised), 1 / sigma)
}

/**
 * Splits a step into a deterministic part and fresh noise.
 * Both results are sigmas; `up` is at most `next`. With `eta` 0 the step is deterministic.
 * Source: Song et al. 2021 (arXiv 2011.13456), ancestral sampling, variance-exploding case.
 */
export function ancestralStep(
  sigma: number,
  next: number,
  eta: number,
): { readonly down: number; readonly up: number } {
  const share = Math.sqrt((next ** 2 * (sigma ** 2 - next ** 2)) / sigma ** 2)
  const up = Math.min(next, eta * share)
  return { down: Math.sqrt(next ** 2 - up ** 2), up }
}

/** The exact solution from `sigma` to `next` while the clean estimate stays: a straight line. */
export function towards(x: Latent, denoised: Latent, sigma: number, next: number): Latent {
  return weighted([next / sigma, x], [1 - next / sigma, denoised])
}

/** Time in which the ODE is linear but for the denoiser: `-ln(sigma)`. Lu et al. 2022. */
export function logTime(sigma: number): number {
  return -Math.log(sigma)
}
