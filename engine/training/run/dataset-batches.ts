import { augmentationFor } from '../../dataset/augment.ts'
import { epochBatches, stepsPerEpoch } from '../../dataset/batches.ts'
import { assignBuckets, type Bucket, type Placement } from '../../dataset/buckets.ts'
import { captionFor } from '../../dataset/caption-pipeline.ts'
import type { Dataset } from '../../dataset/settings.ts'
import { WorkflowError } from '../../errors.ts'
import { stack } from '../../inference/tensors.ts'
import type { Prediction } from '../../models/families.ts'
import { TorchRandom } from '../../sampling/torch-random.ts'
import type { NumericTensor } from '../../sockets.ts'
import { drawStep } from '../objective/draw-step.ts'
import type { ObjectiveSettings } from '../objective/settings.ts'
import { mixSeed } from '../seeds.ts'
import type { BatchSource } from './batch-source.ts'
import type { CaptionedItem, FeedTexts } from './captions.ts'
import { latentOf, type MomentSource, momentsOf, type PictureMoments } from './latents.ts'

/** What batches of a dataset are made of. */
export interface DatasetBatches {
  readonly dataset: Dataset
  readonly moments: MomentSource
  readonly texts: FeedTexts
  readonly objective: ObjectiveSettings
  readonly prediction: Prediction
  readonly latentScale: number
  /** A draw from what the VAE says of a picture, new at every step, or its mean. */
  readonly posterior: 'sample' | 'mean'
  readonly batchSize: number
  readonly seed: number
  /** Optimizer steps of the run, for captions that warm up. */
  readonly steps: () => number
}

/**
 * The batches of a dataset. Which pictures, captions, crops, latents, noises and timesteps a step
 * gets follows from the seed, the step and the place in it alone.
 * Throws a WorkflowError for a dataset without a picture to train on.
 */
export function datasetBatches(options: DatasetBatches): BatchSource {
  const { dataset, batchSize, seed } = options
  const buckets = trainable(dataset)
  let last: { epoch: number; batches: ReturnType<typeof epochBatches> } | undefined
  const batchesOf = (epoch: number) => {
    if (last?.epoch !== epoch) {
      last = { epoch, batches: epochBatches(buckets, { batchSize, seed, epoch: epoch + 1 }) }
    }
    return last.batches
  }
  return {
    batches: stepsPerEpoch(buckets, batchSize),
    pictures: dataset.items.map(({ path }) => path),
    batch: (epoch, batch) => batchesOf(epoch)[batch]!.map(({ index }) => index),
    async load({ step, epoch, batch, from, to, offset, total }) {
      const placements = batchesOf(epoch)[batch]!.slice(from, to)
      const first = offset + from
      const moment = (item: number) => ({
        ...{ seed, step: step - 1, epoch: epoch + 1, index: first + item },
        maxTrainSteps: options.steps(),
      })
      const pictures: PictureMoments[] = []
      const latents: NumericTensor[] = []
      const captions: CaptionedItem[] = []
      for (const [at, placement] of placements.entries()) {
        const augmentation = augmentationFor(placement, moment(at))
        const picture = await momentsOf(options.moments, placement, augmentation)
        const noise = posteriorNoise(options, picture, step, first + at)
        pictures.push(picture)
        latents.push(latentOf(picture, options.latentScale, noise))
        captions.push({ caption: captionFor(placement.item, moment(at)), item: placement.item })
      }
      const mask = masksOf(pictures)
      const drawn = drawStep({
        ...{ latents: stack(latents), settings: options.objective, seed, step, first, total },
        prediction: options.prediction,
        isRegularisation: placements.map(({ item }) => item.isRegularisation),
        ...(mask && { mask }),
      })
      return { ...drawn, ...(await options.texts(captions)) }
    },
  }
}

/** The buckets of a dataset. Throws a WorkflowError where no picture would be seen. */
export function trainable(dataset: Dataset): readonly Bucket[] {
  const buckets = assignBuckets(dataset.items, dataset.settings)
  if (stepsPerEpoch(buckets, 1) > 0) return buckets
  throw new WorkflowError(
    `dataset: ${dataset.items.length} pictures, of which an epoch sees none, at least 1 expected; add pictures or raise numRepeats`,
  )
}

/** All placements of a dataset by the number of their picture. */
export function placementsOf(dataset: Dataset): readonly Placement[] {
  const placements = trainable(dataset).flatMap((bucket) => bucket.placements)
  return placements.sort((a, b) => a.index - b.index)
}

function posteriorNoise(
  { posterior, seed }: DatasetBatches,
  { mean }: PictureMoments,
  step: number,
  item: number,
): Float32Array | undefined {
  if (posterior === 'mean') return undefined
  return new TorchRandom(mixSeed(seed, 'posterior', step, item)).normal(mean.data.length)
}

/** The masks of a batch; a picture without one counts everywhere. Undefined where none has one. */
export function masksOf(pictures: readonly PictureMoments[]): NumericTensor | undefined {
  if (pictures.every(({ mask }) => mask === undefined)) return undefined
  return stack(
    pictures.map(({ mask, mean: { shape } }) => {
      if (mask) return mask
      const [, , height, width] = shape as [number, number, number, number]
      return { data: new Float32Array(height * width).fill(1), shape: [1, 1, height, width] }
    }),
  )
}
