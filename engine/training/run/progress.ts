import { CancelledError } from '../../errors.ts'
import type { Lora } from '../../lora/load.ts'
import {
  createBinCounter,
  type LoggedStep,
  type LoggedValidation,
  movingAverage,
  type TrainingResult,
  type TrainingStatus,
} from '../result.ts'
import type { TrainingJob, TrainingWorld } from '../run.ts'
import type { Trainer } from '../trainer.ts'
import { stepsPerEpoch } from './batch-source.ts'
import { isDue } from './due.ts'
import { type GuardedStep, refuseBadLosses, refuseBadUpdate, refuseDivergence } from './guard.ts'
import { RunKeeper } from './keeper.ts'
import { createPace, type Pace } from './pace.ts'
import { resumeRun } from './resume.ts'
import { accumulateStep } from './take-step.ts'
import { bestOf, validate } from './validation.ts'

/** A run between two steps: what it has done, and how it does the next thing. */
export class RunProgress {
  readonly #job: TrainingJob
  readonly #world: TrainingWorld
  readonly #trainer: Trainer
  readonly #keeper: RunKeeper
  readonly #pace: Pace
  readonly #perEpoch: number
  readonly #log: LoggedStep[] = []
  readonly #bins = createBinCounter()
  #step = 0
  #validations: readonly LoggedValidation[] = []
  #microBatch: number | undefined
  #startedAt: number
  #savedStep = 0
  /** False while a step is half done: then the trainer must not be saved. */
  #isWhole = true

  private constructor(job: TrainingJob, world: TrainingWorld, trainer: Trainer) {
    this.#job = job
    this.#world = world
    this.#trainer = trainer
    this.#startedAt = world.now()
    this.#perEpoch = stepsPerEpoch(job.data, job.schedule.accumulation)
    this.#keeper = new RunKeeper(job, world)
    this.#pace = createPace(world.now)
  }

  /** At the step of the last good state, or before the first step. */
  static async begin(
    job: TrainingJob,
    world: TrainingWorld,
    trainer: Trainer,
  ): Promise<RunProgress> {
    const progress = new RunProgress(job, world, trainer)
    const resumed = await resumeRun(world.folder, job)
    if (!resumed) return progress
    const { state, log, warnings } = resumed
    for (const message of warnings) world.report({ type: 'warning', message })
    trainer.restore(state.tensors)
    progress.#step = state.step
    for (const entry of log) progress.#enter(entry)
    progress.#validations = state.validations
    progress.#microBatch = state.microBatch
    progress.#startedAt = state.startedAt
    progress.#savedStep = state.step
    world.report({ type: 'resumed', step: state.step })
    return progress
  }

  /** Finished optimizer steps. */
  get step(): number {
    return this.#step
  }

  get validations(): readonly LoggedValidation[] {
    return this.#validations
  }

  /** The LoRA as it is now, or its running average. */
  async lora(): Promise<Lora> {
    await this.#trainer.fetch()
    return this.#trainer.lora(this.#job.useEma ? 'ema' : 'current')
  }

  /** Before the first step: what the validation is compared with, and samples if wanted. */
  async prepare(): Promise<void> {
    await this.#validate()
    if (this.#job.schedule.samples.atFirst) await this.drawSamples()
  }

  /** One optimizer step; its line is in the log afterwards. */
  async takeStep(rateFactor: number): Promise<void> {
    const { data, schedule } = this.#job
    const step = this.step + 1
    const at: GuardedStep = { name: this.#job.name, step, savedStep: this.#savedStep }
    this.#isWhole = false
    this.#pace.begin()
    const { loss, samples, epoch, microBatch } = await accumulateStep({
      ...{ trainer: this.#trainer, step, accumulation: schedule.accumulation },
      data: { ...data, load: (request) => this.#pace.loading(() => data.load(request)) },
      microBatch: this.#microBatch,
      onSmaller: (tried, next) => this.#world.report({ type: 'smaller-batch', tried, next }),
    })
    this.#microBatch = microBatch
    const named = samples.map(([picture, timestep, sampleLoss]) => {
      return { picture: data.pictures[picture] ?? `${picture}`, timestep, loss: sampleLoss }
    })
    await refuseBadLosses(at, named, this.#trainer)
    const rates = this.#rates(step, rateFactor)
    const { extra, ...norms } = await this.#trainer.update(rates)
    await refuseBadUpdate(at, norms, this.#trainer, named)
    const average = movingAverage(this.#log, loss)
    const hasExtra = Object.keys(extra).length > 0
    const entry: LoggedStep = {
      ...{ step, epoch, loss, average, rates, ...norms },
      ...(hasExtra && { extra }),
      samples,
    }
    await this.#keeper.log(entry)
    this.#enter(entry)
    this.#step = step
    this.#isWhole = true
    this.#reportStep(entry)
    refuseDivergence(at, this.#log, entry)
  }

  /** What is due after a step: validation, samples, weights, and last of all the state. */
  async afterStep(): Promise<void> {
    const { schedule } = this.#job
    const { step } = this
    const due = (what: 'validation' | 'samples' | 'weights' | 'states') => {
      return isDue(schedule[what], step, this.#perEpoch)
    }
    if (due('validation')) await this.#validate()
    if (due('samples')) await this.drawSamples()
    if (due('weights')) await this.#saveWeights()
    const isPaired = schedule.states.withWeights && due('weights')
    if (due('states') || isPaired) await this.#saveState()
  }

  /** Weights and state, when a person asks for them. */
  async saveAll(): Promise<void> {
    if (this.step === 0) return
    await this.#saveWeights()
    await this.#saveState()
  }

  async drawSamples(): Promise<void> {
    await this.#keeper.drawSamples(await this.lora(), this.step)
  }

  /** The end of a run: its weights under the run's own name, then the state. */
  async finish(status: TrainingStatus): Promise<void> {
    if (this.#validations.at(-1)?.step !== this.step && status !== 'stopped') await this.#validate()
    const isThere = this.#savedStep === this.step && (await this.#keeper.hasFinal())
    if (!isThere) await this.#keeper.saveFinal(await this.lora(), this.#facts())
    await this.#saveState()
  }

  /** A cancelled run between two steps is saved, so that nothing is lost. */
  async saveBeforeCancel(thrown: unknown): Promise<void> {
    if (!(thrown instanceof CancelledError) || !this.#isWhole) return
    if (this.step > this.#savedStep) await this.#saveState()
  }

  async result(status: TrainingStatus): Promise<TrainingResult> {
    const best = bestOf(this.#validations)
    return {
      name: this.#job.name,
      folder: this.#world.folder.path,
      ...{ status, step: this.step, steps: this.#job.schedule.steps },
      log: this.#log,
      validations: this.#validations,
      bins: this.#bins.bins(),
      ...(best && { best }),
      weights: await this.#keeper.weights(),
      samples: await this.#keeper.samples(),
      pictures: this.#job.data.pictures,
    }
  }

  #enter(entry: LoggedStep): void {
    this.#log.push(entry)
    this.#bins.add(entry.samples)
  }

  #reportStep(entry: LoggedStep): void {
    const memory = this.#world.memory?.()
    this.#world.report({
      ...{ type: 'step', entry, steps: this.#job.schedule.steps },
      ...this.#pace.end(entry.samples.length, this.#job.schedule.steps - entry.step),
      ...(memory === undefined ? {} : { memory }),
      bins: this.#bins.bins(),
    })
  }

  async #validate(): Promise<void> {
    const { validation: data, schedule } = this.#job
    if (!data) return
    const measured = await validate(this.#trainer, data, this.step, this.#validations)
    this.#validations = [...this.#validations, measured]
    this.#world.report({ type: 'validation', validation: measured })
    if (measured.isBest && schedule.validation.keepBest && this.step > 0) {
      await this.#keeper.saveBest(await this.lora(), this.#facts())
    }
  }

  async #saveWeights(): Promise<void> {
    await this.#keeper.saveWeights(await this.lora(), this.#facts())
  }

  async #saveState(): Promise<void> {
    if (this.#savedStep === this.step) return
    await this.#trainer.fetch()
    await this.#keeper.saveState({
      step: this.step,
      identity: this.#job.identity,
      settings: this.#job.settings,
      validations: this.#validations,
      ...(this.#microBatch === undefined ? {} : { microBatch: this.#microBatch }),
      startedAt: this.#startedAt,
      tensors: this.#trainer.snapshot(),
    })
    this.#savedStep = this.step
  }

  /** Of the groups that have parameters. */
  #rates(step: number, factor: number): Record<string, number> {
    const groups = new Set<string>(this.#trainer.parameters.map(({ group }) => group))
    const rates = Object.entries(this.#job.rates(step)).filter(([group]) => groups.has(group))
    return Object.fromEntries(rates.map(([group, rate]) => [group, rate * factor]))
  }

  #facts() {
    const epoch = Math.ceil(this.step / this.#perEpoch)
    const finishedAt = this.#world.now()
    return { step: this.step, epoch, startedAt: this.#startedAt, finishedAt }
  }
}
