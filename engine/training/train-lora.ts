import type { Services } from '../context.ts'
import type { Dataset } from '../dataset/settings.ts'
import { type SplitDataset, splitDataset } from '../dataset/split.ts'
import { WorkflowError } from '../errors.ts'
import { encodePng } from '../formats/picture.ts'
import type { Lora } from '../lora/load.ts'
import { type Sha256, saveLora } from '../lora/save.ts'
import type { Model, TextEncoder, Vae } from '../models/handles.ts'
import { layersOf } from '../models/weights.ts'
import { trainableOf } from './initial-lora.ts'
import { type BatchMakers, batchMakers, type KeptInputs } from './run/batch-makers.ts'
import { datasetBatches } from './run/dataset-batches.ts'
import { datasetValidation } from './run/dataset-validation.ts'
import type { BytesStore } from './run/kept-tensors.ts'
import { checkMemory, openLoraTrainer } from './run/lora-trainer.ts'
import { runMetadata } from './run/metadata.ts'
import { fixedSettings, planRun, ratesOf, type StateSettings } from './run/plan-run.ts'
import { drawPrompts } from './run/samples.ts'
import { runTraining, type TrainedLora, type TrainingJob, type TrainingWorld } from './run.ts'
import { datasetProblems } from './settings/with-dataset.ts'
import type { TrainSettings } from './settings.ts'

/** What a LoRA is trained from. */
export interface TrainLoraInputs {
  readonly model: Model
  readonly textEncoder: TextEncoder
  readonly vae: Vae
  readonly dataset: Dataset
  /** From `initialLora`, or any other LoRA of an algorithm that can be trained. */
  readonly lora: Lora
  /** Which pictures are held back; drawn from the settings where absent. */
  readonly split?: SplitDataset
}

/** Settings of a run, those of its file of states besides. */
export interface TrainLoraSettings {
  readonly settings: TrainSettings
  readonly states: StateSettings
  /** A draw from what the VAE says of a picture, new at every step, or its mean. */
  readonly posterior: 'sample' | 'mean'
}

/** What a training reaches of the world. */
export interface TrainLoraWorld extends TrainingWorld {
  readonly services: Services
  readonly store?: BytesStore
  /** Of several runs that share it; a run alone has its own. */
  readonly kept?: KeptInputs
  readonly sha256: Sha256
  /** Bytes that the process may take, where known. */
  readonly availableMemory?: number | undefined
  /** Hashes of the checkpoint's file, for the metadata. */
  readonly hashes?: { readonly sha256: string; readonly short: string } | undefined
  throwIfCancelled(): void
}

/**
 * Trains a LoRA on a dataset, see `runTraining`. The result is an ordinary LoRA value with the
 * metadata of its training. Throws a WorkflowError where dataset and settings do not go together.
 */
export async function trainLora(
  inputs: TrainLoraInputs,
  request: TrainLoraSettings,
  world: TrainLoraWorld,
): Promise<TrainedLora> {
  const job = await loraJob(inputs, request, world)
  const { result, lora } = await runTraining(job, world)
  const last = result.log.at(-1)
  const facts = {
    step: result.step,
    epoch: (last?.epoch ?? -1) + 1,
    ...{ startedAt: world.now(), finishedAt: world.now() },
  }
  const metadata = runMetadata(inputs, request.settings, facts, job)
  return { result, lora: named(lora, request.settings, metadata) }
}

/** The job of a training, before anything is computed. */
export async function loraJob(
  inputs: TrainLoraInputs,
  request: TrainLoraSettings,
  world: TrainLoraWorld,
): Promise<TrainingJob> {
  const { model, textEncoder, vae, dataset, lora } = inputs
  const { settings, states, posterior } = request
  checkDataset(settings, dataset)
  const datasets = inputs.split ?? splitOf(dataset, settings)
  const makers = await batchMakers(inputs, settings, world)
  let steps = 0
  const data = datasetBatches({
    ...{ dataset: datasets.training, posterior, seed: settings.seed, steps: () => steps },
    ...makers,
  })
  const schedule = planRun(settings, states, data)
  steps = schedule.steps
  const hasHeld = datasets.validation.items.length > 0
  const validation = hasHeld ? validationOf(datasets, settings, makers) : undefined
  checkValidation(settings, hasHeld)
  const encode = (trained: Lora, facts: Parameters<TrainingJob['encodeWeights']>[1]) =>
    saveLora(trained, {
      precision: settings.savePrecision,
      sha256: world.sha256,
      metadata: runMetadata(inputs, settings, facts, { data, schedule }, world.hashes),
      layers: {
        unet: layersOf(model.unet.weights),
        textEncoder: layersOf(textEncoder.network.weights),
      },
    })
  return {
    ...{ name: settings.outputName, schedule, data },
    ...(validation && { validation }),
    identity: {
      model: model.name,
      unet: model.unet.id,
      textEncoder: textEncoder.network.id,
      vae: vae.network.id,
    },
    settings: {
      ...fixedSettings(settings),
      ...{ posterior, dataset: dataset.key, lora: originOf(lora) },
    },
    rates: ratesOf(settings, schedule.steps),
    async openTrainer() {
      checkMemory(inputs, settings, { ...world, batch: makers.batchSize })
      return openLoraTrainer(inputs, settings, world)
    },
    useEma: settings.ema,
    encodeWeights: encode,
    ...(settings.samplePrompts.length > 0 && {
      draw: (trained: Lora) => {
        const { services, throwIfCancelled } = world
        const { samplePrompts: prompts, clipSkip } = settings
        const size = dataset.settings.resolution
        const studio = { model, textEncoder, vae, services, prompts, size, clipSkip }
        return drawPrompts({ ...studio, throwIfCancelled }, trained)
      },
      encodePicture: (image) => encodePng(image),
    }),
  }
}

/** A share of few pictures may be less than one. */
function checkValidation({ validationSplit, earlyStopPatience }: TrainSettings, has: boolean) {
  if (has || (validationSplit === 0 && earlyStopPatience === undefined)) return
  throw new WorkflowError(
    `train: validationSplit is ${validationSplit}, which holds no picture back, a larger share or more pictures expected`,
  )
}

function checkDataset(settings: TrainSettings, dataset: Dataset): void {
  const problems = datasetProblems(settings, dataset.settings)
  if (problems.length > 0) throw new WorkflowError(problems.join('\n'))
}

/** The pictures that are held back by the run's settings, else by those of the dataset. */
function splitOf(dataset: Dataset, settings: TrainSettings): SplitDataset {
  const share = settings.validationSplit || dataset.settings.validationSplit
  const seed = settings.validationSeed ?? dataset.settings.validationSeed ?? settings.seed
  return splitDataset(dataset, { share, seed })
}

function validationOf(datasets: SplitDataset, settings: TrainSettings, makers: BatchMakers) {
  return datasetValidation(datasets, {
    ...makers,
    seed: settings.validationSeed ?? settings.seed,
    maxPictures: settings.maxValidationSteps && settings.maxValidationSteps * makers.batchSize,
  })
}

/** Where the first numbers of a LoRA come from: those of `lora-init` follow from its settings. */
function originOf(lora: Lora): string {
  const info = trainableOf(lora)
  return lora.name === 'lora-init' && info ? `drawn from seed ${info.seed}` : lora.key
}

function named(
  lora: Lora,
  { outputName, triggerWords }: TrainSettings,
  metadata: Record<string, string>,
): Lora {
  return { ...lora, name: outputName, metadata, triggers: triggerWords }
}
