import { nameList } from '../../closest.ts'
import type { DatasetSettings, SubsetSettings } from '../../dataset/settings.ts'
import type { PrecisionSettings } from './precision.ts'
import { cachesLatents, cachesTexts } from './precision.ts'

type Caches = Pick<
  PrecisionSettings,
  | 'cacheLatents'
  | 'cacheLatentsToDisk'
  | 'cacheTextEncoderOutputs'
  | 'cacheTextEncoderOutputsToDisk'
>

interface Clash {
  /** What makes every step's picture or caption another one. */
  readonly keys: readonly (keyof SubsetSettings)[]
  readonly caches: (settings: Caches) => boolean
  readonly cache: string
  readonly reason: string
}

const clashes: readonly Clash[] = [
  {
    keys: ['colorAug', 'randomCrop'],
    caches: cachesLatents,
    cache: 'cacheLatents',
    reason: 'what is encoded once is the same at every step',
  },
  {
    keys: [
      ...(['shuffleCaption', 'enableWildcard', 'captionDropoutRate'] as const),
      ...(['captionDropoutEveryNEpochs', 'captionTagDropoutRate', 'tokenWarmupStep'] as const),
    ],
    caches: cachesTexts,
    cache: 'cacheTextEncoderOutputs',
    reason: 'a caption encoded once is the same at every step',
  },
]

/**
 * What the settings of a run and of its dataset do not allow together, a sentence for each folder
 * and setting; kohya refuses the same. Empty where all is well.
 */
export function datasetProblems(settings: Caches, dataset: DatasetSettings): string[] {
  return clashes
    .filter(({ caches }) => caches(settings))
    .flatMap(({ keys, cache, reason }) =>
      dataset.subsets.flatMap((subset, index) => {
        const set = keys.filter((key) => subset[key] !== false && subset[key] !== 0)
        if (set.length === 0) return []
        const place = subset.imageDir === '' ? `subset ${index + 1}` : subset.imageDir
        return [`${place}: ${nameList(set)} set, expected off with ${cache}; ${reason}`]
      }),
    )
}
