import { createHash } from 'node:crypto'
import { afterAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { readWeight } from '../../engine/files/read-weight.ts'
import { parseSafetensors } from '../../engine/formats/safetensors.ts'
import { openPredictor } from '../../engine/inference/predict.ts'
import { type Lora, readLora } from '../../engine/lora/load.ts'
import { saveLora } from '../../engine/lora/save.ts'
import { seededTensor } from '../../engine/runtime/probe-data.ts'
import type { NumericTensor } from '../../engine/sockets.ts'
import { initialLora } from '../../engine/training/initial-lora.ts'
import { optimizerSchema } from '../../engine/training/optimizers.ts'
import {
  networkAlgorithms,
  networkBlocks,
  networkShape,
} from '../../engine/training/settings/network.ts'
import { createLoraTrainer, type LoraTrainerOptions } from '../../engine/training/trainer.ts'
import { relativeError } from '../support/golden.ts'
import { checkpointOf, modelOf, singleFile, testRuntime, tinyModel } from '../support/tiny.ts'

const { pool, feeder } = testRuntime()
afterAll(() => pool.close())

const tiny = tinyModel('tiny-sd15')
const rates = { unet: 1e-2, 'text-encoder': 0, vae: 0 }
const settings = z.object(networkShape)

/** Ranks of the last two blocks alone: their gradients are soon computed. */
const dims = Array.from({ length: networkBlocks }, (_, block) => (block < 23 ? 0 : 4))
const lastBlocks = { blockDims: dims, convBlockDims: dims }

function random(name: string, shape: readonly number[]): NumericTensor {
  const { data } = seededTensor(name, shape, [-2, 2])
  return { data: data as Float32Array, shape: [...shape] }
}

const batch = {
  sample: random('sample', [2, 4, 8, 8]),
  target: random('target', [2, 4, 8, 8]),
  timesteps: [100, 700],
  context: random('context', [2, 77, 32]),
  sampleWeight: Float32Array.of(1, 1),
}

async function opened(given: z.input<typeof settings>, more: Partial<LoraTrainerOptions> = {}) {
  const model = modelOf(checkpointOf(singleFile(tiny!), tiny!.config))
  const request = { model, settings: settings.parse(given), seed: 3, readWeight }
  const lora = await initialLora(request)
  const trainer = createLoraTrainer({
    ...{ pool, key: lora.key, lora, loss: 'l2', hasCellWeight: false, recompute: 'none' },
    networks: { unet: model.unet, clipOutput: { skip: 1, normed: true }, chunks: 1 },
    update: { optimizer: optimizerSchema.parse({}), maxGradNorm: 1 },
    session: { execution: 'parallel' },
    ...more,
  })
  return { model, lora, trainer }
}

const mean = (losses: Float32Array) => losses.reduce((sum, loss) => sum + loss, 0) / losses.length

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

/** A LoRA written to a file and read again. */
function reloaded(lora: Lora): Lora {
  const bytes = saveLora(lora, { precision: 'float', sha256 })
  return readLora('saved', parseSafetensors('saved', bytes), { key: `saved ${lora.key}` })
}

describe.skipIf(!tiny)('a trainer', () => {
  it.each(
    networkAlgorithms,
  )('lowers the loss with %s, and its file predicts the same', async (networkAlgorithm) => {
    const { model, trainer } = await opened({
      ...{ networkAlgorithm, convDim: 4, ...lastBlocks },
    })
    const before = mean(await trainer.evaluate(batch))
    for (let step = 1; step <= 3; step++) {
      await trainer.accumulate(batch, step)
      const { gradientNorm, updateNorm } = await trainer.update(rates)
      expect(gradientNorm).toBeGreaterThan(0)
      expect(updateNorm).toBeGreaterThan(0)
    }
    const losses = await trainer.evaluate(batch)
    expect(mean(losses)).toBeLessThan(before * 0.999)
    const lora = reloaded(trainer.lora())
    await trainer.close()
    const predictor = await openPredictor(pool, feeder, { contexts: [batch.context], batch: 2 })
    const loras = [{ lora, strength: 1 }]
    const [found] = await predictor.predict({ ...model, loras }, batch.sample, batch.timesteps)
    predictor.close()
    const errors = Float32Array.from(
      found!.data,
      (value, i) => (value - batch.target.data[i]!) ** 2,
    )
    const half = errors.length / 2
    const own = [errors.subarray(0, half), errors.subarray(half)].map(mean)
    expect(relativeError(own, losses)).toBeLessThan(1e-4)
  })

  it('goes on from a snapshot as if it had not stopped', async () => {
    const { trainer } = await opened(lastBlocks, { dropout: { seed: 5, rank: 0.3 } })
    const run = async (from: number, to: number) => {
      for (let step = from; step <= to; step++) {
        await trainer.accumulate(batch, step)
        await trainer.accumulate(batch, step)
        await trainer.update(rates)
      }
    }
    await run(1, 1)
    const middle = trainer.snapshot()
    await run(2, 3)
    const end = trainer.snapshot()
    await trainer.accumulate(batch, 4)
    trainer.restore(middle)
    await run(2, 3)
    expect(trainer.snapshot()).toEqual(end)
    expect(end.get('step')).toEqual(Float32Array.of(3))
    await trainer.close()
  })

  it('leaves out something else in every micro-batch, and nothing where it only looks', async () => {
    const { trainer } = await opened(lastBlocks, { dropout: { seed: 5, network: 0.5 } })
    await trainer.accumulate(batch, 1)
    await trainer.update(rates)
    const plain = await trainer.evaluate(batch)
    const first = await trainer.accumulate(batch, 2)
    const second = await trainer.accumulate(batch, 2)
    expect(first.losses).not.toEqual(second.losses)
    expect(first.losses).not.toEqual(plain)
    expect(await trainer.evaluate(batch)).toEqual(plain)
    trainer.restore(trainer.snapshot())
    expect(await trainer.accumulate(batch, 2)).toEqual(first)
    await trainer.close()
  })

  it('refuses dropout where there are no factors, and pictures of odd sizes', async () => {
    await expect(
      opened({ networkAlgorithm: 'loha', ...lastBlocks }, { dropout: { seed: 1, module: 0.1 } }),
    ).rejects.toThrow('lora-init: dropout with loha, expected none; only LoRA has dropout')
    const { trainer } = await opened(lastBlocks)
    const odd = { ...batch, sample: random('odd', [2, 4, 8, 12]) }
    await expect(trainer.accumulate(odd, 1)).rejects.toThrow(
      'training: latents are 12 by 8, multiples of 8 expected; pictures need sides that are multiples of 64',
    )
  })
})
