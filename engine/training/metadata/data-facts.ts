import type { Bucket } from '../../dataset/buckets.ts'
import type { Dataset, DatasetItem } from '../../dataset/settings.ts'
import type { DataFacts, FolderFacts } from './facts.ts'

export interface DataFactsOptions {
  /** The folder of the dataset, for pictures of a subset that names none. */
  readonly name: string
  readonly validationImages?: number
}

/** What a dataset in its buckets tells the metadata of a LoRA. */
export function dataFacts(
  { items, settings, key }: Dataset,
  buckets: readonly Bucket[],
  { name, validationImages = 0 }: DataFactsOptions,
): DataFacts {
  const first = settings.subsets.find(({ isReg }) => !isReg) ?? settings.subsets[0]
  const errors = buckets.flatMap(({ placements }) =>
    placements.map(({ aspectError }) => Math.abs(aspectError)),
  )
  return {
    trainImages: repeated(items.filter(({ isRegularisation }) => !isRegularisation)),
    validationImages,
    regularisationImages: repeated(items.filter(({ isRegularisation }) => isRegularisation)),
    folders: foldersOf(items, name),
    buckets: buckets.map(({ width, height, placements }) => ({
      width,
      height,
      count: repeated(placements.map(({ item }) => item)),
    })),
    meanAspectError: errors.reduce((sum, error) => sum + error, 0) / Math.max(1, errors.length),
    batchSize: settings.batchSize,
    resolution: settings.resolution,
    bucketing: {
      enabled: settings.enableBucket,
      noUpscale: settings.bucketNoUpscale,
      smallest: settings.minBucketReso,
      largest: settings.maxBucketReso,
    },
    captions: {
      shuffle: first?.shuffleCaption ?? false,
      keepTokens: first?.keepTokens ?? 0,
      dropoutRate: first?.captionDropoutRate ?? 0,
      dropoutEveryNEpochs: first?.captionDropoutEveryNEpochs ?? 0,
      tagDropoutRate: first?.captionTagDropoutRate ?? 0,
    },
    colorAug: first?.colorAug ?? false,
    flipAug: first?.flipAug ?? false,
    randomCrop: first?.randomCrop ?? false,
    resizeInterpolation: first?.resizeInterpolation ?? settings.resizeInterpolation,
    licences: counts(items.map(({ licence = '' }) => licence.trim())),
    sources: [...new Set(items.flatMap(({ source }) => (source ? [source] : [])))].sort(),
    key,
  }
}

/** Folders by their last name; two of one name are counted together. */
function foldersOf(items: readonly DatasetItem[], root: string): FolderFacts[] {
  const groups = Map.groupBy(items, ({ subset, isRegularisation }) => {
    const name = subset.imageDir.split('/').findLast((part) => part !== '') ?? root
    return `${isRegularisation ? 'class' : 'train'}/${name}`
  })
  return [...groups].map(([group, members]) => ({
    name: group.slice(group.indexOf('/') + 1),
    repeats: members[0]!.repeats,
    images: members.length,
    isRegularisation: members[0]!.isRegularisation,
    tags: counts(members.flatMap(tagsOf)),
  }))
}

/** Tags as kohya counts them: between commas, in small letters. */
function tagsOf({ caption }: DatasetItem): string[] {
  const tags = caption.split(',').map((tag) => tag.trim().toLowerCase())
  return tags.filter((tag) => tag !== '')
}

function counts(texts: readonly string[]): Record<string, number> {
  const found = new Map<string, number>()
  for (const text of texts) found.set(text, (found.get(text) ?? 0) + 1)
  return Object.fromEntries(found)
}

function repeated(items: readonly DatasetItem[]): number {
  return items.reduce((sum, { repeats }) => sum + repeats, 0)
}
