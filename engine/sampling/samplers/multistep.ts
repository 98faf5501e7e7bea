import { type Latent, weighted } from '../latent.ts'
import { derivative, intervals, logTime, type Sampler, towards } from '../sampler.ts'

/** Methods that reuse estimates of earlier steps: one denoiser call per step. */

const defaultLmsOrder = 4

/**
 * The linear multistep method of Adams and Bashforth on uneven steps: the polynomial through the
 * latest slopes, integrated over the step.
 */
export const lms: Sampler = async function* (denoise, x, sigmas, { order = defaultLmsOrder }) {
  let slopes: Latent[] = []
  for (const { index, sigma, next } of intervals(sigmas)) {
    const denoised = await denoise(x, sigma)
    slopes = [derivative(x, denoised, sigma), ...slopes].slice(0, order)
    if (next === 0) {
      x = denoised
    } else {
      const nodes = slopes.map((_, back) => sigmas[index - back] as number)
      const factors = lagrangeIntegrals(nodes, sigma, next)
      x = weighted([1, x], ...slopes.map((slope, i) => [factors[i] as number, slope] as const))
    }
    yield { index, sigma, next, denoised, x }
  }
}

/** Integrals from `from` to `to` of the polynomials that are 1 at one node and 0 at the others. */
export function lagrangeIntegrals(nodes: readonly number[], from: number, to: number): number[] {
  return nodes.map((node, i) => {
    // Coefficients of the product of (s - other) / (node - other), lowest power first, with s
    // counted from `from`, where the powers stay small.
    let coefficients = [1]
    nodes.forEach((other, j) => {
      if (i === j) return
      const shifted = [0, ...coefficients]
      const low = [...coefficients.map((c) => c * (from - other)), 0]
      coefficients = shifted.map((c, k) => (c + (low[k] as number)) / (node - other))
    })
    return coefficients.reduce((sum, c, k) => sum + (c * (to - from) ** (k + 1)) / (k + 1), 0)
  })
}

/** DPM-Solver++(2M). Lu et al. 2022 (arXiv 2211.01095), Algorithm 2. */
export const dpmpp2m: Sampler = async function* (denoise, x, sigmas) {
  let earlier: { denoised: Latent; length: number } | undefined
  for (const { index, sigma, next } of intervals(sigmas)) {
    const denoised = await denoise(x, sigma)
    const length = logTime(next) - logTime(sigma)
    let target = denoised
    if (earlier && next > 0) {
      const half = length / earlier.length / 2
      target = weighted([1 + half, denoised], [-half, earlier.denoised])
    }
    x = towards(x, target, sigma, next)
    earlier = { denoised, length }
    yield { index, sigma, next, denoised, x }
  }
}
