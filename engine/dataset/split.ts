import { WorkflowError } from '../errors.ts'
import { mixSeed } from '../sampling/mix-seed.ts'
import { TorchRandom } from '../sampling/torch-random.ts'
import type { Dataset, DatasetItem } from './settings.ts'

/** A dataset in two parts that share no picture. */
export interface SplitDataset {
  readonly training: Dataset
  readonly validation: Dataset
}

/**
 * Keeps a share of every subset for validation, chosen by the seed alone. Equal pictures stay
 * together even when they lie in several subsets; pictures of the class are only trained on.
 * Every subset keeps a picture to train on; a share below half a picture keeps none back.
 */
export function splitDataset(
  dataset: Dataset,
  { share, seed }: { readonly share: number; readonly seed: number },
): SplitDataset {
  const kept = new Set<string>()
  for (const keys of shuffledGroups(dataset, seed)) {
    const count = Math.min(Math.round(keys.length * share), keys.length - 1)
    for (const key of keys.slice(0, Math.max(0, count))) kept.add(key)
  }
  return divided(dataset, kept, `validation ${share} ${seed}`)
}

/**
 * Part `fold` (from 0) of `folds` for validation and the others for training. Over all folds every
 * picture is used for validation once. Throws a WorkflowError for more folds than pictures.
 */
export function foldDataset(
  dataset: Dataset,
  { folds, fold, seed }: { readonly folds: number; readonly fold: number; readonly seed: number },
): SplitDataset {
  const keys = shuffledGroups(dataset, seed).flat()
  if (!Number.isInteger(folds) || folds < 2 || folds > keys.length) {
    throw new WorkflowError(`folds: ${folds} given, 2 to ${keys.length} expected, the pictures`)
  }
  if (!Number.isInteger(fold) || fold < 0 || fold >= folds) {
    throw new WorkflowError(`fold: ${fold} given, 0 to ${folds - 1} expected`)
  }
  const kept = new Set(keys.filter((_, at) => at % folds === fold))
  return divided(dataset, kept, `fold ${fold} of ${folds} ${seed}`)
}

/** Keys of the pictures of every subset, each once and in the first that has it, shuffled. */
function shuffledGroups({ items, settings }: Dataset, seed: number): string[][] {
  const owners = new Map<string, DatasetItem['subset']>()
  for (const { key, subset, isRegularisation } of items) {
    if (!isRegularisation && !owners.has(key)) owners.set(key, subset)
  }
  return settings.subsets.map((subset, place) => {
    const keys = [...owners].flatMap(([key, owner]) => (owner === subset ? [key] : []))
    const order = new TorchRandom(mixSeed(seed, 'validation', place)).permutation(keys.length)
    // Sorted first, so that names and the order of the folder do not count.
    keys.sort()
    return order.map((at) => keys[at]!)
  })
}

function divided(dataset: Dataset, kept: ReadonlySet<string>, how: string): SplitDataset {
  const isKept = ({ key, isRegularisation }: DatasetItem) => !isRegularisation && kept.has(key)
  const part = (name: string, items: readonly DatasetItem[]): Dataset => ({
    ...dataset,
    items,
    key: `${dataset.key} ${how} ${name}`,
  })
  return {
    training: part(
      'training',
      // A picture of the class that equals one kept back would give it away.
      dataset.items.filter((item) => !isKept(item) && !kept.has(item.key)),
    ),
    validation: part('validation', dataset.items.filter(isKept)),
  }
}
