import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { CancelledError } from '../../engine/errors.ts'
import { parseSafetensors } from '../../engine/formats/safetensors.ts'
import { readLora } from '../../engine/lora/load.ts'
import { noControls } from '../../engine/training/run/controls.ts'
import { dryRun } from '../../engine/training/run/dry-run.ts'
import { trainLora } from '../../engine/training/train-lora.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { testRuntime } from '../support/tiny.ts'
import {
  type TinyWorld,
  tinyInputs,
  tinyPictures,
  tinyRequest,
  tinySettings,
  tinyWorld,
} from './run/tiny-run.ts'

const runtime = testRuntime()
afterAll(() => runtime.pool.close())

/** Loading a program of gradients takes seconds, more where the machine has other work. */
const patience = 240_000

describe('a LoRA of the tiny checkpoint', () => {
  it(
    'is trained on pictures, drawn with and saved while it trains',
    async () => {
      const output = temporaryFolder()
      const samplePrompts = [{ prompt: 'a square', width: 64, height: 64, steps: 2, seed: 5 }]
      const settings = tinySettings({
        ...{ maxTrainSteps: 12, saveEveryNSteps: 6, sampleEveryNSteps: 6, sampleAtFirst: true },
        ...{ samplePrompts, learningRate: 0.02, validationSplit: 0.3, validateEveryNSteps: 6 },
      })
      const { world, result, lora } = await train(output, settings)
      expect(result).toMatchObject({ status: 'finished', step: 12, name: 'tiny' })
      expect(result.validations.map(({ step }) => step)).toEqual([0, 6, 12])
      expect(result.validations.at(-1)!.trainLoss).toBeLessThan(result.validations[0]!.trainLoss)
      const images = world.events.flatMap((event) => (event.type === 'sample' ? [event.image] : []))
      expect(images).toHaveLength(3)
      // Before the first step the LoRA changes nothing, then more and more.
      expect(distance(images[0]!.data, images[2]!.data)).toBeGreaterThan(1e-4)
      expect(readdirSync(join(output, 'training', 'tiny')).sort()).toEqual(
        expect.arrayContaining([
          ...['log.jsonl', 'samples', 'state', 'tiny.safetensors'],
          ...['tiny-step00000006.safetensors', 'tiny-step00000012.safetensors'],
        ]),
      )
      const file = join(output, 'training', 'tiny', 'tiny.safetensors')
      const read = readLora('tiny', parseSafetensors('tiny', readFileSync(file)), { key: 'tiny' })
      expect(read.modules.length).toBe(lora.modules.length)
      expect(read.metadata).toMatchObject({ ss_steps: '12', ss_network_dim: '2', ss_seed: '7' })
      const up = (one: typeof lora) => one.modules[0]!.parts.get('up')!.data
      expect(up(read)).toEqual(up(lora))
      expect(up(lora).some((value) => value !== 0)).toBe(true)
    },
    patience,
  )

  it(
    'comes to the same bits where the run is cancelled on the way',
    async () => {
      const settings = tinySettings({ maxTrainSteps: 5 })
      const whole = temporaryFolder()
      await train(whole, settings)
      const output = temporaryFolder()
      const cancelled = train(output, settings, (world) => {
        const steps = world.events.filter(({ type }) => type === 'step').length
        if (steps === 3) throw new CancelledError()
      })
      await expect(cancelled).rejects.toThrow(CancelledError)
      const { world } = await train(output, settings)
      expect(world.events[0]).toEqual({ type: 'resumed', step: 3 })
      const state = (folder: string) =>
        tensorsOf(join(folder, 'training/tiny/state/00000005.safetensors'))
      expect(state(output)).toEqual(state(whole))
      const log = (folder: string) => readFileSync(join(folder, 'training/tiny/log.jsonl'), 'utf8')
      expect(log(output)).toBe(log(whole))
    },
    patience,
  )

  it(
    'is tried in two steps by a dry run, whose folder leaves nothing behind',
    async () => {
      const output = temporaryFolder()
      const samplePrompts = [{ prompt: 'a square', width: 64, height: 64, steps: 1 }]
      const settings = tinySettings({ maxTrainSteps: 1000, samplePrompts, sampleEveryNSteps: 500 })
      const world = await tinyWorld(output, runtime)
      const { result } = await dryRun(await tinyInputs(settings), tinyRequest(settings), world)
      expect(result).toMatchObject({ step: 2, status: 'finished' })
      expect(world.events.filter(({ type }) => type === 'sample')).toHaveLength(1)
      const folder = join(output, 'training', 'tiny')
      expect(existsSync(join(folder, 'tiny-dry-run.safetensors'))).toBe(true)
      await world.folder.discard()
      expect(existsSync(folder)).toBe(false)
    },
    patience,
  )

  it(
    'learns its text encoder too where that is part of it',
    async () => {
      const settings = tinySettings({ networkTrainUnetOnly: false, maxTrainSteps: 2 })
      const { lora, result } = await train(temporaryFolder(), settings)
      const text = lora.modules.filter(({ network }) => network === 'textEncoder')
      expect(text.length).toBeGreaterThan(0)
      const moved = text.filter(({ parts }) => parts.get('up')!.data.some((value) => value !== 0))
      expect(moved.length).toBe(text.length)
      expect(Object.keys(result.log[0]!.rates)).toEqual(['unet', 'text-encoder'])
    },
    patience,
  )
})

describe('a training that cannot be', () => {
  it('is refused where a single picture is to be held back', async () => {
    const settings = tinySettings({ validationSplit: 0.5 })
    await expect(train(temporaryFolder(), settings, undefined, 1)).rejects.toThrow(
      'train: validationSplit is 0.5, which holds no picture back, a larger share or more pictures expected',
    )
  })

  it('is refused where memory would not do, with settings that would fit', async () => {
    const settings = tinySettings({ memoryLimit: 0.31, trainBatchSize: 64 })
    await expect(train(temporaryFolder(), settings)).rejects.toThrow(
      /^training "tiny": about \d\.\d GiB would be taken, at most 0\.3 GiB expected; gradientCheckpointing \w+, trainBatchSize \d+ would take 0\.3 GiB$/,
    )
  })

  it('is refused where a cached caption would have to change', async () => {
    const settings = tinySettings({ cacheTextEncoderOutputs: true })
    const dataset = await tinyPictures(2, { subsets: [{ shuffleCaption: true }] })
    const world = await tinyWorld(temporaryFolder(), runtime)
    const inputs = await tinyInputs(settings, dataset)
    await expect(trainLora(inputs, tinyRequest(settings), world)).rejects.toThrow(
      /shuffleCaption set, expected off with cacheTextEncoderOutputs/,
    )
    await world.folder.close()
  })
})

async function train(
  output: string,
  settings: ReturnType<typeof tinySettings>,
  beforeStep: (world: TinyWorld) => void = () => undefined,
  pictures = 5,
) {
  const world = await tinyWorld(output, runtime)
  const controls = async () => {
    beforeStep(world)
    return noControls
  }
  try {
    const inputs = await tinyInputs(settings, await tinyPictures(pictures))
    const trained = await trainLora(inputs, tinyRequest(settings), { ...world, controls })
    return { world, ...trained }
  } finally {
    await world.folder.close()
  }
}

function tensorsOf(path: string): Map<string, Buffer> {
  const { tensors } = parseSafetensors(path, readFileSync(path))
  return new Map([...tensors].map(([name, { bytes }]) => [name, Buffer.from(bytes)]))
}

function distance(a: Float32Array, b: Float32Array): number {
  return Math.max(...a.map((value, index) => Math.abs(value - b[index]!)))
}
