import type { Services } from '../../context.ts'
import type { Dataset } from '../../dataset/settings.ts'
import type { Lora } from '../../lora/load.ts'
import type { TextEncoder } from '../../models/handles.ts'
import { type ObjectiveSettings, objectiveSchema } from '../objective/settings.ts'
import { cachesLatents, cachesTexts } from '../settings/precision.ts'
import type { TrainSettings } from '../settings.ts'
import type { TrainLoraInputs } from '../train-lora.ts'
import { encodedCaptions, type FeedTexts, tokenisedCaptions } from './captions.ts'
import type { DatasetBatches } from './dataset-batches.ts'
import { type BytesStore, type KeptTensors, keepTensors } from './kept-tensors.ts'

/** What batches of training and of validation have in common. */
export type BatchMakers = Pick<
  DatasetBatches,
  'moments' | 'texts' | 'objective' | 'prediction' | 'latentScale' | 'batchSize'
>

/** Where what is computed once is kept, and what computes it. */
export interface BatchWorld {
  readonly services: Pick<Services, 'runtime'>
  readonly store?: BytesStore
  /** Of several runs that share it; a run alone has its own. */
  readonly kept?: KeptInputs
}

/** Pictures and captions that were encoded. */
export interface KeptInputs {
  readonly latents: KeptTensors
  readonly texts: KeptTensors
}

/** Memory for latents and for encoded captions, each. */
const keptBytes = 2 ** 29

/** Encoders of pictures and captions for a run. */
export async function batchMakers(
  inputs: TrainLoraInputs,
  settings: TrainSettings,
  world: BatchWorld,
): Promise<BatchMakers> {
  const { model, vae, dataset } = inputs
  const { pool } = await world.services.runtime()
  const kept = world.kept ?? keptInputs(settings, world.store)
  return {
    moments: { kept: kept.latents, pool, vae, dataset },
    texts: await captionSource(inputs, settings, { ...world, kept }),
    objective: objectiveOf(settings),
    prediction: model.prediction,
    latentScale: model.family.latentScale,
    batchSize: batchSizeOf(settings, dataset),
  }
}

/** The batch size of the run; where that is 1, the one that the dataset was given. */
export function batchSizeOf({ trainBatchSize }: TrainSettings, { settings }: Dataset): number {
  return trainBatchSize > 1 ? trainBatchSize : settings.batchSize
}

/** Whether the text encoder is trained, so that captions are fed as tokens. */
export function trainsText({ modules }: Lora): boolean {
  return modules.some(({ network }) => network === 'textEncoder')
}

/** The settings of the objective, picked out of all. */
export function objectiveOf(settings: TrainSettings): ObjectiveSettings {
  const names = Object.keys(objectiveSchema.shape) as (keyof ObjectiveSettings)[]
  return objectiveSchema.parse(Object.fromEntries(names.map((name) => [name, settings[name]])))
}

/** Keeps what the settings say, in memory and, where they say so, in the store. */
export function keptInputs(settings: TrainSettings, store: BytesStore | undefined): KeptInputs {
  const { cacheLatentsToDisk, cacheTextEncoderOutputsToDisk } = settings
  return {
    latents: keptFor(cachesLatents(settings), cacheLatentsToDisk, store),
    texts: keptFor(cachesTexts(settings), cacheTextEncoderOutputsToDisk, store),
  }
}

async function captionSource(
  { textEncoder, lora }: { textEncoder: TextEncoder; lora: Lora },
  settings: TrainSettings,
  { services, kept }: BatchWorld & { readonly kept: KeptInputs },
): Promise<FeedTexts> {
  if (trainsText(lora)) return tokenisedCaptions(settings)
  return encodedCaptions({
    runtime: await services.runtime(),
    encoder: textEncoder,
    settings,
    kept: kept.texts,
  })
}

function keptFor(inMemory: boolean, onDisk: boolean, store: BytesStore | undefined): KeptTensors {
  return keepTensors(inMemory ? keptBytes : 0, onDisk ? store : undefined)
}
