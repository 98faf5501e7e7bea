import { addScaled, type Latent, weighted } from '../latent.ts'
import type { NoiseSource } from '../noise.ts'
import { ancestralStep, intervals, logTime, type Sampler, towards } from '../sampler.ts'

/**
 * DPM-Solver++ (Lu et al. 2022, arXiv 2211.01095) with fresh noise: single-step by ancestral
 * splitting, multistep by solving the diffusion SDE. `eta` 0 gives the solver without noise.
 */

const { fround } = Math

/** Algorithm 1 of the paper, single-step of order 2, to a lower sigma; then fresh noise. */
export const dpmpp2sAncestral: Sampler = async function* (denoise, x, sigmas, options) {
  const { noise, eta = 1, sNoise = 1 } = options
  for (const { index, sigma, next } of intervals(sigmas)) {
    let denoised = await denoise(x, sigma)
    const { down, up } = ancestralStep(sigma, next, eta)
    if (down > 0) {
      const middle = Math.sqrt(sigma * down)
      const halfway = towards(x, denoised, sigma, middle)
      denoised = await denoise(halfway, middle)
    }
    x = towards(x, denoised, sigma, down)
    if (up > 0) x = addScaled(x, noise(sigma, next), up * sNoise)
    yield { index, sigma, next, denoised, x }
  }
}

/** The same with two noises per step, from one Brownian motion; `r` places the middle. */
export const dpmppSde: Sampler = async function* (denoise, x, sigmas, options) {
  const { noise, eta = 1, sNoise = 1, r = 1 / 2 } = options
  for (const { index, sigma, next } of intervals(sigmas)) {
    let denoised = await denoise(x, sigma)
    if (next === 0) {
      x = denoised
    } else {
      const middle = sigma ** (1 - r) * next ** r
      const half = ancestralStep(sigma, middle, eta)
      let halfway = towards(x, denoised, sigma, half.down)
      if (half.up > 0)
        halfway = addScaled(halfway, noise(sigma, middleOf32(sigma, next, r)), half.up * sNoise)
      const later = await denoise(halfway, middle)
      const whole = ancestralStep(sigma, next, eta)
      const share = 1 / (2 * r)
      denoised = weighted([1 - share, denoised], [share, later])
      x = towards(x, denoised, sigma, whole.down)
      if (whole.up > 0) x = addScaled(x, noise(sigma, next), whole.up * sNoise)
    }
    yield { index, sigma, next, denoised, x }
  }
}

/**
 * The middle sigma as a float32 program computes it. A Brownian motion is rough: at a time a
 * millionth away the noise already differs in the third digit.
 */
export function middleOf32(sigma: number, next: number, r: number): number {
  const start = fround(-fround(Math.log(sigma)))
  const length = fround(fround(-fround(Math.log(next))) - start)
  return fround(Math.exp(-fround(start + fround(length * fround(r)))))
}

/** An earlier estimate and the length of its step in log time. */
interface Earlier {
  readonly denoised: Latent
  readonly length: number
}

/** SDE-DPM-Solver++(2M). Equation 14 of the paper; `solver` is how the slope is integrated. */
export const dpmpp2mSde: Sampler = async function* (denoise, x, sigmas, options) {
  const { noise, eta = 1, sNoise = 1, solver = 'midpoint' } = options
  let earlier: Earlier | undefined
  for (const { index, sigma, next } of intervals(sigmas)) {
    const denoised = await denoise(x, sigma)
    const length = logTime(next) - logTime(sigma)
    if (next === 0) {
      x = denoised
    } else {
      const { decay, span } = sdeStep(length, eta)
      const reach = 1 - decay
      x = weighted([decay, x], [reach, denoised])
      if (earlier) {
        const factor = solver === 'heun' ? 1 - reach / span : reach / 2
        const slope = weighted([1, denoised], [-1, earlier.denoised])
        x = addScaled(x, slope, (factor * length) / earlier.length)
      }
      x = withSdeNoise(x, { noise, sigma, next, length, eta, sNoise })
    }
    earlier = { denoised, length }
    yield { index, sigma, next, denoised, x }
  }
}

/** SDE-DPM-Solver++(3M): the slope and the curvature of the last three estimates. */
export const dpmpp3mSde: Sampler = async function* (denoise, x, sigmas, options) {
  const { noise, eta = 1, sNoise = 1 } = options
  let earlier: readonly Earlier[] = []
  for (const { index, sigma, next } of intervals(sigmas)) {
    const denoised = await denoise(x, sigma)
    const length = logTime(next) - logTime(sigma)
    if (next === 0) {
      x = denoised
    } else {
      const { decay, span } = sdeStep(length, eta)
      x = weighted(
        [decay, x],
        [1 - decay, denoised],
        ...corrections(denoised, earlier, length, span),
      )
      x = withSdeNoise(x, { noise, sigma, next, length, eta, sNoise })
    }
    earlier = [{ denoised, length }, ...earlier].slice(0, 2)
    yield { index, sigma, next, denoised, x }
  }
}

/** The exponential integrals of the first and second divided differences of the estimates. */
function corrections(
  denoised: Latent,
  [last, beforeLast]: readonly Earlier[],
  length: number,
  span: number,
): (readonly [number, Latent])[] {
  if (!last) return []
  const second = Math.expm1(-span) / span + 1
  const slope = difference(denoised, last.denoised, last.length / length)
  if (!beforeLast) return [[second, slope]]
  const third = second / span - 1 / 2
  const near = last.length / length
  const far = beforeLast.length / length
  const olderSlope = difference(last.denoised, beforeLast.denoised, far)
  const bend = difference(slope, olderSlope, near + far)
  return [
    [second, addScaled(slope, bend, near)],
    [-third, bend],
  ]
}

function difference(a: Latent, b: Latent, distance: number): Latent {
  return weighted([1 / distance, a], [-1 / distance, b])
}

/** How much of `x` is left after a step of the SDE with noise `eta`, and its length with noise. */
function sdeStep(length: number, eta: number): { readonly decay: number; readonly span: number } {
  const span = length * (1 + eta)
  return { decay: Math.exp(-span), span }
}

/** Adds what noise the SDE has gathered over a step. */
function withSdeNoise(
  x: Latent,
  step: {
    readonly noise: NoiseSource
    readonly sigma: number
    readonly next: number
    readonly length: number
    readonly eta: number
    readonly sNoise: number
  },
): Latent {
  const { noise, sigma, next, length, eta, sNoise } = step
  if (eta === 0) return x
  const deviation = next * Math.sqrt(-Math.expm1(-2 * eta * length))
  return addScaled(x, noise(sigma, next), deviation * sNoise)
}
