import type { Prediction } from '../../models/families.ts'
import type { TrainSettings } from '../settings.ts'

/** What the metadata of a trained LoRA is made of. Times are milliseconds since 1970. */
export interface TrainingFacts {
  readonly settings: TrainSettings
  readonly optimizer: OptimizerFacts
  readonly run: RunFacts
  readonly data: DataFacts
  readonly base: BaseFacts
  readonly vae?: Pick<BaseFacts, 'name' | 'hashes'>
}

/** The optimizer with the arguments it was given, and its rates. */
export interface OptimizerFacts {
  readonly name: string
  readonly args: Readonly<Record<string, unknown>>
  readonly learningRate: number
  readonly unetRate?: number | undefined
  readonly textEncoderRate?: number | undefined
  readonly scheduler: string
  readonly warmupSteps: number
  /** 0 is off. */
  readonly maxGradNorm: number
}

/** How far a run has come. */
export interface RunFacts {
  /** Tells runs apart; any whole number. */
  readonly session: number
  readonly startedAt: number
  readonly finishedAt: number
  readonly steps: number
  readonly epochs: number
  readonly maxSteps: number
  readonly maxEpochs: number
  readonly batchesPerEpoch: number
}

/** The checkpoint that the LoRA was trained for. */
export interface BaseFacts {
  readonly name: string
  /** `sd15`, `sd2`, `sdxl`. */
  readonly family: string
  readonly prediction: Prediction
  readonly hashes?: { readonly sha256: string; readonly short: string } | undefined
}

/** The pictures, counted as kohya counts them: with their repeats where not said otherwise. */
export interface DataFacts {
  readonly trainImages: number
  readonly validationImages: number
  readonly regularisationImages: number
  readonly folders: readonly FolderFacts[]
  readonly buckets: readonly {
    readonly width: number
    readonly height: number
    readonly count: number
  }[]
  /** Mean of how far a picture's aspect is from that of its bucket. */
  readonly meanAspectError: number
  readonly batchSize: number
  /** Width and height. */
  readonly resolution: readonly [number, number]
  readonly bucketing: {
    readonly enabled: boolean
    readonly noUpscale: boolean
    readonly smallest: number
    readonly largest: number
  }
  readonly captions: {
    readonly shuffle: boolean
    readonly keepTokens: number
    readonly dropoutRate: number
    readonly dropoutEveryNEpochs: number
    readonly tagDropoutRate: number
  }
  readonly colorAug: boolean
  readonly flipAug: boolean
  readonly randomCrop: boolean
  readonly resizeInterpolation?: string | undefined
  /** Licence -> pictures; the empty text is those without. */
  readonly licences: Readonly<Record<string, number>>
  readonly sources: readonly string[]
  /** Content of the dataset. */
  readonly key: string
}

/** One folder of pictures. */
export interface FolderFacts {
  readonly name: string
  readonly repeats: number
  /** Without repeats. */
  readonly images: number
  readonly isRegularisation: boolean
  /** Tag -> pictures that have it. */
  readonly tags: Readonly<Record<string, number>>
}
