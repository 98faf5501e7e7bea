import type { RunFolder } from '../files/run-folder.ts'
import type { Lora } from '../lora/load.ts'
import type { NumericTensor } from '../sockets.ts'
import type { TrainingResult, TrainingStatus } from './result.ts'
import type { BatchSource } from './run/batch-source.ts'
import { controlReader, type TrainingControls } from './run/controls.ts'
import type { Rhythm } from './run/due.ts'
import type { TrainingEvent } from './run/events.ts'
import { RunProgress } from './run/progress.ts'
import type { Plain, RunIdentity } from './run/state.ts'
import { isExhausted, type ValidationData } from './run/validation.ts'
import type { Trainer } from './trainer.ts'

/** How long a run goes and what happens on the way. */
export interface RunSchedule {
  /** Optimizer steps in all. */
  readonly steps: number
  /** Batches whose gradients make one step. */
  readonly accumulation: number
  readonly weights: Rhythm & { readonly keptSteps?: number; readonly keptCount?: number }
  /** States from which a killed run goes on; the newest `keptCount` stay. */
  readonly states: Rhythm & { readonly keptCount: number; readonly withWeights?: boolean }
  readonly samples: Rhythm & { readonly atFirst: boolean }
  readonly validation: Rhythm & { readonly patience?: number; readonly keepBest: boolean }
}

/** A training, ready to begin: everything that its result depends on. */
export interface TrainingJob {
  /** Of the run and of its files. */
  readonly name: string
  readonly schedule: RunSchedule
  readonly identity: RunIdentity
  /** What may not change when the run is resumed. */
  readonly settings: Readonly<Record<string, Plain>>
  readonly data: BatchSource
  readonly validation?: ValidationData
  /** Learning rate by group of parameters at a step, from 1. */
  rates(step: number): Readonly<Record<string, number>>
  openTrainer(): Promise<Trainer>
  /** Whether the running average of the weights is what is saved and drawn with. */
  readonly useEma?: boolean
  /** The file of weights. */
  encodeWeights(lora: Lora, facts: WeightFacts): Promise<Uint8Array> | Uint8Array
  /** Pictures drawn with the LoRA as it is. */
  draw?(lora: Lora): AsyncIterable<NumericTensor>
  encodePicture?(image: NumericTensor): Promise<Uint8Array>
}

/** What a file of weights says of its run. */
export interface WeightFacts {
  readonly step: number
  readonly epoch: number
  readonly startedAt: number
  readonly finishedAt: number
}

/** What a run reaches of the world. */
export interface TrainingWorld {
  readonly folder: RunFolder
  /** Milliseconds since 1970. */
  now(): number
  report(event: TrainingEvent): void
  /** Asked before every step. Throws a CancelledError once the run is cancelled. */
  controls(): Promise<TrainingControls>
  /** Bytes that the process takes. */
  memory?(): number
  /** Waits as long as the device is too warm, and reports it. */
  guard?(report: (event: TrainingEvent) => void): Promise<void>
}

/** The end of a run: what it left on disk, and the LoRA, an ordinary value. */
export interface TrainedLora {
  readonly result: TrainingResult
  readonly lora: Lora
}

/**
 * Trains from the last good state of the folder, or from the beginning, to the last step. Killed at
 * any moment and started again it comes to the same weights, optimizer state and log, bit for bit
 * where the device computes the same bits twice. A cancelled run saves its state before it ends.
 * Throws a WorkflowError where the state in the folder is of other settings, a DeviceError where
 * numbers stop being finite, memory or disk run out; the last good state is kept.
 */
export async function runTraining(job: TrainingJob, world: TrainingWorld): Promise<TrainedLora> {
  const trainer = await job.openTrainer()
  try {
    const progress = await RunProgress.begin(job, world, trainer)
    const status = await walk(job, world, progress)
    await progress.finish(status)
    return { result: await progress.result(status), lora: await progress.lora() }
  } finally {
    await trainer.close()
  }
}

async function walk(
  { schedule }: TrainingJob,
  world: TrainingWorld,
  progress: RunProgress,
): Promise<TrainingStatus> {
  const read = controlReader(await world.controls())
  try {
    if (progress.step === 0) await progress.prepare()
    while (progress.step < schedule.steps) {
      if (isExhausted(progress.validations, schedule.validation.patience)) return 'early-stop'
      const order = read(await world.controls())
      if (order.sample) await progress.drawSamples()
      if (order.save) await progress.saveAll()
      if (order.stop) return 'stopped'
      await world.guard?.((event) => world.report(event))
      await progress.takeStep(order.rateFactor)
      await progress.afterStep()
    }
    return 'finished'
  } catch (thrown) {
    await progress.saveBeforeCancel(thrown)
    throw thrown
  }
}
