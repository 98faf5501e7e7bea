import type { Services } from '../../context.ts'
import { WorkflowError } from '../../errors.ts'
import type { Lora } from '../../lora/load.ts'
import type { NodeContext } from '../../workflow/index.ts'
import { type TrainableLora, trainableOf } from '../initial-lora.ts'
import { batchMakers } from './batch-makers.ts'
import { datasetBatches } from './dataset-batches.ts'
import { refuseBadLosses, refuseBadUpdate } from './guard.ts'
import { openLoraTrainer } from './lora-trainer.ts'
import { ratesOf } from './plan-run.ts'
import { accumulateStep } from './take-step.ts'
import { type TrainNodeInputs, trainSettingsOf } from './train-node.ts'
import { defaultOptimizer, type TrainStepParams } from './train-params.ts'

/**
 * Some steps of a training, from where the LoRA stands: its optimizer state and the number of its
 * steps travel with the value, so that links make of many nodes one training.
 */
export async function runTrainStep(
  inputs: TrainNodeInputs,
  params: TrainStepParams,
  context: Pick<NodeContext<Services>, 'services' | 'progress' | 'warn' | 'pause' | 'metric'>,
): Promise<{ lora: Lora; loss: number; step: number }> {
  const { count, totalSteps, posterior } = params
  const settings = trainSettingsOf(inputs, { ...params, maxTrainSteps: totalSteps })
  const info = trainableOf(inputs.lora)
  if (!info) {
    throw new WorkflowError(
      `train-step: ${inputs.lora.name} is not in training, a LoRA of lora-init or train-step expected; link it to lora-init as from`,
    )
  }
  const makers = await batchMakers(inputs, settings, context)
  const data = datasetBatches({
    ...{ dataset: inputs.dataset, posterior, seed: settings.seed, steps: () => totalSteps },
    ...makers,
  })
  const trainer = await openLoraTrainer(inputs, settings, context)
  try {
    if (info.state) trainer.restore(info.state)
    const rates = ratesOf({ ...defaultOptimizer, ...inputs.optimizer }, totalSteps)
    const begun = info.state?.get('step')?.[0] ?? 0
    let sum = 0
    for (let step = begun + 1; step <= begun + count; step++) {
      await context.pause()
      const { loss, samples } = await accumulateStep({
        ...{ trainer, data, step, accumulation: settings.gradientAccumulationSteps },
        onSmaller: (tried, next) =>
          context.warn(`memory does not hold ${tried} pictures at once, ${next} are computed`),
      })
      const at = { name: inputs.lora.name, step, savedStep: 0 }
      const named = samples.map(([picture, timestep, one]) => {
        return { picture: data.pictures[picture]!, timestep, loss: one }
      })
      await refuseBadLosses(at, named, trainer)
      const { extra, ...norms } = await trainer.update(rates(step))
      await refuseBadUpdate(at, norms, trainer, named)
      context.metric('step', { step, loss, ...norms, ...extra })
      context.progress({ step: step - begun, steps: count, note: `loss ${loss.toPrecision(4)}` })
      sum += loss
    }
    await trainer.fetch()
    const state = trainer.snapshot()
    const lora: TrainableLora = { ...trainer.lora(), trainable: { ...info, state } }
    return { lora, loss: sum / count, step: begun + count }
  } finally {
    await trainer.close()
  }
}
