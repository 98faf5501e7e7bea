import type { TrainBatch } from '../trainer.ts'

/** A part of a batch, and where in the run it stands: all that is drawn by lot follows from it. */
export interface BatchRequest {
  /** Optimizer step, from 1. */
  readonly step: number
  /** From 0. */
  readonly epoch: number
  /** Place of the batch in its epoch, from 0. */
  readonly batch: number
  /** Samples `from` to before `to` of the batch. */
  readonly from: number
  readonly to: number
  /** Samples of the step that come before this batch. */
  readonly offset: number
  /** Samples of the whole step. */
  readonly total: number
}

/** The pictures of a run in the order of its epochs, ready to be fed to a trainer. */
export interface BatchSource {
  /** Batches of an epoch, the same in each. */
  readonly batches: number
  /** Numbers of the pictures of a batch, see `pictures`. */
  batch(epoch: number, batch: number): readonly number[]
  load(request: BatchRequest): Promise<TrainBatch>
  /** Names by number. */
  readonly pictures: readonly string[]
}

/** Where an optimizer step reads: its epoch and its batches there. */
export interface StepPlace {
  readonly epoch: number
  readonly first: number
  /** Batches that make the step; fewer at the end of an epoch. */
  readonly count: number
}

/** Optimizer steps of an epoch. */
export function stepsPerEpoch({ batches }: { batches: number }, accumulation: number): number {
  return Math.ceil(batches / accumulation)
}

/** The batches of a step, from 1. An epoch ends with the step that reads its last batch. */
export function placeOf(
  step: number,
  { batches }: { batches: number },
  accumulation: number,
): StepPlace {
  const perEpoch = stepsPerEpoch({ batches }, accumulation)
  const epoch = Math.floor((step - 1) / perEpoch)
  const first = ((step - 1) % perEpoch) * accumulation
  return { epoch, first, count: Math.min(accumulation, batches - first) }
}
