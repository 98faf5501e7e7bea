import { z } from 'zod'
import type { Services } from '../../context.ts'
import type { Dataset } from '../../dataset/settings.ts'
import { openPredictor } from '../../inference/predict.ts'
import { unstack } from '../../inference/tensors.ts'
import type { Lora } from '../../lora/load.ts'
import type { NodeContext } from '../../workflow/index.ts'
import { objectiveShape } from '../objective/settings.ts'
import { loopShape } from '../settings/loop.ts'
import { precisionShape } from '../settings/precision.ts'
import type { TrainLoraInputs } from '../train-lora.ts'
import { encodedCaptions } from './captions.ts'
import { type MeasureOptions, measuredBatches } from './dataset-validation.ts'
import { keepTensors } from './kept-tensors.ts'

/** Params of the node that measures. */
export const measureParams = z.object({
  seed: loopShape.seed,
  maxPictures: z.int().min(1).max(1_000_000).optional().describe('at most so many; all if absent'),
  strength: z.number().min(-4).max(4).default(1).describe('of the LoRA'),
  minTimestep: objectiveShape.minTimestep,
  maxTimestep: objectiveShape.maxTimestep,
  clipSkip: precisionShape.clipSkip,
  maxTokenLength: precisionShape.maxTokenLength,
})

export type MeasureParams = z.output<typeof measureParams>

/** What is measured. */
export interface MeasureInputs extends Omit<TrainLoraInputs, 'lora'> {
  readonly lora?: Lora | undefined
  /** Pictures that were trained, to compare with. */
  readonly trained?: Dataset | undefined
}

/** The mean squared error of what the model predicts, over pictures and fixed timesteps. */
export async function measureLoss(
  inputs: MeasureInputs,
  params: MeasureParams,
  context: Pick<NodeContext<Services>, 'services' | 'throwIfCancelled' | 'pause'>,
) {
  const loss = await lossOf(inputs, inputs.dataset, params, context)
  if (!inputs.trained) return { loss, trainedLoss: undefined, gap: undefined }
  const trainedLoss = await lossOf(inputs, inputs.trained, params, context)
  return { loss, trainedLoss, gap: loss - trainedLoss }
}

async function lossOf(
  { model, textEncoder, vae, lora }: MeasureInputs,
  dataset: Dataset,
  params: MeasureParams,
  context: Pick<NodeContext<Services>, 'services' | 'pause'>,
): Promise<number> {
  const runtime = await context.services.runtime()
  const applied = lora ? [{ lora, strength: params.strength }] : []
  const encoder = { ...textEncoder, loras: [...textEncoder.loras, ...applied] }
  const measured = { ...model, loras: [...model.loras, ...applied] }
  const kept = keepTensors(0)
  const options: MeasureOptions = {
    moments: { kept, pool: runtime.pool, vae, dataset },
    texts: encodedCaptions({ runtime, encoder, settings: params, kept }),
    objective: z.object(objectiveShape).parse(params),
    prediction: model.prediction,
    latentScale: model.family.latentScale,
    batchSize: 4,
    ...{ seed: params.seed, maxPictures: params.maxPictures },
  }
  let sum = 0
  let count = 0
  for await (const batch of measuredBatches(dataset, options)) {
    await context.pause()
    const rows = batch.timesteps.length
    const [first] = unstack(batch.context!, rows)
    const predictor = await openPredictor(runtime.pool, runtime.feeder, {
      contexts: [first!],
      batch: rows,
    })
    try {
      const [prediction] = await predictor.predict(measured, batch.sample, batch.timesteps)
      for (const [index, value] of prediction!.data.entries()) {
        sum += (value - batch.target.data[index]!) ** 2
      }
      count += prediction!.data.length
    } finally {
      predictor.close()
    }
  }
  return sum / count
}
