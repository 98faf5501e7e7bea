import { createBuilder } from '../onnx/builder.ts'
import { add } from '../onnx/express.ts'
import type { Program } from '../onnx/value.ts'
import type { HeldTensor } from '../runtime/held.ts'
import type { SessionOptions } from '../runtime/session.ts'
import type { SessionPool } from '../runtime/session-pool.ts'
import type { HostTensor } from '../runtime/tensor.ts'
import type { ParameterInfo } from './parameter.ts'
import { createResident } from './resident.ts'
import { initialState, type UpdateProgram } from './update-program.ts'

/** A program of losses and gradients with the update that follows it. */
export interface StepperOptions {
  readonly pool: SessionPool
  /** Names the programs in the pool. */
  readonly key: string
  readonly parameters: readonly ParameterInfo[]
  /** Numbers of all parameters before the first step, by name; they are taken over. */
  readonly initial: ReadonlyMap<string, Float32Array>
  /** Takes the parameters by name and what is fed; gives results and `gradient NAME`. */
  readonly step: () => Program
  /** The same without gradients. */
  readonly evaluation: () => Program
  readonly update: UpdateProgram
  readonly session?: SessionOptions
}

type Feeds = Readonly<Record<string, HostTensor>>

/** What a step of the optimizer reports. */
export interface UpdateReport {
  /** Before clipping. */
  readonly gradientNorm: number
  readonly parameterNorm: number
  readonly updateNorm: number
  readonly extra: Readonly<Record<string, number>>
}

/** Trains the parameters of any program: a batch at a time, then a step. */
export interface Stepper {
  readonly parameters: readonly ParameterInfo[]
  /** Optimizer steps done. */
  readonly step: number
  /** What the last of them reported. */
  readonly last: UpdateReport | undefined
  /** Adds the gradients of a batch to what has been added since the last step. */
  accumulate(feeds: Feeds): Promise<Record<string, HostTensor>>
  /** Results alone. */
  evaluate(feeds: Feeds): Promise<Record<string, HostTensor>>
  /** One step of the optimizer with the mean of the gradients. */
  update(rates: Readonly<Record<string, number>>): Promise<UpdateReport>
  /**
   * Brings parameters and states from the device to the host, where the three below read them; on
   * the CPU they are there.
   */
  fetch(): Promise<void>
  /** Numbers of a parameter, as they are; not to be modified. */
  parameter(name: string): Float32Array
  /** Its running average; the parameter itself where none is kept. */
  average(name: string): Float32Array
  /** Copies of everything that decides how the training goes on. */
  snapshot(): ReadonlyMap<string, Float32Array>
  /** Goes back to a snapshot; gradients that were added are forgotten. */
  restore(snapshot: ReadonlyMap<string, Float32Array>): void
  close(): Promise<void>
}

/** How the programs hand their tensors on. */
const part = {
  parameter: 'parameter ',
  state: 'state ',
  gradient: 'gradient ',
  next: 'next ',
} as const

/**
 * Opens a training of the parameters of a program. Programs are loaded when they are needed.
 * Parameters, states and gradients stay on the device: a step takes the batch there and brings the
 * losses back.
 */
export function createStepper(options: StepperOptions): Stepper {
  const { pool, key, parameters, update } = options
  const initial = new Map(parameters.map(({ name }) => [name, options.initial.get(name)!]))
  const names = parameters.map(({ name }) => part.parameter + name)
  const states = update.state.map(({ name }) => part.state + name)
  const resident = createResident(
    pool,
    new Map([
      ...parameters.map(({ name, shape }) => [part.parameter + name, shape] as const),
      ...update.state.map(({ name, shape }) => [part.state + name, shape] as const),
    ]),
    new Map([
      ...[...initial].map(([name, data]) => [part.parameter + name, data] as const),
      ...update.state.map((info) => [part.state + info.name, initialState(info, initial)] as const),
    ]),
  )
  let gradients: Held = {}
  let calls = 0
  let step = 0
  let last: UpdateReport | undefined

  const open = (name: string, program: () => Program, holds?: SessionOptions['holds']) =>
    pool.session(`${key} ${name}`, program, { ...options.session, ...(holds && { holds }) })

  async function parameterFeeds(): Promise<Held> {
    const held = await resident.held()
    return Object.fromEntries(parameters.map(({ name }, index) => [name, held.get(names[index]!)!]))
  }

  async function addGradients(fresh: Held): Promise<void> {
    const before = gradients
    gradients = fresh
    if (calls === 0) return
    const adding = await open(
      'sum',
      () => sumProgram(parameters),
      () => true,
    )
    const { held } = await adding.runHeld({ ...prefixed('old ', before), ...fresh })
    gradients = Object.fromEntries(
      Object.keys(fresh).map((name) => [name, held[`sum ${name}`]!] as const),
    )
    release(before)
    release(fresh)
  }

  function forget(): void {
    release(gradients)
    gradients = {}
    calls = 0
  }

  return {
    parameters,
    get step() {
      return step
    },
    get last() {
      return last
    },
    async accumulate(feeds) {
      const holds = (name: string) => name.startsWith(part.gradient)
      const run = await open('step', options.step, holds)
      const { results, held } = await run.runHeld({ ...feeds, ...(await parameterFeeds()) })
      await addGradients(held)
      calls += 1
      return results
    },
    async evaluate(feeds) {
      const run = await open('evaluation', options.evaluation)
      return run.run({ ...feeds, ...(await parameterFeeds()) })
    },
    async update(rates) {
      const run = await open(
        'update',
        () => update.program,
        (name) => name.startsWith(part.next),
      )
      const { results, held } = await run.runHeld({
        ...Object.fromEntries(await resident.held()),
        ...gradients,
        ...update.scalars(step + 1, rates, calls),
      })
      const next = [...names, ...states].map((name) => [name, held[part.next + name]!] as const)
      resident.replace(new Map(next))
      forget()
      step += 1
      const numberOf = (name: string) => results[name]!.data[0] as number
      last = {
        gradientNorm: numberOf('gradientNorm'),
        parameterNorm: numberOf('parameterNorm'),
        updateNorm: numberOf('updateNorm'),
        extra: Object.fromEntries(update.extras.map((name) => [name, numberOf(name)])),
      }
      return last
    },
    fetch: () => resident.fetch(),
    parameter: (name) => resident.numbers(part.parameter + name),
    average(name) {
      const kept = `${part.state}ema ${name}`
      return resident.numbers(states.includes(kept) ? kept : part.parameter + name)
    },
    snapshot() {
      const result = new Map<string, Float32Array>([['step', Float32Array.of(step)]])
      for (const name of [...names, ...states]) result.set(name, resident.numbers(name).slice())
      return result
    },
    restore(snapshot) {
      const all = [...names, ...states]
      resident.set(new Map(all.map((name) => [name, wanted(snapshot, name)])))
      step = wanted(snapshot, 'step')[0]!
      forget()
    },
    async close() {
      resident.release()
      forget()
      for (const name of programNames) await pool.release(`${key} ${name}`)
    },
  }
}

type Held = Readonly<Record<string, HeldTensor>>

const programNames = ['step', 'evaluation', 'update', 'sum'] as const

/** `gradient NAME` of this batch and of those before it. */
function sumProgram(parameters: readonly ParameterInfo[]): Program {
  const builder = createBuilder('gradient-sum')
  for (const { name, shape } of parameters) {
    const gradient = part.gradient + name
    const old = builder.input(`old ${gradient}`, 'float32', shape)
    const fresh = builder.input(gradient, 'float32', shape)
    builder.output(`sum ${gradient}`, add(builder, fresh, old))
  }
  return builder.finish()
}

function prefixed(prefix: string, tensors: Held): Held {
  return Object.fromEntries(Object.entries(tensors).map(([name, held]) => [prefix + name, held]))
}

function release(tensors: Held): void {
  for (const tensor of Object.values(tensors)) tensor.release()
}

function wanted(snapshot: ReadonlyMap<string, Float32Array>, name: string): Float32Array {
  const data = snapshot.get(name)
  if (!data) throw new TypeError(`snapshot: ${name} is absent`)
  return data.slice()
}
