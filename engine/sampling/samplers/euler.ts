import { addScaled, type Latent, weighted } from '../latent.ts'
import {
  ancestralStep,
  type Denoiser,
  derivative,
  intervals,
  type Sampler,
  type SamplerStep,
  type Sigmas,
} from '../sampler.ts'

/** First-order methods and the two-stage methods of Runge and Kutta, without and with noise. */

/** Euler's method, one denoiser call per step. Karras et al. 2022, Algorithm 2 without churn. */
export async function* euler(
  denoise: Denoiser,
  x: Latent,
  sigmas: Sigmas,
): AsyncGenerator<SamplerStep> {
  for (const { index, sigma, next } of intervals(sigmas)) {
    const denoised = await denoise(x, sigma)
    x = addScaled(x, derivative(x, denoised, sigma), next - sigma)
    yield { index, sigma, next, denoised, x }
  }
}

/** Euler's method to a lower sigma, then fresh noise back up to the next one. */
export const eulerAncestral: Sampler = async function* (denoise, x, sigmas, options) {
  const { noise, eta = 1, sNoise = 1 } = options
  for (const { index, sigma, next } of intervals(sigmas)) {
    const denoised = await denoise(x, sigma)
    const { down, up } = ancestralStep(sigma, next, eta)
    x = addScaled(x, derivative(x, denoised, sigma), down - sigma)
    if (up > 0) x = addScaled(x, noise(sigma, next), up * sNoise)
    yield { index, sigma, next, denoised, x }
  }
}

/**
 * Ho et al. 2020 (arXiv 2006.11239), Algorithm 2. In sigma scaling its posterior mean and variance
 * are those of the ancestral step with eta 1.
 */
export const ddpm: Sampler = (denoise, x, sigmas, { noise }) =>
  eulerAncestral(denoise, x, sigmas, { noise })

/** Heun's method: the mean of the slopes at both ends. Karras et al. 2022, Algorithm 1. */
export const heun: Sampler = async function* (denoise, x, sigmas) {
  for (const { index, sigma, next } of intervals(sigmas)) {
    let denoised = await denoise(x, sigma)
    const slope = derivative(x, denoised, sigma)
    const ahead = addScaled(x, slope, next - sigma)
    if (next === 0) {
      x = ahead
    } else {
      denoised = await denoise(ahead, next)
      const slopeAhead = derivative(ahead, denoised, next)
      x = weighted([1, x], [(next - sigma) / 2, slope], [(next - sigma) / 2, slopeAhead])
    }
    yield { index, sigma, next, denoised, x }
  }
}

/** The midpoint method, its middle halfway in log sigma. Karras et al. 2022, Table 1, DPM-2. */
export const dpm2: Sampler = (denoise, x, sigmas, { noise }) =>
  dpm2Ancestral(denoise, x, sigmas, { noise, eta: 0 })

/** The midpoint method to a lower sigma, then fresh noise back up to the next one. */
export const dpm2Ancestral: Sampler = async function* (denoise, x, sigmas, options) {
  const { noise, eta = 1, sNoise = 1 } = options
  for (const { index, sigma, next } of intervals(sigmas)) {
    let denoised = await denoise(x, sigma)
    const { down, up } = ancestralStep(sigma, next, eta)
    const slope = derivative(x, denoised, sigma)
    if (down === 0) {
      x = addScaled(x, slope, down - sigma)
    } else {
      const middle = Math.sqrt(sigma * down)
      const halfway = addScaled(x, slope, middle - sigma)
      denoised = await denoise(halfway, middle)
      x = addScaled(x, derivative(halfway, denoised, middle), down - sigma)
    }
    if (up > 0) x = addScaled(x, noise(sigma, next), up * sNoise)
    yield { index, sigma, next, denoised, x }
  }
}

/** A consistency model: jump to the clean latent and noise it again. Luo et al. 2023. */
export const lcm: Sampler = async function* (denoise, x, sigmas, { noise }) {
  for (const { index, sigma, next } of intervals(sigmas)) {
    const denoised = await denoise(x, sigma)
    x = next > 0 ? addScaled(denoised, noise(sigma, next), next) : denoised
    yield { index, sigma, next, denoised, x }
  }
}
