import type { Services } from '../../context.ts'
import type { Lora } from '../../lora/load.ts'
import type { Weights } from '../../models/weights.ts'
import { trainingSession } from '../session-choice.ts'
import type { TrainSettings } from '../settings.ts'
import type { TrainLoraInputs } from '../train-lora.ts'
import { createLoraTrainer, type Trainer } from '../trainer.ts'
import { trainsText } from './batch-makers.ts'
import { windowsOf } from './captions.ts'
import { refuseTooLarge } from './memory-forecast.ts'
import { fixedSettings } from './plan-run.ts'

/** Opens the trainer of a LoRA as the settings say. */
export async function openLoraTrainer(
  inputs: Pick<TrainLoraInputs, 'model' | 'textEncoder' | 'dataset' | 'lora'>,
  settings: TrainSettings,
  { services }: { readonly services: Pick<Services, 'runtime'> },
): Promise<Trainer> {
  const { model, textEncoder, lora } = inputs
  const { pool } = await services.runtime()
  const { optimizerType, optimizerArgs, learningRate, unetLr, textEncoderLr } = settings
  const { maxGradNorm, scaleWeightNorms, ema, emaDecay, seed } = settings
  const { networkDropout, rankDropout, moduleDropout } = settings
  const key = keyOf(inputs, settings)
  return createLoraTrainer({
    ...{ pool, key, loss: settings.lossType, hasCellWeight: settings.maskedLoss },
    networks: {
      unet: model.unet,
      ...(trainsText(lora) && { textEncoder: textEncoder.network }),
      clipOutput: { skip: settings.clipSkip, normed: true },
      chunks: windowsOf(settings.maxTokenLength),
    },
    lora: { ...lora, key },
    recompute: settings.gradientCheckpointing,
    update: {
      optimizer: {
        ...{ optimizerType, optimizerArgs, learningRate, maxGradNorm },
        ...(unetLr !== undefined && { unetLr }),
        ...(textEncoderLr !== undefined && { textEncoderLr }),
      },
      ...{ maxGradNorm, ema, emaDecay },
      ...(scaleWeightNorms !== undefined && { maxNorm: scaleWeightNorms }),
    },
    session: sessionFor(model.unet.weights, settings),
    dropout: { seed, network: networkDropout, rank: rankDropout, module: moduleDropout },
  })
}

/** A run by epochs takes as many steps as it takes: it counts as long. */
function sessionFor(weights: Weights, { maxTrainSteps, maxTrainEpochs }: TrainSettings) {
  const steps = maxTrainEpochs === undefined ? maxTrainSteps : Number.POSITIVE_INFINITY
  return trainingSession(steps, 4 * numbersIn(weights))
}

/** Numbers in the weights of a network. */
export function numbersIn({ tensors }: Weights): number {
  let sum = 0
  for (const { shape } of tensors.values()) sum += shape.reduce((all, size) => all * size, 1)
  return sum
}

/** Names what a LoRA becomes: whatever decides about its numbers, but for the step. */
function keyOf(
  {
    model,
    textEncoder,
    dataset,
    lora,
  }: { lora: Lora } & Omit<Parameters<typeof openLoraTrainer>[0], 'lora'>,
  settings: TrainSettings,
): string {
  const networks = [model.unet.id, textEncoder.network.id]
  return JSON.stringify(['training', lora.key, networks, dataset.key, fixedSettings(settings)])
}

const statesPerParameter: Readonly<Record<string, number>> = { AdamW: 2, Prodigy: 4, AdaFactor: 1 }

/**
 * Throws a DeviceError where a step would take more memory than there is, see `refuseTooLarge`.
 * The limit is the setting `memoryLimit`, else what the process may take.
 */
export function checkMemory(
  {
    model,
    textEncoder,
    dataset,
    lora,
  }: Pick<TrainLoraInputs, 'model' | 'textEncoder' | 'dataset' | 'lora'>,
  settings: TrainSettings,
  { batch, availableMemory }: { batch: number; availableMemory?: number | undefined },
): void {
  const { memoryLimit, optimizerType, ema } = settings
  const limit = memoryLimit === undefined ? availableMemory : memoryLimit * 2 ** 30
  if (limit === undefined) return
  const [width, height] = dataset.settings.resolution
  const parts = lora.modules.flatMap(({ parts }) => [...parts.values()])
  refuseTooLarge(
    settings.outputName,
    {
      ...{ unet: model.unet.config, width, height, batch },
      weights:
        numbersIn(model.unet.weights) +
        (trainsText(lora) ? numbersIn(textEncoder.network.weights) : 0),
      parameters: parts.reduce((sum, { data }) => sum + data.length, 0),
      statesPerParameter: (statesPerParameter[optimizerType] ?? 1) + (ema ? 1 : 0),
      tokens: 77 * windowsOf(settings.maxTokenLength),
      checkpointing: settings.gradientCheckpointing,
    },
    limit,
  )
}
