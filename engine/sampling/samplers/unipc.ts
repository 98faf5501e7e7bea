import { type Latent, scaled, weighted } from '../latent.ts'
import { logTime, type Sampler } from '../sampler.ts'

/**
 * UniPC, a multistep predictor whose corrector reuses the estimate of the next step. A last sigma
 * of 0 is approached, not reached. Written in sigma scaling, where the alphas of the paper cancel.
 * Source: Zhao et al. 2023 (arXiv 2302.04867), Algorithms 5 and 6, data prediction.
 */

const highestOrder = 3
/** Stands for a last sigma of 0, whose log time is infinite. */
const lastSigma = 0.001

/** The paper's choices of B(h): `bh1` h itself, `bh2` e^h - 1. */
const scales = {
  bh1: (step: number) => step,
  bh2: (step: number) => Math.expm1(step),
} as const

/** An estimate and the sigma it was made at. */
interface Estimate {
  readonly denoised: Latent
  readonly sigma: number
}

/** UniPC with B(h) = h. */
export const uniPc: Sampler = (denoise, x, sigmas) => walk(denoise, x, sigmas, 'bh1')
/** UniPC with B(h) = e^h - 1. */
export const uniPcBh2: Sampler = (denoise, x, sigmas) => walk(denoise, x, sigmas, 'bh2')

/** Step i ends at sigma i with its estimate made there; the last step also goes to the end. */
async function* walk(
  denoise: Parameters<Sampler>[0],
  x: Latent,
  sigmas: ArrayLike<number>,
  scale: keyof typeof scales,
): ReturnType<Sampler> {
  const levels = Array.from(sigmas, (sigma) => (sigma === 0 ? lastSigma : sigma))
  const steps = levels.length - 1
  const order = Math.min(highestOrder, steps - 1)
  let estimates: readonly Estimate[] = []
  for (let index = 0; index < steps; index++) {
    const sigma = levels[index] as number
    let denoised: Latent
    if (index === 0) {
      denoised = await denoise(x, sigma)
    } else {
      const used = estimates.slice(0, Math.min(order, index, steps + 1 - index))
      const predicted = advance(x, used, sigma, scale)
      denoised = await denoise(predicted, sigma)
      x = advance(x, used, sigma, scale, denoised)
    }
    estimates = [{ denoised, sigma }, ...estimates].slice(0, Math.max(order, 1))
    if (index === steps - 1) {
      const end = levels[steps] as number
      // A single step has order 0 in the reference: its start is rescaled, never denoised.
      if (order === 0) x = scaled(x, vpScale(sigma) / vpScale(end))
      else x = advance(x, estimates.slice(0, 1), end, scale)
    }
    yield { index, sigma, next: sigmas[index + 1] as number, denoised, x }
  }
}

/**
 * From the latest estimate's sigma to `sigma`: the predictor, or the corrector where the estimate
 * `denoised` at `sigma` is given.
 */
function advance(
  x: Latent,
  estimates: readonly Estimate[],
  sigma: number,
  scale: keyof typeof scales,
  denoised?: Latent,
): Latent {
  const [latest, ...older] = estimates as readonly [Estimate, ...Estimate[]]
  const length = logTime(sigma) - logTime(latest.sigma)
  const ratios = older.map((estimate) => (logTime(estimate.sigma) - logTime(latest.sigma)) / length)
  const others = older.map((estimate) => estimate.denoised)
  if (denoised) {
    ratios.push(1)
    others.push(denoised)
  }
  const weights = differenceWeights(ratios, -length, scale)
  const factor = -scales[scale](-length)
  const terms = others.map((other, i) => {
    const weight = (factor * (weights[i] as number)) / (ratios[i] as number)
    return [weight, other] as const
  })
  const latestWeight = terms.reduce((sum, [weight]) => sum - weight, -Math.expm1(-length))
  return weighted([sigma / latest.sigma, x], [latestWeight, latest.denoised], ...terms)
}

/** Solves for the weights of the divided differences; a single one is fixed at one half. */
function differenceWeights(
  ratios: readonly number[],
  step: number,
  scale: keyof typeof scales,
): number[] {
  const count = ratios.length
  if (count < 2) return ratios.map(() => 0.5)
  let phi = Math.expm1(step) / step - 1
  let factorial = 1
  const right: number[] = []
  for (let i = 1; i <= count; i++) {
    right.push((phi * factorial) / scales[scale](step))
    factorial *= i + 1
    phi = phi / step - 1 / factorial
  }
  return solve(
    right.map((_, power) => ratios.map((ratio) => ratio ** power)),
    right,
  )
}

/** Sigma scaling to variance-preserving scaling. */
function vpScale(sigma: number): number {
  return 1 / Math.sqrt(1 + sigma ** 2)
}

/** Gaussian elimination with the largest pivot; for systems of at most three equations. */
function solve(rows: readonly (readonly number[])[], right: readonly number[]): number[] {
  const table = rows.map((row, i) => [...row, right[i] as number])
  const count = table.length
  const at = (i: number, j: number) => (table[i] as number[])[j] as number
  for (let column = 0; column < count; column++) {
    let pivot = column
    for (let i = column; i < count; i++) {
      if (Math.abs(at(i, column)) > Math.abs(at(pivot, column))) pivot = i
    }
    const kept = table[column] as number[]
    table[column] = table[pivot] as number[]
    table[pivot] = kept
    for (let i = 0; i < count; i++) {
      if (i === column) continue
      const factor = at(i, column) / at(column, column)
      table[i] = (table[i] as number[]).map((value, j) => value - factor * at(column, j))
    }
  }
  return table.map((row, i) => (row[count] as number) / (row[i] as number))
}
