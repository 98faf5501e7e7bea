import { assignBuckets } from '../../dataset/buckets.ts'
import { dataFacts, trainingMetadata } from '../metadata.ts'
import { groupRates } from '../optimizers.ts'
import type { TrainingJob, WeightFacts } from '../run.ts'
import { mixSeed } from '../seeds.ts'
import type { TrainSettings } from '../settings.ts'
import type { TrainLoraInputs } from '../train-lora.ts'
import { stepsPerEpoch } from './batch-source.ts'

/** Hashes of the checkpoint's file. */
export type BaseHashes = { readonly sha256: string; readonly short: string } | undefined

/** What the file of a trained LoRA says of its training. */
export function runMetadata(
  { model, dataset }: Pick<TrainLoraInputs, 'model' | 'dataset'>,
  settings: TrainSettings,
  facts: WeightFacts,
  { data, schedule }: Pick<TrainingJob, 'data' | 'schedule'>,
  hashes?: BaseHashes,
): Record<string, string> {
  const { steps, accumulation } = schedule
  const rates = groupRates(settings)
  const buckets = assignBuckets(dataset.items, dataset.settings)
  return trainingMetadata({
    settings,
    optimizer: {
      name: settings.optimizerType,
      args: settings.optimizerArgs,
      learningRate: settings.learningRate,
      unetRate: rates.unet,
      textEncoderRate: rates['text-encoder'],
      scheduler: settings.lrScheduler,
      warmupSteps: settings.lrWarmupSteps,
      maxGradNorm: settings.maxGradNorm,
    },
    run: {
      session: mixSeed(settings.seed, settings.outputName, facts.startedAt),
      ...{ startedAt: facts.startedAt, finishedAt: facts.finishedAt },
      ...{ steps: facts.step, epochs: facts.epoch, maxSteps: steps },
      maxEpochs: Math.ceil(steps / stepsPerEpoch(data, accumulation)),
      batchesPerEpoch: data.batches,
    },
    data: dataFacts(dataset, buckets, {
      name: settings.outputName,
      validationImages: dataset.items.length - data.pictures.length,
    }),
    base: {
      name: model.name,
      family: model.family.id,
      prediction: model.prediction,
      ...(hashes && { hashes }),
    },
  })
}
