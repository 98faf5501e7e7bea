import { predictions } from './denoiser.ts'
import { blank, type Latent, weighted } from './latent.ts'
import type { Denoiser } from './sampler.ts'

/** The estimates with and without the prompt. */
export interface GuidedPair {
  readonly cond: Latent
  readonly uncond: Latent
}

/** How the pair is combined. */
export interface GuidanceOptions {
  /** `s` in `uncond + s * (cond - uncond)`; 1 is off. */
  readonly guidance: number
  /** Pulls the contrast back to that of `cond`: 0 is off, 1 fully. */
  readonly rescale?: number
}

/**
 * A guided denoiser. With guidance 1 only `cond` is asked; else `both`, which may run the two as
 * one batch or in turn.
 */
export function guidedDenoiser(
  options: GuidanceOptions & {
    readonly cond: Denoiser
    readonly both: (x: Latent, sigma: number) => Promise<GuidedPair>
  },
): Denoiser {
  const { guidance, rescale = 0, cond, both } = options
  if (guidance === 1) return cond
  return async (x, sigma) => {
    const pair = await both(x, sigma)
    return rescale === 0
      ? guided(pair, guidance)
      : guidedRescaled(pair, { x, sigma, guidance, rescale })
  }
}

/** Two denoisers asked in turn. */
export function inTurn(
  cond: Denoiser,
  uncond: Denoiser,
): (x: Latent, sigma: number) => Promise<GuidedPair> {
  return async (x, sigma) => ({ cond: await cond(x, sigma), uncond: await uncond(x, sigma) })
}

/** `uncond + guidance * (cond - uncond)`. Ho, Salimans 2022 (arXiv 2207.12598), equation 6. */
export function guided({ cond, uncond }: GuidedPair, guidance: number): Latent {
  const data = blank(uncond.data)
  for (let i = 0; i < data.length; i++) {
    const base = uncond.data[i] as number
    data[i] = base + guidance * ((cond.data[i] as number) - base)
  }
  return { data, shape: uncond.shape }
}

/** Guidance on v, the contrast pulled back. Lin et al. 2023 (arXiv 2305.08891), section 3.4. */
export function guidedRescaled(
  pair: GuidedPair,
  options: Required<GuidanceOptions> & { readonly x: Latent; readonly sigma: number },
): Latent {
  const { x, sigma, guidance, rescale } = options
  const cond = velocity(pair.cond, x, sigma)
  const combined = guided({ cond, uncond: velocity(pair.uncond, x, sigma) }, guidance)
  return predictions.v({ output: withContrastOf(cond, combined, rescale), x, sigma })
}

/**
 * Scales each picture of `combined` to the standard deviation of the same picture of `cond`, and
 * mixes: `amount` 0 leaves it, 1 scales fully.
 */
export function withContrastOf(cond: Latent, combined: Latent, amount: number): Latent {
  const data = blank(combined.data)
  const size = data.length / (combined.shape[0] as number)
  for (let start = 0; start < data.length; start += size) {
    const picture = combined.data.subarray(start, start + size)
    const ratio = deviation(cond.data.subarray(start, start + size)) / deviation(picture)
    const factor = amount * ratio + (1 - amount)
    for (let i = 0; i < size; i++) data[start + i] = (picture[i] as number) * factor
  }
  return { data, shape: combined.shape }
}

/** The v that a v-predicting network would have output for an estimate. */
function velocity(denoised: Latent, x: Latent, sigma: number): Latent {
  const root = Math.sqrt(sigma ** 2 + 1)
  return weighted([1 / (root * sigma), x], [-root / sigma, denoised])
}

/** Standard deviation with Bessel's correction. */
function deviation(numbers: Float32Array | Float64Array): number {
  let sum = 0
  for (const number of numbers) sum += number
  const mean = sum / numbers.length
  let squares = 0
  for (const number of numbers) squares += (number - mean) ** 2
  return Math.sqrt(squares / (numbers.length - 1))
}
