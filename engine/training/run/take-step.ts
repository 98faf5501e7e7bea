import { DeviceError } from '../../errors.ts'
import type { TrainBatch, Trainer } from '../trainer.ts'
import { type BatchSource, placeOf, type StepPlace } from './batch-source.ts'

/** What a step is made of. */
export interface StepRequest {
  readonly trainer: Trainer
  readonly data: BatchSource
  /** From 1. */
  readonly step: number
  /** Batches whose gradients make one step. */
  readonly accumulation: number
  /** Most samples computed at once; absent is a whole batch. */
  readonly microBatch?: number | undefined
  /** Told that memory did not hold so many samples, and how many are tried next. */
  readonly onSmaller: (tried: number, next: number) => void
}

/** What the samples of a step gave. */
export interface StepSamples {
  readonly epoch: number
  readonly samples: readonly (readonly [picture: number, timestep: number, loss: number])[]
  /** Mean over the batches of their mean losses. */
  readonly loss: number
  /** Samples that were computed at once; smaller than asked for where memory was short. */
  readonly microBatch?: number
}

/**
 * Feeds the batches of one step; the gradients are in the trainer afterwards. Where memory does
 * not hold a batch it is computed in halves, and their gradients are added: the same mean.
 */
export async function accumulateStep(request: StepRequest): Promise<StepSamples> {
  const { data, step, accumulation, trainer, onSmaller } = request
  const place = placeOf(step, data, accumulation)
  let microBatch = request.microBatch
  for (;;) {
    try {
      const found = await tryStep(request, place, microBatch)
      return { epoch: place.epoch, ...found, ...(microBatch === undefined ? {} : { microBatch }) }
    } catch (cause) {
      const largest = Math.min(microBatch ?? Number.POSITIVE_INFINITY, largestBatch(data, place))
      if (!isOutOfMemory(cause) || largest <= 1) throw cause
      microBatch = Math.ceil(largest / 2)
      onSmaller(largest, microBatch)
      // What was added up before the memory ran out is thrown away.
      await trainer.fetch()
      trainer.restore(trainer.snapshot())
    }
  }
}

/** True for what the runtime throws when memory does not suffice. */
export function isOutOfMemory(thrown: unknown): boolean {
  return thrown instanceof DeviceError && /out of memory/.test(thrown.message)
}

async function tryStep(
  { trainer, data, step }: StepRequest,
  { epoch, first, count }: StepPlace,
  microBatch: number | undefined,
) {
  const batches = Array.from({ length: count }, (_, index) => first + index)
  const sizes = batches.map((batch) => data.batch(epoch, batch).length)
  const parts = sizes.map((size) => partsOf(size, microBatch ?? size))
  // The trainer divides by the number of its calls; each batch is to count alike.
  const calls = parts.reduce((sum, list) => sum + list.length, 0)
  const samples: (readonly [number, number, number])[] = []
  const means: number[] = []
  const total = sizes.reduce((sum, size) => sum + size, 0)
  let offset = 0
  for (const [index, batch] of batches.entries()) {
    const size = sizes[index]!
    let sum = 0
    for (const [from, to] of parts[index]!) {
      const part = await data.load({ step, epoch, batch, from, to, offset, total })
      const share = ((to - from) * calls) / (size * count)
      const { losses } = await trainer.accumulate(scaled(part, share), step)
      for (const [item, scaledLoss] of losses.entries()) {
        const loss = scaledLoss / share
        samples.push([data.batch(epoch, batch)[from + item]!, part.timesteps[item]!, loss])
        sum += loss
      }
    }
    means.push(sum / size)
    offset += size
  }
  return { samples, loss: means.reduce((sum, mean) => sum + mean, 0) / count }
}

function largestBatch(data: BatchSource, { epoch, first, count }: StepPlace): number {
  const sizes = Array.from({ length: count }, (_, index) => data.batch(epoch, first + index).length)
  return Math.max(...sizes)
}

/** Cuts a batch into parts of at most `most`. */
function partsOf(size: number, most: number): (readonly [from: number, to: number])[] {
  const parts: (readonly [number, number])[] = []
  for (let from = 0; from < size; from += most) parts.push([from, Math.min(size, from + most)])
  return parts
}

function scaled(batch: TrainBatch, share: number): TrainBatch {
  if (share === 1) return batch
  return { ...batch, sampleWeight: batch.sampleWeight.map((weight) => weight * share) }
}
