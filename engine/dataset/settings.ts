import { z } from 'zod'
import { WorkflowError } from '../errors.ts'
import type { DatasetSource } from './source.ts'

/**
 * What a dataset may be told: the keys of kohya's dataset files in camel case, with their
 * defaults. Two differ: captions are looked for under both usual endings, and `resolution` may be
 * left out. Keys of our own stand at the end of each schema.
 */

const rate = z.number().min(0).max(1)
const side = z.int().min(8).max(8192)

/** Interpolations that pictures are resized with, by kohya's names. */
export const interpolations = [
  ...['lanczos', 'nearest', 'bilinear', 'linear', 'bicubic', 'cubic', 'area', 'box'],
] as const
const interpolation = z.enum(interpolations)

/** Width and height from one number or two. */
const resolution = z
  .union([side.transform((size) => [size, size] as const), z.tuple([side, side]).readonly()])
  .describe('pixels: a side, or width and height')

const captionKeys = {
  classTokens: z.string().optional().describe('caption of a picture that has none'),
  captionExtensions: z
    .array(z.string().regex(/^\.?[\w.-]{1,20}$/))
    .min(1)
    .default(['.txt', '.caption'])
    .describe('endings of caption files; the first that exists counts'),
  shuffleCaption: z.boolean().default(false).describe('tags in another order every time'),
  captionSeparator: z.string().min(1).default(',').describe('between tags'),
  keepTokens: z.int().min(0).default(0).describe('tags at the front that stay'),
  keepTokensSeparator: z
    .string()
    .optional()
    .describe('what stands before it stays; after a second one too'),
  secondarySeparator: z.string().optional().describe('keeps tags together while they move'),
  enableWildcard: z.boolean().default(false).describe('{a|b}, and one of several lines'),
  captionPrefix: z.string().optional().describe('put before every caption, and a space'),
  captionSuffix: z.string().optional().describe('put after every caption, after a space'),
  captionDropoutRate: rate.default(0).describe('share of captions left empty'),
  captionDropoutEveryNEpochs: z.int().min(0).default(0).describe('epochs without captions'),
  captionTagDropoutRate: rate.default(0).describe('share of tags left out'),
  tokenWarmupMin: z.int().min(0).default(1).describe('tags at the first step'),
  tokenWarmupStep: z.number().min(0).default(0).describe('steps until all tags are there'),
  replacements: z
    .record(z.string(), z.union([z.string(), z.array(z.string()).min(1)]))
    .default({})
    .describe('text -> what stands in its place; an empty text stands for the whole caption'),
}

/** One folder of pictures in a dataset. */
export const subsetSchema = z.strictObject({
  imageDir: z.string().default('').describe('folder below the dataset; empty is the whole'),
  metadataFile: z.string().optional().describe('JSON or JSON lines with captions by file'),
  conditioningDataDir: z.string().optional().describe('masks, named as their pictures'),
  numRepeats: z.int().min(0).max(100_000).default(1).describe('times a picture is seen an epoch'),
  isReg: z.boolean().default(false).describe('pictures of the class, for prior preservation'),
  ...captionKeys,
  colorAug: z.boolean().default(false).describe('small changes of hue and brightness'),
  flipAug: z.boolean().default(false).describe('half of the pictures mirrored'),
  randomCrop: z.boolean().default(false).describe('cut anywhere instead of at the centre'),
  alphaMask: z.boolean().default(false).describe('transparency is the mask of the loss'),
  resizeInterpolation: interpolation.optional().describe('area down and lanczos up where absent'),
  customAttributes: z.record(z.string(), z.unknown()).default({}),
  recursive: z.boolean().default(true).describe('folders within the folder too'),
  licence: z.string().optional().describe('of pictures that name none themselves'),
  source: z.string().optional().describe('of pictures that name none themselves'),
})

/** The keys of a dataset beside its subsets; what they must be together is in `datasetSchema`. */
export const datasetKeys = {
  batchSize: z.int().min(1).max(4096).default(1).describe('pictures of a step'),
  resolution: resolution.default([512, 512]),
  enableBucket: z.boolean().default(false).describe('sizes by aspect instead of one size'),
  minBucketReso: side.default(256).describe('pixels: the shortest side of a bucket'),
  maxBucketReso: side.default(1024).describe('pixels: the longest side of a bucket'),
  bucketResoSteps: z
    .int()
    .min(8)
    .max(1024)
    .multipleOf(8)
    .default(64)
    .describe('pixels: sides of buckets are multiples of this'),
  bucketNoUpscale: z.boolean().default(false).describe('small pictures are not enlarged'),
  networkMultiplier: z.number().default(1).describe('read, and not used'),
  validationSplit: z.number().min(0).max(0.9).default(0).describe('share kept for validation'),
  validationSeed: z.int().min(0).optional().describe('draws which are kept; the seed of the run'),
  resizeInterpolation: interpolation.optional().describe('area down and lanczos up where absent'),
  priorLossWeight: z.number().min(0).default(1).describe('read; the run has its own'),
  requireLicence: z.boolean().default(false).describe('refuse pictures without a licence'),
}

/** Pictures that are trained at one resolution, in one batch size. */
export const datasetSchema = z
  .strictObject({
    ...datasetKeys,
    subsets: z
      .array(subsetSchema)
      .min(1)
      .default(() => [subsetSchema.parse({})]),
  })
  .superRefine((settings, context) => {
    const problem = bucketProblem(settings)
    if (problem) context.addIssue({ code: 'custom', ...problem })
  })

/** Settings of a dataset, complete. */
export type DatasetSettings = z.output<typeof datasetSchema>
/** Settings of a dataset as written down. */
export type DatasetInput = z.input<typeof datasetSchema>
/** Settings of one subset, complete. */
export type SubsetSettings = z.output<typeof subsetSchema>

/** One picture of a dataset, undecoded. */
export interface DatasetItem {
  /** SHA-256 of the file's bytes. */
  readonly key: string
  /** Below the source's folder, with `/`. */
  readonly path: string
  /** Pixels of the picture upright. */
  readonly width: number
  readonly height: number
  /** The first caption, before anything is drawn by lot. */
  readonly caption: string
  /** Every line that the picture may be described by, the first one included. */
  readonly captions: readonly string[]
  /** Times it is seen in an epoch. */
  readonly repeats: number
  readonly isRegularisation: boolean
  /** The mask's file; with `subset.alphaMask` and no file, the picture's own transparency. */
  readonly maskPath?: string
  /** SHA-256 of the mask's file. */
  readonly maskKey?: string
  readonly subset: SubsetSettings
  readonly licence?: string
  readonly source?: string
}

/** Pictures with captions, as they lie in a folder. No pixel is in memory. */
export interface Dataset {
  readonly items: readonly DatasetItem[]
  readonly settings: DatasetSettings
  /** Content: of every picture, mask and caption, and of the settings. */
  readonly key: string
  readonly source: DatasetSource
  /** What was strange but not wrong, a sentence each. */
  readonly problems: readonly string[]
}

/** Settings from anything. Throws a WorkflowError with every key that is wrong. */
export function parseDatasetSettings(input: unknown): DatasetSettings {
  const result = datasetSchema.safeParse(input)
  if (result.success) return result.data
  const faults = result.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)
  throw new WorkflowError(`dataset: ${faults.join('; ')}`)
}

type BucketKeys = Pick<
  DatasetSettings,
  'resolution' | 'enableBucket' | 'minBucketReso' | 'maxBucketReso'
>

function bucketProblem({ resolution, enableBucket, minBucketReso, maxBucketReso }: BucketKeys) {
  const [width, height] = resolution
  const small = Math.min(width, height)
  const large = Math.max(width, height)
  if (!enableBucket) {
    if (width % 8 === 0 && height % 8 === 0) return undefined
    return {
      path: ['resolution'],
      message: `${width} x ${height}, multiples of 8 expected without buckets`,
    }
  }
  if (minBucketReso > small) {
    return {
      path: ['minBucketReso'],
      message: `${minBucketReso}, at most the resolution of ${small} expected`,
    }
  }
  if (maxBucketReso < large) {
    return {
      path: ['maxBucketReso'],
      message: `${maxBucketReso}, at least the resolution of ${large} expected`,
    }
  }
  return undefined
}
