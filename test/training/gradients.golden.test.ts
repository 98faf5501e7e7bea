import { join } from 'node:path'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { readWeight } from '../../engine/files/read-weight.ts'
import type { Recompute } from '../../engine/models/network.ts'
import { layersOf } from '../../engine/models/weights.ts'
import type { HostTensor } from '../../engine/runtime/tensor.ts'
import {
  partFromProgram,
  partToProgram,
  type TrainedModule,
  trainedModules,
} from '../../engine/training/adapters.ts'
import { scaleFeeds } from '../../engine/training/dropout.ts'
import { type StepOptions, stepProgram } from '../../engine/training/step-program.ts'
import { batchFeeds } from '../../engine/training/trainer.ts'
import {
  type GoldenCase,
  goldenCases,
  goldenTensors,
  relativeError,
  values,
} from '../support/golden.ts'
import { testRuntime, tinyModel } from '../support/tiny.ts'
import {
  type GoldenTraining,
  goldenNetworks,
  goldenTraining,
  goldenTrainings,
} from './golden-training.ts'
import { goldenStep, objectiveCase } from './objective-cases.ts'

vi.setConfig({ testTimeout: 240_000 })

const { pool } = testRuntime()
afterAll(() => pool.close())

/** Of the largest number of each tensor; two float32 programs differ by up to 6e-5. */
const tolerance = 1e-4

type Gradients = ReadonlyMap<string, Float32Array>

describe('the gradient of the first step is that of the reference', () => {
  const cases = goldenTrainings().map((golden) => [golden.name, golden] as const)

  it.each(cases)('%s', async (_, golden) => {
    const found = await loraGradients(goldenTraining(golden), 'none')
    const expected = goldenTensors(join(golden.folder, 'expected.safetensors'))
    checkRecorded(found, expected)
    const names = golden.settings.all_parameter_order as string[]
    checkLengths(found, names, values(expected, 'grad0_l2_all'))
  })

  const full = goldenCases('models/training').filter(
    ({ settings }) =>
      settings.kind === 'full-unet-training' && tinyModel(String(settings.base)) !== undefined,
  )

  it.each(full)('$name, for every weight of the U-Net', async (golden) => {
    const found = await weightGradients(golden)
    checkRecorded(found, goldenTensors(join(golden.folder, 'expected.safetensors')))
    const lengths = golden.settings.grad0_l2 as Record<string, number>
    checkLengths(found, Object.keys(lengths), Object.values(lengths))
  })
})

describe('what is computed again changes no gradient', () => {
  const golden = goldenTrainings()[0]

  it.skipIf(!golden).each<Recompute>(['attention', 'block'])('%s', async (recompute) => {
    const training = goldenTraining(golden!)
    const plain = await loraGradients(training, 'none')
    for (const [name, data] of await loraGradients(training, recompute)) {
      expect(relativeError(data, plain.get(name)!), name).toBeLessThanOrEqual(tolerance)
    }
  })
})

function checkRecorded(found: Gradients, expected: ReturnType<typeof goldenTensors>): void {
  const recorded = [...expected.keys()].filter((key) => key.startsWith('grad0.'))
  expect(recorded.length).toBeGreaterThan(0)
  for (const key of recorded) {
    const error = relativeError(found.get(key.slice('grad0.'.length))!, values(expected, key))
    expect(error, key).toBeLessThanOrEqual(tolerance)
  }
}

function checkLengths(found: Gradients, names: readonly string[], lengths: ArrayLike<number>) {
  expect([...found.keys()].sort()).toEqual([...names].sort())
  for (const [index, name] of names.entries()) {
    const length = Math.hypot(...found.get(name)!)
    const difference = Math.abs(length - lengths[index]!)
    expect(difference, name).toBeLessThanOrEqual(tolerance * Math.abs(lengths[index]!))
  }
}

/** The mean gradient over the micro-batches of the first step, by the keys of the file. */
async function loraGradients(
  { networks, lora, loss, portions, batch }: GoldenTraining,
  recompute: Recompute,
): Promise<Gradients> {
  const modules = [
    ...trainedModules(lora, 'unet', layersOf(networks.unet.weights)),
    ...(networks.textEncoder
      ? trainedModules(lora, 'textEncoder', layersOf(networks.textEncoder.weights))
      : []),
  ]
  const parameters = Object.fromEntries(
    modules.flatMap((module) =>
      module.parts.map(({ part, name, shape }) => [
        name,
        { data: partToProgram(module, part), shape },
      ]),
    ),
  )
  const key = JSON.stringify([lora.key, loss, recompute])
  const session = await open(key, networks, { loss, recompute, modules, weights: {} })
  const runs: Record<string, HostTensor>[] = []
  for (let portion = 0; portion < portions; portion++) {
    const fed = batch(0, portion)
    runs.push(
      await session.run({ ...batchFeeds(fed, networks), ...scaleFeeds(modules), ...parameters }),
    )
  }
  return new Map(modules.flatMap((module) => partsOf(module, runs)))
}

function partsOf(module: TrainedModule, runs: readonly Record<string, HostTensor>[]) {
  return module.parts.map(({ part, name }) => {
    const all = runs.map((results) => results[`gradient ${name}`]!.data as Float32Array)
    const mean = all[0]!.map((_, i) => all.reduce((sum, data) => sum + data[i]!, 0) / all.length)
    return [module.module.parts.get(part)!.name, partFromProgram(module, part, mean).data] as const
  })
}

async function weightGradients(golden: GoldenCase): Promise<Gradients> {
  const networks = goldenNetworks(String(golden.settings.base))
  const { tensors } = networks.unet.weights
  const session = await open(golden.name, networks, {
    ...{ loss: 'l2', recompute: 'none', modules: [] },
    weights: { unet: new Set(tensors.keys()) },
  })
  const drawn = goldenStep(golden.folder, 0, objectiveCase(golden))
  const inputs = goldenTensors(join(golden.folder, '..', 'inputs.safetensors'))
  const { shape } = inputs.get('encoder_hidden_states')!
  const feeds: Record<string, HostTensor> = batchFeeds(
    {
      ...{ sample: drawn.sample, target: drawn.target, timesteps: [...drawn.timesteps] },
      sampleWeight: Float32Array.from(drawn.sampleWeight),
      context: { data: values(inputs, 'encoder_hidden_states'), shape },
    },
    networks,
  )
  for (const [name, tensor] of tensors) {
    feeds[name] = { data: await readWeight(tensor), shape: tensor.shape }
  }
  const results = await session.run(feeds)
  return new Map(
    [...tensors.keys()].map((name) => [name, results[`gradient ${name}`]!.data as Float32Array]),
  )
}

/** Programs with the same parameters and loss are loaded once. */
function open(
  key: string,
  networks: GoldenTraining['networks'],
  options: Omit<StepOptions, 'hasCellWeight' | 'fused'>,
) {
  const { fused } = pool.device
  return pool.session(
    key,
    () => stepProgram(networks, { ...options, hasCellWeight: false, fused }).program,
    { execution: 'parallel' },
  )
}
