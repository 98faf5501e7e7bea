import { DeviceError, messageOf } from '../../errors.ts'
import type { Lora } from '../../lora/load.ts'
import type { LoggedStep } from '../result.ts'
import type { TrainingJob, TrainingWorld, WeightFacts } from '../run.ts'
import { outdated } from './due.ts'
import { encodeState, type RunState } from './state.ts'

/** Writes what a run leaves behind, and removes what is older than wanted. */
export class RunKeeper {
  readonly #job: TrainingJob
  readonly #world: TrainingWorld
  readonly #drawn: string[] = []

  constructor(job: TrainingJob, world: TrainingWorld) {
    this.#job = job
    this.#world = world
  }

  /** One line of the log. */
  async log(entry: LoggedStep): Promise<void> {
    const line = JSON.stringify(entry)
    await this.#safely('log', entry.step, () => this.#world.folder.appendLog(line))
  }

  /** `NAME-step00000100.safetensors`; older ones go as the schedule says. */
  async saveWeights(lora: Lora, facts: WeightFacts): Promise<void> {
    const { name, schedule } = this.#job
    await this.#writeWeights('weights', `${fileName(name)}-step${digits(facts.step)}`, lora, facts)
    const { keptSteps, keptCount } = schedule.weights
    const steps = await this.#steps()
    const old = outdated(steps, {
      last: facts.step,
      ...(keptSteps !== undefined && { keptSteps }),
      ...(keptCount !== undefined && { keptCount }),
    })
    for (const step of old) {
      await this.#world.folder.remove(`${fileName(name)}-step${digits(step)}.safetensors`)
    }
  }

  /** `NAME-best.safetensors`. */
  async saveBest(lora: Lora, facts: WeightFacts): Promise<void> {
    await this.#writeWeights('best', `${fileName(this.#job.name)}-best`, lora, facts)
  }

  /** `NAME.safetensors`. */
  async saveFinal(lora: Lora, facts: WeightFacts): Promise<void> {
    await this.#writeWeights('weights', fileName(this.#job.name), lora, facts)
  }

  async hasFinal(): Promise<boolean> {
    const names = await this.#world.folder.list()
    return names.includes(`${fileName(this.#job.name)}.safetensors`)
  }

  /** The log first, so that a state never knows more than the log. */
  async saveState(state: RunState): Promise<void> {
    const { folder } = this.#world
    await this.#safely('state', state.step, async () => {
      await folder.syncLog()
      await folder.writeState(state.step, encodeState(state))
    })
    const file = `${folder.path}/state`
    this.#world.report({ type: 'saved', what: 'state', step: state.step, file })
    const steps = (await folder.states()).reverse()
    const { keptCount } = this.#job.schedule.states
    for (const step of outdated(steps, { last: state.step, keptCount })) {
      await folder.removeState(step)
    }
  }

  /** Draws the sample prompts; every picture is in `samples/` and in an event. */
  async drawSamples(lora: Lora, step: number): Promise<void> {
    const { draw, encodePicture } = this.#job
    if (!draw || !encodePicture) return
    let index = 0
    for await (const image of draw(lora)) {
      const name = `samples/${digits(step)}-${String(index).padStart(2, '0')}.png`
      const bytes = await encodePicture(image)
      const file = await this.#safely('sample', step, () => this.#world.folder.write(name, bytes))
      this.#drawn.push(file)
      this.#world.report({ type: 'sample', step, index, image, file })
      index += 1
    }
  }

  /** Absolute paths of all weights in the folder. */
  async weights(): Promise<string[]> {
    const { folder } = this.#world
    const names = await folder.list()
    const own = names.filter((name) => name.endsWith('.safetensors'))
    return own.map((name) => `${folder.path}/${name}`)
  }

  /** Absolute paths of the samples drawn since the run was started or resumed. */
  async samples(): Promise<string[]> {
    return this.#drawn
  }

  async #writeWeights(what: 'weights' | 'best', name: string, lora: Lora, facts: WeightFacts) {
    const bytes = await this.#job.encodeWeights(lora, facts)
    const file = await this.#safely('weights', facts.step, () => {
      return this.#world.folder.write(`${name}.safetensors`, bytes)
    })
    this.#world.report({ type: 'saved', what, step: facts.step, file })
  }

  /** Steps of which there are weights, in order. */
  async #steps(): Promise<number[]> {
    const beginning = `${fileName(this.#job.name)}-step`
    const names = await this.#world.folder.list()
    const found = names.flatMap((name) => {
      if (!name.startsWith(beginning)) return []
      const [, step] = /^(\d{8,})\.safetensors$/.exec(name.slice(beginning.length)) ?? []
      return step === undefined ? [] : [Number(step)]
    })
    return found.sort((a, b) => a - b)
  }

  /** Says which state is still good where a file cannot be written. */
  async #safely<Value>(what: string, step: number, act: () => Promise<Value>): Promise<Value> {
    try {
      return await act()
    } catch (cause) {
      if (!(cause instanceof DeviceError)) throw cause
      const [last] = await this.#world.folder.states()
      const kept = last === undefined ? 'no state is kept' : `the state of step ${last} is kept`
      throw new DeviceError(
        `training "${this.#job.name}": ${what} of step ${step} cannot be saved: ${messageOf(cause)}; ${kept}, run again to go on from it`,
        { cause },
      )
    }
  }
}

/** The last part of a run's name: a name may hold folders. */
function fileName(name: string): string {
  return name.slice(Math.max(name.lastIndexOf('/'), name.lastIndexOf('\\')) + 1)
}

function digits(step: number): string {
  return String(step).padStart(8, '0')
}
