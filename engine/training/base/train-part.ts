import { CancelledError, DeviceError } from '../../errors.ts'
import type { RunFolder } from '../../files/run-folder.ts'
import type { SessionOptions } from '../../runtime/session.ts'
import type { SessionPool } from '../../runtime/session-pool.ts'
import { type LoggedStep, movingAverage, type TrainingResult } from '../result.ts'
import { createPace, type PaceFigures } from '../run/pace.ts'
import { type Resumed, resumeRun } from '../run/resume.ts'
import { encodeState, type Plain } from '../run/state.ts'
import { mixSeed } from '../seeds.ts'
import type { ModelPlan } from './demo-plan.ts'
import { type OpenPhase, openPhase } from './open-phase.ts'
import { type NewPart, type PartName, wholePart } from './parts.ts'
import { type Phase, rateAt } from './phases.ts'
import { drawnVocabulary } from './postcards.ts'

/** The training of one part of a new model. */
export interface PartJob {
  readonly plan: ModelPlan
  readonly part: PartName
  readonly phases: readonly Phase[]
  readonly seed: number
  /** A state is saved after so many steps, and after every phase. */
  readonly stateEverySteps: number
  readonly session?: SessionOptions
}

/** What it reaches of the world. */
export interface PartWorld {
  readonly pool: SessionPool
  readonly folder: RunFolder
  /** Milliseconds since 1970. */
  now(): number
  /** Asked before every step. Throws a CancelledError once the run is cancelled. */
  pause(): Promise<void>
  onDrawn(done: number, count: number): void
  onStep(entry: LoggedStep, steps: number, pace: PaceFigures): void
  warn(message: string): void
}

/** A part with its running averages, ready for a file, and what there is to tell of it. */
export interface TrainedPart extends NewPart {
  readonly training: TrainingResult
}

/** Words and skies come from one set of drawn pictures, whatever the seed of the weights. */
const pictureSeed = 0
const keptStates = 2
const drawnAtOnce = 25

/**
 * Trains a part from the last good state of the folder, or from nothing, through all phases.
 * Killed at any moment and started again it comes to the same weights, bit for bit on the
 * processor. A cancelled run saves its state. Throws a WorkflowError where the state in the folder
 * is of other settings, a DeviceError where the loss stops being a number.
 */
export async function trainPart(job: PartJob, world: PartWorld): Promise<TrainedPart> {
  const identity = {
    model: `a new ${job.part}`,
    ...{ unet: job.part, textEncoder: job.part, vae: job.part },
  }
  const { folder } = world
  const request = { name: folder.name, identity, settings: settingsOf(job) }
  const resumed = await resumeRun(folder, request)
  for (const warning of resumed?.warnings ?? []) world.warn(warning)
  const run = new PartRun(job, world, request, resumed)
  let offset = 0
  for (const [index, phase] of job.phases.entries()) {
    if (run.step <= offset + phase.steps) await run.walk(phase, index, offset)
    offset += phase.steps
  }
  return run.result(offset)
}

type Request = Parameters<typeof resumeRun>[1]

/** What changes from step to step. */
class PartRun {
  readonly #job: PartJob
  readonly #world: PartWorld
  readonly #request: Request
  readonly #vocabulary = drawnVocabulary(pictureSeed)
  readonly #log: LoggedStep[]
  readonly #startedAt: number
  #resumed: Resumed | undefined
  #trained: ReadonlyMap<string, Float32Array> = new Map()
  step: number

  constructor(job: PartJob, world: PartWorld, request: Request, resumed: Resumed | undefined) {
    this.#job = job
    this.#world = world
    this.#request = request
    this.#resumed = resumed
    this.#log = [...(resumed?.log ?? [])]
    this.#startedAt = resumed?.state.startedAt ?? world.now()
    this.step = resumed?.state.step ?? 0
  }

  /** Goes through a phase, from where the state stands if it is of this phase. */
  async walk(phase: Phase, index: number, offset: number): Promise<void> {
    const { plan, part, session, stateEverySteps } = this.#job
    const { pool, pause, onDrawn } = this.#world
    const tensors = this.#resumed?.state.tensors
    if (tensors) this.#trained = new Map(earlierIn(tensors))
    const isOver = this.step === offset + phase.steps
    const open = await openPhase({
      ...{ pool, plan, part, vocabulary: this.#vocabulary, earlier: this.#trained },
      phase: isOver ? { ...phase, pictures: 1, styled: 0 } : phase,
      seed: mixSeed(this.#job.seed, 'phase', index),
      ...(session && { session }),
      async onDrawn(done, count) {
        if (done % drawnAtOnce !== 0 && done !== count) return
        await pause()
        onDrawn(done, count)
      },
    })
    try {
      if (tensors) open.stepper.restore(tensors)
      this.#resumed = undefined
      const pace = createPace(this.#world.now)
      while (open.stepper.step < phase.steps) {
        await this.#pauseOrSave(open)
        await this.#takeStep(open, phase, index, pace)
        const isEnd = open.stepper.step === phase.steps
        if (isEnd || this.step % stateEverySteps === 0) await this.#saveState(open)
      }
      const { stepper } = open
      await stepper.fetch()
      const averages = stepper.parameters.map(
        ({ name }) => [name, stepper.average(name).slice()] as const,
      )
      this.#trained = new Map([...this.#trained, ...averages])
    } finally {
      await open.close()
    }
  }

  async result(steps: number): Promise<TrainedPart> {
    const { plan, part, seed } = this.#job
    const { folder } = this.#world
    const vocabulary = this.#vocabulary
    return {
      part,
      weights: wholePart(plan, part, this.#trained, { seed, vocabulary }),
      training: {
        name: folder.name,
        folder: folder.path,
        ...{ status: 'finished', step: this.step, steps, log: this.#log },
        ...{ validations: [], bins: [], weights: [], samples: [], pictures: [] },
      },
    }
  }

  async #takeStep(
    open: OpenPhase,
    phase: Phase,
    index: number,
    pace: ReturnType<typeof createPace>,
  ) {
    pace.begin()
    const rate = rateAt(phase, open.stepper.step)
    const loss = await open.step(rate)
    const { gradientNorm, parameterNorm, updateNorm } = open.stepper.last!
    const step = this.step + 1
    if (!Number.isFinite(loss) || !Number.isFinite(updateNorm)) {
      const { name } = this.#world.folder
      throw new DeviceError(
        `training "${name}": loss ${loss} and change ${updateNorm} at step ${step}, finite numbers expected; the last good state is kept, choose a lower rate`,
      )
    }
    this.step = step
    const rates = { [this.#job.part]: rate }
    const average = movingAverage(this.#log, loss)
    const norms = { gradientNorm, parameterNorm, updateNorm }
    const entry = { step, epoch: index, loss, average, rates, ...norms, samples: [] }
    this.#log.push(entry)
    await this.#world.folder.appendLog(JSON.stringify(entry))
    const left = phase.steps - open.stepper.step
    this.#world.onStep(entry, sumOfSteps(this.#job.phases), pace.end(phase.batch, left))
  }

  /** A cancelled run is saved between two steps, so that nothing is lost. */
  async #pauseOrSave(open: OpenPhase): Promise<void> {
    try {
      await this.#world.pause()
    } catch (thrown) {
      if (thrown instanceof CancelledError && open.stepper.step > 0) await this.#saveState(open)
      throw thrown
    }
  }

  async #saveState(open: OpenPhase): Promise<void> {
    const { folder } = this.#world
    const earlier = [...this.#trained].map(([name, data]) => [earlierKey + name, data] as const)
    await open.stepper.fetch()
    await folder.syncLog()
    await folder.writeState(
      this.step,
      encodeState({
        step: this.step,
        identity: this.#request.identity,
        settings: this.#request.settings,
        validations: [],
        startedAt: this.#startedAt,
        tensors: new Map([...open.stepper.snapshot(), ...earlier]),
      }),
    )
    for (const old of (await folder.states()).slice(keptStates)) await folder.removeState(old)
  }
}

/** Weights that the phases before have trained stand in a state under names of their own. */
const earlierKey = 'earlier '

function* earlierIn(tensors: ReadonlyMap<string, Float32Array>): Generator<[string, Float32Array]> {
  for (const [key, data] of tensors) {
    if (key.startsWith(earlierKey)) yield [key.slice(earlierKey.length), data]
  }
}

/** What may not change while a run is resumed. */
function settingsOf({ plan, part, phases, seed }: PartJob): Record<string, Plain> {
  const rows = phases.map((phase, index) => [`phase${index + 1}`, { ...phase }] as const)
  const { blueprint, config } = plan
  const plain = JSON.parse(JSON.stringify({ blueprint, config })) as Record<string, Plain>
  return { part, seed, ...plain, ...Object.fromEntries(rows) }
}

function sumOfSteps(phases: readonly Phase[]): number {
  return phases.reduce((sum, { steps }) => sum + steps, 0)
}
