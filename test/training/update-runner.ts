import { cpuDevice } from '../../engine/runtime/device.ts'
import { createSession, newCounters } from '../../engine/runtime/session.ts'
import type { HostTensor } from '../../engine/runtime/tensor.ts'
import type { Rates } from '../../engine/training/optimizers/optimizer.ts'
import { optimizerSchema } from '../../engine/training/optimizers.ts'
import type { ParameterInfo } from '../../engine/training/parameter.ts'
import {
  initialState,
  type UpdateSettings,
  updateProgram,
} from '../../engine/training/update-program.ts'
import { seeded } from '../support/seeded.ts'

/** Tensors by name. */
export type Tensors = ReadonlyMap<string, Float32Array>

/** One step of a run: gradients and what the host knows. */
export interface UpdateStep {
  gradients: Tensors
  rates: Rates
  divisor?: number
}

/** Shapes of every rank, some of them alike, in two groups. */
export const mixedParameters: readonly ParameterInfo[] = [
  { name: 'norm.weight', shape: [6], group: 'unet' },
  { name: 'a.down', shape: [5, 3], group: 'unet' },
  { name: 'a.up', shape: [3, 4], group: 'unet' },
  { name: 'b.down', shape: [5, 3], group: 'unet' },
  { name: 'b.up', shape: [3, 4], group: 'unet' },
  { name: 'time', shape: [2, 3, 4], group: 'unet' },
  { name: 'conv.down', shape: [2, 3, 3, 3], group: 'unet' },
  { name: 'conv.up', shape: [4, 2, 1, 1], group: 'unet' },
  { name: 'text.down', shape: [5, 3], group: 'text-encoder' },
  { name: 'text.bias', shape: [1], group: 'text-encoder' },
]

/** Random parameters; names that end in `.up` start at 0, as those of a LoRA. */
export function initialParameters(parameters: readonly ParameterInfo[], seed: number): Tensors {
  const random = randomNumbers(seed)
  return new Map(
    parameters.map(({ name, shape }) => [
      name,
      Float32Array.from({ length: size(shape) }, () => (name.endsWith('.up') ? 0 : random())),
    ]),
  )
}

/** Gradients that point one way with noise on top, so that momentum and distances grow. */
export function noisyGradients(
  parameters: readonly ParameterInfo[],
  steps: number,
  seed: number,
): Tensors[] {
  const random = randomNumbers(seed)
  const main = parameters.map(({ shape }) => Array.from({ length: size(shape) }, random))
  return Array.from(
    { length: steps },
    () =>
      new Map(
        parameters.map(({ name }, index) => [
          name,
          Float32Array.from(main[index]!, (value) => 0.3 * (value + 0.7 * random())),
        ]),
      ),
  )
}

/** What a test says of its settings; the rest has its default. */
export type GivenSettings = Omit<UpdateSettings, 'optimizer' | 'maxGradNorm'> & {
  optimizerType?: string
  optimizerArgs?: Record<string, unknown>
  maxGradNorm?: number
}

/** Where a run is: parameters, state, and the numbers that the last step reported. */
export interface UpdateResult {
  parameters: Tensors
  state: Tensors
  reports: Record<string, number>[]
}

/** Runs the update program on the processor; `from` goes on from an earlier result. */
export async function runUpdates(
  given: GivenSettings,
  parameters: readonly ParameterInfo[],
  start: Tensors,
  steps: readonly UpdateStep[],
  from?: { done: number; state: Tensors },
): Promise<UpdateResult> {
  const { optimizerType = 'AdamW', optimizerArgs = {}, maxGradNorm = 0, ...others } = given
  const optimizer = optimizerSchema.parse({ optimizerType, optimizerArgs })
  const update = updateProgram({ ...others, optimizer, maxGradNorm }, parameters)
  const session = await createSession(update.program, cpuDevice, newCounters())
  let values = start
  let state: Tensors =
    from?.state ?? new Map(update.state.map((info) => [info.name, initialState(info, start)]))
  const reports: Record<string, number>[] = []
  for (const [index, { gradients, rates, divisor = 1 }] of steps.entries()) {
    const feeds: Record<string, HostTensor> = {
      ...update.scalars((from?.done ?? 0) + index + 1, rates, divisor),
    }
    for (const { name, shape } of parameters) {
      feeds[`parameter ${name}`] = { data: values.get(name)!, shape }
      feeds[`gradient ${name}`] = { data: gradients.get(name)!, shape }
    }
    for (const { name, shape } of update.state) {
      feeds[`state ${name}`] = { data: state.get(name)!, shape }
    }
    const results = await session.run(feeds)
    const named = (prefix: string, names: readonly string[]): Tensors =>
      new Map(names.map((name) => [name, results[`${prefix} ${name}`]!.data as Float32Array]))
    values = named(
      'next parameter',
      parameters.map(({ name }) => name),
    )
    state = named(
      'next state',
      update.state.map(({ name }) => name),
    )
    const numbers = ['gradientNorm', 'parameterNorm', 'updateNorm', ...update.extras]
    reports.push(Object.fromEntries(numbers.map((name) => [name, Number(results[name]!.data[0])])))
  }
  await session.release()
  return { parameters: values, state, reports }
}

/** Numbers from -1 to 1, the same for the same seed. */
export function randomNumbers(seed: number): () => number {
  const { below } = seeded(seed)
  return () => below(2 ** 32) / 2 ** 31 - 1
}

/** Number of elements. */
export function size(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1)
}
