import type { TorchRandom } from '../../sampling/torch-random.ts'

/**
 * Where in the range of timesteps a picture is trained. A distribution gives a share: 0 is the
 * least noise of the range, 1 the most.
 */

/** How often each part of the range comes. */
export type TimestepDistribution =
  | 'uniform'
  | 'stratified'
  | 'logit-normal'
  | 'sigmoid'
  | 'mode'
  | 'cosmap'
  | 'curve'

/** The settings that shape a distribution. */
export interface DistributionSettings {
  readonly logitMean: number
  readonly logitStd: number
  readonly sigmoidScale: number
  readonly modeScale: number
  readonly timestepCurve?: readonly number[] | undefined
}

/** One draw: a generator of its own, and the place among the pictures of the step. */
interface Draw {
  readonly random: TorchRandom
  readonly settings: DistributionSettings
  /** Which of `strata` equal parts of the range is this picture's; each part is given out once. */
  readonly stratum: number
  readonly strata: number
}

interface DistributionDefinition {
  readonly title: string
  readonly share: (draw: Draw) => number
}

/** Every distribution that can be asked for. */
export const timestepDistributions: Readonly<Record<TimestepDistribution, DistributionDefinition>> =
  {
    uniform: { title: 'all alike', share: ({ random }) => uniform(random) },
    stratified: {
      title: 'all alike, the pictures of a step spread evenly',
      share: ({ random, stratum, strata }) => (stratum + uniform(random)) / strata,
    },
    // Esser et al. 2024 (arXiv 2403.03206), section 3.1, for this and the two after next.
    'logit-normal': {
      title: 'a bell on the logit scale',
      share: ({ random, settings: { logitMean, logitStd } }) =>
        sigmoid(logitMean + logitStd * normal(random)),
    },
    sigmoid: {
      title: 'a bell around the middle',
      share: ({ random, settings }) => sigmoid(settings.sigmoidScale * normal(random)),
    },
    mode: {
      title: 'heavy tails, the middle more or less often',
      share: ({ random, settings }) => {
        const u = uniform(random)
        return 1 - u - settings.modeScale * (Math.cos((Math.PI / 2) * u) ** 2 - 1 + u)
      },
    },
    cosmap: {
      title: 'as a cosine schedule has them',
      share: ({ random }) => 1 - 1 / (Math.tan((Math.PI / 2) * uniform(random)) + 1),
    },
    curve: {
      title: 'in proportion to given numbers',
      share: ({ random, settings }) => onCurve(settings.timestepCurve ?? [1], uniform(random)),
    },
  }

/** Inverse of the sum over a density that is constant on equal parts. */
function onCurve(parts: readonly number[], u: number): number {
  let rest = u * parts.reduce((sum, part) => sum + part, 0)
  let last = 0
  for (const [index, part] of parts.entries()) {
    if (part === 0) continue
    if (rest < part) return (index + rest / part) / parts.length
    rest -= part
    last = index + 1
  }
  // Rounding may leave a rest after the last part that counts.
  return last / parts.length - Number.EPSILON
}

function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x))
}

function uniform(random: TorchRandom): number {
  return random.uniform(1)[0]!
}

function normal(random: TorchRandom): number {
  return random.normalDoubles(1)[0]!
}
