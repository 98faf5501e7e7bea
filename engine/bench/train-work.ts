import { readDataset } from '../dataset/read-dataset.ts'
import { datasetSchema } from '../dataset/settings.ts'
import { drawnSource } from '../drawing/source.ts'
import { readWeight } from '../files/read-weight.ts'
import { createLoraFeeder } from '../inference/lora-feeds.ts'
import { createPromptMemo } from '../inference/prompt-memo.ts'
import type { Checkpoint } from '../models/checkpoint.ts'
import type { Recompute } from '../models/network.ts'
import { cpuDevice } from '../runtime/device.ts'
import { createSessionPool } from '../runtime/session-pool.ts'
import { initialLora } from '../training/initial-lora.ts'
import { batchMakers } from '../training/run/batch-makers.ts'
import type { BatchSource } from '../training/run/batch-source.ts'
import { datasetBatches } from '../training/run/dataset-batches.ts'
import { openLoraTrainer } from '../training/run/lora-trainer.ts'
import { type TrainSettings, trainSchema } from '../training/settings.ts'
import type { TrainLoraInputs } from '../training/train-lora.ts'
import { modelOf, openCheckpoint, someNumbers } from './bench.ts'

/** What a process of its own trains, and how. */
export interface TrainWork {
  /** A checkpoint of SD 1.x. */
  readonly file: string
  /** Side of the pictures in pixels. */
  readonly side: number
  readonly batch: number
  /** Steps that are timed; one more goes before. */
  readonly steps: number
  readonly recompute: Recompute
  /** `pictures` are drawn, decoded and encoded as in a run; `numbers` are there already. */
  readonly data: 'pictures' | 'numbers'
}

/** Pictures of the set, as many as a person may bring. */
const pictureCount = 24

/** Opens a training of a LoRA of rank 8, with the data path of a run. */
export async function openTrainWork(work: TrainWork) {
  const checkpoint = await openCheckpoint(work.file)
  const pool = createSessionPool(cpuDevice, Number.POSITIVE_INFINITY)
  const feeder = createLoraFeeder(pool, readWeight)
  const services = { runtime: async () => ({ pool, feeder, prompts: createPromptMemo() }) }
  const settings = settingsOf(work)
  const inputs = await inputsOf(checkpoint, settings, work)
  const data =
    work.data === 'pictures'
      ? await pictureBatches(inputs, settings, services)
      : numberBatches(checkpoint, work)
  const trainer = await openLoraTrainer(inputs, settings, { services })
  const close = async () => {
    await trainer.close()
    await feeder.close()
    await pool.close()
  }
  return { trainer, data, close }
}

function settingsOf({ batch, steps, recompute }: TrainWork): TrainSettings {
  return trainSchema.parse({
    outputName: 'bench',
    ...{ networkDim: 8, networkTrainUnetOnly: true, learningRate: 1e-4, seed: 7 },
    ...{ trainBatchSize: batch, maxTrainSteps: steps + 1, gradientCheckpointing: recompute },
    ...{ cacheLatents: true, cacheTextEncoderOutputs: true },
  })
}

async function inputsOf(
  checkpoint: Checkpoint,
  settings: TrainSettings,
  { side, batch }: TrainWork,
): Promise<TrainLoraInputs> {
  const { family, textEncoder, vae } = checkpoint
  const model = modelOf(checkpoint, [])
  const pictures = drawnSource({ seed: 7, count: pictureCount })
  return {
    model,
    textEncoder: { family, network: textEncoder!, loras: [] },
    vae: { family, network: vae! },
    dataset: await readDataset(
      pictures,
      datasetSchema.parse({ resolution: side, batchSize: batch }),
    ),
    lora: await initialLora({ model, settings, seed: 7, readWeight }),
  }
}

type World = Parameters<typeof batchMakers>[2]

async function pictureBatches(
  inputs: TrainLoraInputs,
  settings: TrainSettings,
  services: World['services'],
): Promise<BatchSource> {
  return datasetBatches({
    ...{ dataset: inputs.dataset, posterior: 'sample', seed: settings.seed },
    ...(await batchMakers(inputs, settings, { services })),
    steps: () => settings.maxTrainSteps,
  })
}

/** One batch without end. */
function numberBatches({ unet }: Checkpoint, { side, batch }: TrainWork): BatchSource {
  const shape = [batch, 4, side / 8, side / 8]
  const items = Array.from({ length: batch }, (_, item) => item)
  const made = {
    sample: someNumbers(shape),
    target: someNumbers(shape),
    timesteps: items.map((item) => (item * 389) % 1000),
    context: someNumbers([batch, 77, unet!.config.contextSize]),
    sampleWeight: new Float32Array(batch).fill(1),
  }
  return {
    batches: 1,
    pictures: items.map(String),
    batch: () => items,
    load: async () => made,
  }
}
