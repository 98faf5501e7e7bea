import type { Placement } from '../../dataset/buckets.ts'
import { captionFor } from '../../dataset/caption-pipeline.ts'
import type { Dataset, DatasetItem } from '../../dataset/settings.ts'
import type { SplitDataset } from '../../dataset/split.ts'
import { stack } from '../../inference/tensors.ts'
import { drawStep } from '../objective/draw-step.ts'
import type { TrainBatch } from '../trainer.ts'
import { type DatasetBatches, masksOf, placementsOf } from './dataset-batches.ts'
import { latentOf, plainMoments } from './latents.ts'
import type { ValidationData } from './validation.ts'

/** Timesteps at which a picture is measured, spread evenly over those that are trained. */
export const validationTimesteps = 4

/** What a measurement is made of, beside the pictures. */
export interface MeasureOptions
  extends Pick<
    DatasetBatches,
    'moments' | 'texts' | 'objective' | 'prediction' | 'latentScale' | 'batchSize'
  > {
  readonly seed: number
  /** At most so many pictures; all where absent. */
  readonly maxPictures?: number | undefined
}

/**
 * Batches to measure pictures with: means of latents, captions as they stand, noise and timesteps
 * that are the same whenever asked. Picture i of a dataset is measured alike in every batch size.
 */
export async function* measuredBatches(
  dataset: Dataset,
  options: MeasureOptions,
): AsyncGenerator<TrainBatch> {
  const { objective, batchSize, maxPictures = Number.POSITIVE_INFINITY } = options
  const { minTimestep: low, maxTimestep: high } = objective
  const timesteps = Array.from({ length: validationTimesteps }, (_, at) =>
    Math.floor(low + ((at + 0.5) * (high - low)) / validationTimesteps),
  )
  for (const placement of placementsOf(dataset).slice(0, maxPictures)) {
    for (let from = 0; from < timesteps.length; from += batchSize) {
      yield measuredBatch(placement, timesteps.slice(from, from + batchSize), from, options)
    }
  }
}

async function measuredBatch(
  placement: Placement,
  timesteps: readonly number[],
  from: number,
  { moments, texts, objective, prediction, latentScale, seed }: MeasureOptions,
): Promise<TrainBatch> {
  const picture = await plainMoments(moments, placement)
  const latent = latentOf(picture, latentScale)
  const caption = plainCaption(placement.item)
  const pictures = timesteps.map(() => picture)
  const mask = masksOf(pictures)
  const drawn = drawStep({
    latents: stack(timesteps.map(() => latent)),
    ...{ settings: objective, prediction, seed, timesteps, purpose: 'validation', step: 0 },
    first: placement.index * validationTimesteps + from,
    ...(mask && { mask }),
  })
  const items = timesteps.map(() => ({ caption, item: placement.item }))
  return { ...drawn, ...(await texts(items)) }
}

/** The held-out pictures, and as many of the others. */
export function datasetValidation(
  { training, validation }: SplitDataset,
  options: MeasureOptions,
): ValidationData {
  const held = validation.items.length
  const maxPictures = Math.min(options.maxPictures ?? held, held)
  return {
    held: () => measuredBatches(validation, { ...options, maxPictures }),
    trained: () => measuredBatches(training, { ...options, maxPictures }),
  }
}

/** A caption with nothing left to chance. */
function plainCaption({ captions, subset }: DatasetItem): string {
  const plain = {
    ...subset,
    ...{ shuffleCaption: false, enableWildcard: false, tokenWarmupStep: 0 },
    ...{ captionDropoutRate: 0, captionDropoutEveryNEpochs: 0, captionTagDropoutRate: 0 },
  }
  return captionFor({ captions, subset: plain }, { seed: 0, step: 0, epoch: 1, index: 0 })
}
