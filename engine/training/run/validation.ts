import type { LoggedValidation } from '../result.ts'
import type { TrainBatch, Trainer } from '../trainer.ts'

/** Held-out pictures and as many of the training, each with fixed noise and timesteps. */
export interface ValidationData {
  /** Batches of the held-out pictures; the same whenever asked. */
  held(): AsyncIterable<TrainBatch>
  /** Batches of pictures that are trained, measured alike. */
  trained(): AsyncIterable<TrainBatch>
}

/** Mean loss over all samples of some batches. Nothing of the trainer changes. */
export async function meanLoss(
  trainer: Pick<Trainer, 'evaluate'>,
  batches: AsyncIterable<TrainBatch>,
): Promise<number> {
  let sum = 0
  let count = 0
  for await (const batch of batches) {
    for (const loss of await trainer.evaluate(batch)) sum += loss
    count += batch.timesteps.length
  }
  return count === 0 ? 0 : sum / count
}

/**
 * Measures once. The gap is how much more the held-out pictures lose than the trained ones, less
 * that difference before training: pictures differ in how hard they are.
 */
export async function validate(
  trainer: Pick<Trainer, 'evaluate'>,
  data: ValidationData,
  step: number,
  earlier: readonly LoggedValidation[],
): Promise<LoggedValidation> {
  const loss = await meanLoss(trainer, data.held())
  const trainLoss = await meanLoss(trainer, data.trained())
  const first = earlier[0]
  const begun = first ? first.loss - first.trainLoss : loss - trainLoss
  const isBest = earlier.every((other) => loss < other.loss)
  return { step, loss, trainLoss, gap: loss - trainLoss - begun, isBest }
}

/** The validation with the lowest loss, the first of equals. */
export function bestOf(validations: readonly LoggedValidation[]): LoggedValidation | undefined {
  return validations.findLast(({ isBest }) => isBest)
}

/** Whether so many measurements in a row were no better than the best before them. */
export function isExhausted(
  validations: readonly LoggedValidation[],
  patience: number | undefined,
): boolean {
  if (patience === undefined) return false
  const best = validations.findLastIndex(({ isBest }) => isBest)
  return validations.length - 1 - best >= patience
}
