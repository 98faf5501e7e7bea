import { addScaled, type Latent, weighted } from '../latent.ts'
import { ancestralStep, derivative, intervals, logTime, type Sampler, towards } from '../sampler.ts'

/** Methods of 2023 and later, and two that came with diffusion's early multistep solvers. */

/**
 * Runge-Kutta slopes at the next two sigmas, weighted by how near to the start they lie; one stage
 * less at each of the last two steps.
 */
export const heunpp2: Sampler = async function* (denoise, x, sigmas) {
  const first = sigmas[0] as number
  const end = sigmas[sigmas.length - 1] as number
  for (const { index, sigma, next } of intervals(sigmas)) {
    const ahead = [sigma, next, sigmas[index + 2] ?? end]
    const stages = next === end ? 1 : ahead[2] === end ? 2 : 3
    let denoised = x
    let point = x
    const slopes: Latent[] = []
    for (let stage = 0; stage < stages; stage++) {
      const level = ahead[stage] as number
      denoised = await denoise(point, level)
      slopes.push(derivative(point, denoised, level))
      if (stage + 1 < stages) {
        point = addScaled(point, slopes[stage] as Latent, (ahead[stage + 1] as number) - level)
      }
    }
    const shares = ahead.slice(1, stages).map((level) => level / (stages * first))
    shares.unshift(shares.reduce((rest, share) => rest - share, 1))
    const terms = slopes.map((slope, i) => [(shares[i] as number) * (next - sigma), slope] as const)
    x = weighted([1, x], ...terms)
    yield { index, sigma, next, denoised, x }
  }
}

/** Weights of the latest slopes, newest first, for steps of equal length. Adams and Bashforth. */
const adamsWeights = [
  [1],
  [3 / 2, -1 / 2],
  [23 / 12, -16 / 12, 5 / 12],
  [55 / 24, -59 / 24, 37 / 24, -9 / 24],
] as const

/** Pseudo-linear multistep. Zhang, Chen 2023 (arXiv 2204.13902), iPNDM. */
export const ipndm: Sampler = async function* (denoise, x, sigmas, options) {
  const order = Math.min(options.order ?? adamsWeights.length, adamsWeights.length)
  let slopes: Latent[] = []
  for (const { index, sigma, next } of intervals(sigmas)) {
    const denoised = await denoise(x, sigma)
    slopes = [derivative(x, denoised, sigma), ...slopes].slice(0, order)
    const weights = adamsWeights[slopes.length - 1] as readonly number[]
    const terms = slopes.map(
      (slope, i) => [(weights[i] as number) * (next - sigma), slope] as const,
    )
    x = next === 0 ? denoised : weighted([1, x], ...terms)
    yield { index, sigma, next, denoised, x }
  }
}

const defaultGamma = 2

/** Euler's method along an extrapolated slope. Permenter, Yuan 2024 (arXiv 2306.04848). */
export const gradientEstimation: Sampler = async function* (denoise, x, sigmas, options) {
  const { gamma = defaultGamma } = options
  let earlier: Latent | undefined
  for (const { index, sigma, next } of intervals(sigmas)) {
    const denoised = await denoise(x, sigma)
    const slope = derivative(x, denoised, sigma)
    const step = next - sigma
    if (next === 0) x = denoised
    else if (earlier) x = weighted([1, x], [gamma * step, slope], [(1 - gamma) * step, earlier])
    else x = addScaled(x, slope, step)
    earlier = slope
    yield { index, sigma, next, denoised, x }
  }
}

/** The refined exponential solver with two estimates. Zhang et al. 2023 (arXiv 2308.02157). */
export const resMultistep: Sampler = (denoise, x, sigmas, { noise }) =>
  resMultistepAncestral(denoise, x, sigmas, { noise, eta: 0 })

/** The same to a lower sigma, then fresh noise back up to the next one. */
export const resMultistepAncestral: Sampler = async function* (denoise, x, sigmas, options) {
  const { noise, eta = 1, sNoise = 1 } = options
  let earlier: { denoised: Latent; sigma: number; down: number } | undefined
  for (const { index, sigma, next } of intervals(sigmas)) {
    const denoised = await denoise(x, sigma)
    const { down, up } = ancestralStep(sigma, next, eta)
    if (down === 0 || !earlier) {
      x = towards(x, denoised, sigma, down)
    } else {
      const length = logTime(down) - logTime(sigma)
      const place = (logTime(earlier.sigma) - logTime(earlier.down)) / length
      const first = Math.expm1(-length) / -length
      const share = (first - 1) / -length / place
      x = weighted(
        [down / sigma, x],
        [length * (first - share), denoised],
        [length * share, earlier.denoised],
      )
    }
    if (up > 0) x = addScaled(x, noise(sigma, next), up * sNoise)
    earlier = { denoised, sigma, down }
    yield { index, sigma, next, denoised, x }
  }
}

const integrationPoints = 200
const highestStage = 3

/** Extended reverse-time SDE solver. Cui et al. 2023 (arXiv 2309.06169), Algorithm VE-3. */
export const erSde: Sampler = async function* (denoise, x, sigmas, options) {
  const { noise, sNoise = 1, order = highestStage } = options
  let earlier: { denoised: Latent; slope?: Latent } | undefined
  for (const { index, sigma, next } of intervals(sigmas)) {
    const denoised = await denoise(x, sigma)
    let slope: Latent | undefined
    if (next === 0) {
      x = denoised
    } else {
      const ratio = noiseShape(next) / noiseShape(sigma)
      const terms: (readonly [number, Latent])[] = [[1 - ratio, denoised]]
      const stage = Math.min(order, index + 1)
      if (earlier && stage > 1) {
        slope = slopeOf(denoised, earlier.denoised, sigma - (sigmas[index - 1] as number))
        const [level, tilt] = shapeIntegrals(sigma, next)
        terms.push([next - sigma + level * noiseShape(next), slope])
        if (earlier.slope && stage > 2) {
          const span = (sigma - (sigmas[index - 2] as number)) / 2
          const bend = slopeOf(slope, earlier.slope, span)
          terms.push([(next - sigma) ** 2 / 2 + tilt * noiseShape(next), bend])
        }
      }
      x = weighted([ratio, x], ...terms)
      const variance = next ** 2 - (sigma * ratio) ** 2
      if (sNoise > 0 && variance > 0) {
        x = addScaled(x, noise(sigma, next), Math.sqrt(variance) * sNoise)
      }
    }
    earlier = { denoised, ...(slope && { slope }) }
    yield { index, sigma, next, denoised, x }
  }
}

/** How the added noise grows with sigma: the paper's choice of phi for the best pictures. */
function noiseShape(sigma: number): number {
  return sigma * (Math.exp(sigma ** 0.3) + 10)
}

/** Integrals of `1 / noiseShape(s)` and of `(s - sigma) / noiseShape(s)`, by rectangles. */
function shapeIntegrals(sigma: number, next: number): readonly [number, number] {
  const width = (sigma - next) / integrationPoints
  let level = 0
  let tilt = 0
  for (let i = 0; i < integrationPoints; i++) {
    const place = next + i * width
    level += width / noiseShape(place)
    tilt += (width * (place - sigma)) / noiseShape(place)
  }
  return [level, tilt]
}

function slopeOf(a: Latent, b: Latent, distance: number): Latent {
  return weighted([1 / distance, a], [-1 / distance, b])
}
