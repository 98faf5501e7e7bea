import { WorkflowError } from '../errors.ts'
import { alignedLevels, alignedSigmas } from './align-your-steps.ts'
import { betaQuantile } from './beta-quantile.ts'
import { linspace32, type SigmaTable } from './sigma-table.ts'

/**
 * Schedules: which sigmas to visit. All decrease and end in an exact 0; the first is at or near
 * the largest of the table. Numbers equal ComfyUI's to a relative 2e-6: what magnifies rounding, a
 * high power or a steep tangent, is computed in float32 in the same order.
 */

const { fround } = Math

/** A schedule by its name. */
export interface ScheduleDefinition {
  readonly title: string
  /** About `steps + 1` sigmas; where a schedule picks from the table it can miss the number. */
  readonly sigmas: (table: SigmaTable, steps: number) => number[]
}

/** The ends of a schedule that does not look into the table. */
export interface SigmaRange {
  readonly min: number
  readonly max: number
}

/** Every schedule, by the name that ComfyUI gives it where it has one. */
export const schedules = {
  normal: { title: 'Normal', sigmas: normalSigmas },
  karras: {
    title: 'Karras',
    sigmas: (table, steps) => karrasSigmas({ ...rangeOf(table), steps }),
  },
  exponential: {
    title: 'Exponential',
    sigmas: (table, steps) => polyexponentialSigmas({ ...rangeOf(table), steps }),
  },
  polyexponential: {
    title: 'Polyexponential',
    sigmas: (table, steps) => polyexponentialSigmas({ ...rangeOf(table), steps, rho: 1.5 }),
  },
  sgm_uniform: { title: 'SGM uniform', sigmas: sgmUniformSigmas },
  simple: { title: 'Simple', sigmas: simpleSigmas },
  ddim_uniform: { title: 'DDIM uniform', sigmas: ddimUniformSigmas },
  beta: { title: 'Beta', sigmas: (table, steps) => betaSigmas(table, steps) },
  linear_quadratic: { title: 'Linear quadratic', sigmas: linearQuadraticSigmas },
  kl_optimal: { title: 'KL optimal', sigmas: klOptimalSigmas },
  ays_sd15: {
    title: 'Align Your Steps, SD 1.x',
    sigmas: (_table, steps) => alignedSigmas(alignedLevels.sd15, steps),
  },
  ays_sdxl: {
    title: 'Align Your Steps, SDXL',
    sigmas: (_table, steps) => alignedSigmas(alignedLevels.sdxl, steps),
  },
} satisfies Record<string, ScheduleDefinition>

export type ScheduleName = keyof typeof schedules

/** True for the name of a schedule. */
export function isScheduleName(name: string): name is ScheduleName {
  return Object.hasOwn(schedules, name)
}

/** The smallest and the largest sigma of a table. */
export function rangeOf({ sigmas }: SigmaTable): SigmaRange {
  return { min: sigmas[0] as number, max: sigmas.at(-1) as number }
}

/** Even in the `rho`-th root of sigma. Karras et al. 2022, equation 5. */
export function karrasSigmas(
  options: SigmaRange & { readonly steps: number; readonly rho?: number },
): number[] {
  const { min, max, steps, rho = 7 } = options
  const [high, low] = [max ** (1 / rho), min ** (1 / rho)]
  const span = fround(low - high)
  return [...linspace32(0, 1, steps)]
    .map((share) => fround(fround(share * span) + fround(high)) ** rho)
    .concat(0)
}

/** Even in log sigma; `rho` above 1 spends more steps at small sigmas. */
export function polyexponentialSigmas(
  options: SigmaRange & { readonly steps: number; readonly rho?: number },
): number[] {
  const { min, max, steps, rho = 1 } = options
  const [high, low] = [Math.log(max), Math.log(min)]
  return [...linspace32(0, 1, steps)]
    .map((share) => Math.exp(low + (1 - share) ** rho * (high - low)))
    .concat(0)
}

/** Timesteps at the quantiles of a beta distribution. Lee et al. 2024, arXiv 2407.12173. */
export function betaSigmas(table: SigmaTable, steps: number, alpha = 0.6, beta = 0.6): number[] {
  const last = table.sigmas.length - 1
  // A half, met in the middle of an even number of levels, goes up, as in the reference.
  const indices = Array.from({ length: steps }, (_, i) =>
    Math.round(betaQuantile(1 - i / steps, alpha, beta) * last),
  )
  return indices
    .filter((index, i) => index !== indices[i - 1])
    .map((index) => table.sigmas[index] as number)
    .concat(0)
}

/** Even in the timestep, first and last included. */
function normalSigmas(table: SigmaTable, steps: number): number[] {
  const { min, max } = rangeOf(table)
  const [start, end] = [table.timestepOfSigma(max), table.timestepOfSigma(min)]
  return [...linspace32(start, end, steps)].map(table.sigmaOfTimestep).concat(0)
}

/** Even in the timestep, the last one left out: the final step comes down from higher up. */
function sgmUniformSigmas(table: SigmaTable, steps: number): number[] {
  const { min, max } = rangeOf(table)
  const timesteps = linspace32(table.timestepOfSigma(max), table.timestepOfSigma(min), steps + 1)
  return [...timesteps.subarray(0, steps)].map(table.sigmaOfTimestep).concat(0)
}

/** Every n-th entry of the table from the top. */
function simpleSigmas({ sigmas }: SigmaTable, steps: number): number[] {
  const stride = sigmas.length / steps
  return Array.from(
    { length: steps },
    (_, i) => sigmas.at(-1 - Math.trunc(i * stride)) as number,
  ).concat(0)
}

/** Every n-th entry of the table from the bottom. */
function ddimUniformSigmas({ sigmas }: SigmaTable, steps: number): number[] {
  const stride = Math.max(Math.floor(sigmas.length / steps), 1)
  const chosen = [0]
  for (let i = 1; i < sigmas.length; i += stride) chosen.push(sigmas[i] as number)
  return chosen.reverse()
}

/** The share of sigma that the linear half of `linear_quadratic` comes down. */
const linearShare = 0.025

/** A slow linear half, then a quadratic one. HaCohen et al. 2024 (arXiv 2501.00103), section 3. */
function linearQuadraticSigmas(table: SigmaTable, steps: number): number[] {
  const { max } = rangeOf(table)
  if (steps === 1) return [max, 0]
  const linear = Math.floor(steps / 2)
  const rest = steps - linear
  const lag = linear - linearShare * steps
  const square = lag / (linear * rest ** 2)
  const slope = linearShare / linear - (2 * lag) / rest ** 2
  return Array.from({ length: steps }, (_, i) => {
    const gone =
      i < linear ? (i * linearShare) / linear : square * i ** 2 + slope * i + square * linear ** 2
    return (1 - gone) * max
  }).concat(0)
}

/** Even in the angle whose tangent is sigma. Sabour et al. 2024 (arXiv 2404.14507), theorem 3.1. */
function klOptimalSigmas(table: SigmaTable, steps: number): number[] {
  if (steps < 2) {
    throw new WorkflowError(`schedule kl_optimal: steps is ${steps}, at least 2 expected`)
  }
  const { min, max } = rangeOf(table)
  const [high, low] = [fround(Math.atan(max)), fround(Math.atan(min))]
  return [...linspace32(0, 1, steps)]
    .map((share) => Math.tan(fround(fround(share * low) + fround(fround(1 - share) * high))))
    .concat(0)
}
