import { TorchRandom } from '../../sampling/torch-random.ts'
import { mixSeed } from '../seeds.ts'
import type { ObjectiveSettings } from './settings.ts'
import { timestepDistributions } from './timestep-distributions.ts'

/** Which pictures of which step numbers are drawn for. */
export interface DrawPlace {
  readonly seed: number
  /** Keeps the draws of one purpose apart from those of another: `train`, `validation`. */
  readonly purpose: string
  /** Optimizer step. */
  readonly step: number
  /** Position of the first picture among all pictures of the step. */
  readonly first: number
  /** Pictures of the step, over all its micro-batches. */
  readonly total: number
}

/** A timestep for each of `count` pictures, within `minTimestep` to below `maxTimestep`. */
export function drawTimesteps(
  settings: ObjectiveSettings,
  { seed, purpose, step, first, total }: DrawPlace,
  count: number,
): number[] {
  const { share } = timestepDistributions[settings.timestepDistribution]
  const order = new TorchRandom(mixSeed(seed, purpose, 'strata', step)).permutation(total)
  return Array.from({ length: count }, (_, i) => {
    const index = first + i
    const random = new TorchRandom(mixSeed(seed, purpose, 'timestep', step, index))
    const draw = { random, settings, stratum: order[index] ?? 0, strata: total }
    return timestepAt(settings, share(draw))
  })
}

/** `count` timesteps spread evenly over the range: the middles of equal parts, always the same. */
export function validationTimesteps(
  settings: Pick<ObjectiveSettings, 'minTimestep' | 'maxTimestep'>,
  count: number,
): number[] {
  return Array.from({ length: count }, (_, i) => timestepAt(settings, (i + 0.5) / count))
}

function timestepAt(
  { minTimestep, maxTimestep }: Pick<ObjectiveSettings, 'minTimestep' | 'maxTimestep'>,
  share: number,
): number {
  const size = maxTimestep - minTimestep
  return minTimestep + Math.min(Math.max(Math.floor(share * size), 0), size - 1)
}
