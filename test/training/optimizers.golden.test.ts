import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { parseSafetensors } from '../../engine/formats/safetensors.ts'
import { readLora } from '../../engine/lora/load.ts'
import type { NetworkSource } from '../../engine/models/handles.ts'
import { timeEmbedding, type UnetConfig } from '../../engine/models/unet.ts'
import { layersOf } from '../../engine/models/weights.ts'
import { cpuDevice } from '../../engine/runtime/device.ts'
import { createSession, newCounters, type Session } from '../../engine/runtime/session.ts'
import type { HostTensor } from '../../engine/runtime/tensor.ts'
import {
  partFromProgram,
  partToProgram,
  scaleShape,
  type TrainedModule,
  trainedModules,
} from '../../engine/training/adapters.ts'
import type { LossType } from '../../engine/training/objective/loss.ts'
import { objectiveSchema } from '../../engine/training/objective/settings.ts'
import { optimizerSchema } from '../../engine/training/optimizers.ts'
import { stepProgram } from '../../engine/training/step-program.ts'
import { initialState, updateProgram } from '../../engine/training/update-program.ts'
import {
  type GoldenCase,
  goldenCases,
  goldenTensors,
  relativeError,
  values,
} from '../support/golden.ts'
import { checkpointOf, modelOf, singleFile, tinyModel } from '../support/tiny.ts'
import { goldenOptimizer } from './golden-optimizer.ts'
import { goldenStep, objectiveCase } from './objective-cases.ts'

const counters = newCounters()
const sessions = new Map<string, Session>()

afterAll(() => Promise.all([...sessions.values()].map((session) => session.release())))

/** Trainings of the U-Net alone with the plain loss; what else there is has tests of its own. */
const cases = goldenCases('models/training').filter((golden) => {
  const { folder, settings } = golden
  if (settings.kind !== 'lora-training' || !tinyModel(String(settings.base))) return false
  const init = String(settings.init).split(' ')[0]!
  if (init.includes('_te') || !existsSync(join(folder, '..', init))) return false
  const { settings: found, prediction, noiseOffset, hasPrior } = objectiveCase(golden)
  const isPlain = JSON.stringify(found) === JSON.stringify(objectiveSchema.parse({}))
  return isPlain && prediction === 'epsilon' && noiseOffset === 0 && !hasPrior
})

/** A program of thousands of ops takes long to load where other work goes on. */
const patience = 600_000

describe.skipIf(cases.length === 0)('a training of the tiny model', () => {
  it.each(cases)(
    '$name goes as in the reference',
    async (golden) => {
      const run = await train(golden)
      const expected = goldenTensors(join(golden.folder, 'expected.safetensors'))
      expect(relativeError(run.losses, values(expected, 'losses'))).toBeLessThanOrEqual(1e-5)
      const norms = values(expected, 'grad_norm')
      expect(relativeError(run.norms, norms)).toBeLessThanOrEqual(1e-4)
      const distances = golden.settings.prodigy_d_after_step
      if (distances) {
        expect(relativeError(run.distances, distances as number[])).toBeLessThanOrEqual(1e-4)
      }
      for (const [step, weights] of run.checkpoints) {
        const recorded = [...expected.keys()].filter((key) => key.startsWith(`w${step}.`))
        expect(recorded.length).toBeGreaterThan(0)
        for (const key of recorded) {
          const found = weights.get(key.slice(`w${step}.`.length))!
          expect(relativeError(found, values(expected, key)), key).toBeLessThanOrEqual(1e-4)
        }
        const lengths = (golden.settings.all_parameter_order as string[]).map((key) =>
          Math.hypot(...weights.get(key)!),
        )
        const total = values(expected, `w${step}_l2_all`)
        expect(relativeError(lengths, total), `step ${step}`).toBeLessThanOrEqual(1e-4)
      }
    },
    patience,
  )
})

interface Run {
  losses: number[]
  norms: number[]
  distances: number[]
  /** Factors by kohya's keys after the steps that the case records. */
  checkpoints: Map<number, Map<string, Float32Array>>
}

/** Runs a case with the program of a step and the program of an update. */
async function train(golden: GoldenCase): Promise<Run> {
  const { folder, settings } = golden
  const wanted = objectiveCase(golden)
  const { unet } = modelOf(tinyCheckpoint(String(settings.base)))
  const modules = trainedModules(initialLora(golden), 'unet', layersOf(unet.weights))
  const { optimizer, rate } = goldenOptimizer(String(settings.optimizer))
  const step = await stepOf(golden, modules, unet, wanted.settings.lossType)
  const update = updateProgram(
    {
      optimizer: optimizerSchema.parse(optimizer),
      maxGradNorm: Number(settings.max_grad_norm ?? 0),
    },
    step.parameters,
  )
  const session = await createSession(update.program, cpuDevice, counters)
  const context = textsOf(folder)
  const scales = Object.fromEntries(
    modules.map((module) => [
      `${module.layer}.scale`,
      { data: new Float32Array(module.rank).fill(module.scale), shape: scaleShape(module) },
    ]),
  )
  let parameters = new Map(
    modules.flatMap((module) =>
      module.parts.map(({ part, name }) => [name, partToProgram(module, part)] as const),
    ),
  )
  let state = new Map(
    update.state.map((info) => [info.name, initialState(info, parameters)] as const),
  )
  const run: Run = { losses: [], norms: [], distances: [], checkpoints: new Map() }
  const portions = Number(settings.gradient_accumulation)
  for (let index = 0; index < Number(settings.steps); index++) {
    const given = Object.fromEntries(
      step.parameters.map(({ name, shape }) => [name, { data: parameters.get(name)!, shape }]),
    )
    const sums = new Map<string, Float32Array>()
    let loss = 0
    for (let portion = 0; portion < portions; portion++) {
      const drawn = goldenStep(folder, (index * portions + portion) % 4, wanted)
      const batch = drawn.timesteps.length
      const sampleWeight = Float32Array.from(drawn.sampleWeight, (weight) => weight / batch)
      const results = await step.session.run({
        ...given,
        ...scales,
        context,
        sample: host(drawn.sample),
        target: host(drawn.target),
        sampleWeight: { data: sampleWeight, shape: [batch] },
        time: {
          data: timeEmbedding(drawn.timesteps, unet.config.channels[0]!),
          shape: [batch, unet.config.channels[0]!],
        },
        ...(drawn.huberC && { huberC: { data: Float32Array.from(drawn.huberC), shape: [batch] } }),
      })
      const losses = results.losses!.data as Float32Array
      loss += losses.reduce((sum, value, i) => sum + value * sampleWeight[i]!, 0) / portions
      for (const { name } of step.parameters) {
        const data = results[`gradient ${name}`]!.data as Float32Array
        const sum = sums.get(name)
        sums.set(name, sum ? sum.map((value, i) => value + data[i]!) : data)
      }
    }
    const next = await session.run({
      ...update.scalars(index + 1, { unet: rate }, portions),
      ...named('parameter', step.parameters, parameters),
      ...named('gradient', step.parameters, sums),
      ...named('state', update.state, state),
    })
    const read = (prefix: string, names: readonly { name: string }[]) =>
      new Map(names.map(({ name }) => [name, next[`${prefix} ${name}`]!.data as Float32Array]))
    parameters = read('next parameter', step.parameters)
    state = read('next state', update.state)
    run.losses.push(loss)
    run.norms.push(Number(next.gradientNorm!.data[0]))
    if (next.d) run.distances.push(Number(next.d.data[0]))
    if ((settings.checkpoints as number[]).includes(index + 1)) {
      run.checkpoints.set(index + 1, kohyaFactors(modules, parameters))
    }
  }
  await session.release()
  return run
}

/** The program of a step, loaded once for all cases that have the same: loading takes long. */
async function stepOf(
  { settings }: GoldenCase,
  modules: readonly TrainedModule[],
  unet: NetworkSource<UnetConfig>,
  loss: LossType,
) {
  const key = `${settings.base} ${String(settings.init).split(' ')[0]} ${loss}`
  const { program, parameters } = stepProgram(
    { unet, clipOutput: { skip: 1, normed: true }, chunks: 1 },
    {
      loss,
      hasCellWeight: false,
      recompute: 'none',
      fused: cpuDevice.fused,
      modules,
      weights: {},
    },
  )
  const session = sessions.get(key) ?? (await createSession(program, cpuDevice, counters))
  sessions.set(key, session)
  return { parameters, session }
}

function named(
  prefix: string,
  infos: readonly { name: string; shape: readonly number[] }[],
  tensors: ReadonlyMap<string, Float32Array>,
): Record<string, HostTensor> {
  return Object.fromEntries(
    infos.map(({ name, shape }) => [`${prefix} ${name}`, { data: tensors.get(name)!, shape }]),
  )
}

function kohyaFactors(
  modules: readonly TrainedModule[],
  parameters: ReadonlyMap<string, Float32Array>,
): Map<string, Float32Array> {
  return new Map(
    modules.flatMap((module) =>
      module.parts.map(({ part, name }) => [
        `lora_unet_${module.module.path}.lora_${part}.weight`,
        Float32Array.from(partFromProgram(module, part, parameters.get(name)!).data),
      ]),
    ),
  )
}

function initialLora({ folder, settings }: GoldenCase) {
  const [file, ...changes] = String(settings.init).split(' ') as [string, ...string[]]
  const path = join(folder, '..', file)
  const lora = readLora(file, parseSafetensors(path, readFileSync(path)), { key: path })
  if (changes.length === 0) return lora
  expect(changes.join(' ')).toBe('with every lora_up.weight set to zero')
  const modules = lora.modules.map((module) => {
    const up = module.parts.get('up')!
    const zero = { ...up, data: new Float32Array(up.data.length) }
    return { ...module, parts: new Map(module.parts).set('up', zero) }
  })
  return { ...lora, modules }
}

function tinyCheckpoint(base: string) {
  const tiny = tinyModel(base)!
  return checkpointOf(singleFile(tiny), tiny.config)
}

function textsOf(folder: string): HostTensor {
  const inputs = goldenTensors(join(folder, '..', 'inputs.safetensors'))
  const { shape } = inputs.get('encoder_hidden_states')!
  return { data: values(inputs, 'encoder_hidden_states'), shape }
}

function host({ data, shape }: { data: ArrayLike<number>; shape: readonly number[] }): HostTensor {
  return { data: data instanceof Float32Array ? data : Float32Array.from(data), shape }
}
