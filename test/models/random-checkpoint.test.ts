import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { parseSafetensors, toFloat32 } from '../../engine/formats/safetensors.ts'
import { openPredictor } from '../../engine/inference/predict.ts'
import { readLora } from '../../engine/lora/load.ts'
import { checkMatched, resolveLora } from '../../engine/lora/resolve.ts'
import type { Model } from '../../engine/models/handles.ts'
import { randomCheckpoint, randomPresets } from '../../engine/models/random-checkpoint.ts'
import { attentionLayers, randomLora } from '../../engine/models/random-lora.ts'
import { layersOf } from '../../engine/models/weights.ts'
import { checkpointOf, modelOf, openFile, testRuntime } from '../support/tiny.ts'

const { tiny, full } = randomPresets
const folder = mkdtempSync(join(tmpdir(), 'mazeru-random-'))
const path = join(folder, 'tiny.safetensors')
const bytes = Buffer.concat([...randomCheckpoint(tiny, 7)])
writeFileSync(path, bytes)
const checkpoint = checkpointOf(openFile(path), {})
const runtime = testRuntime()
afterAll(async () => {
  await runtime.feeder.close()
  await runtime.pool.close()
  rmSync(folder, { recursive: true })
})

describe('a random checkpoint', () => {
  test('is read with the counts that it states', () => {
    expect(checkpoint.family.id).toBe('sd15')
    expect(checkpoint.unet?.config).toMatchObject({
      channels: tiny.blueprint.unet.channels,
      heads: tiny.blueprint.unet.channels.map(() => tiny.config.unet.heads),
      normGroups: tiny.config.unet.normGroups,
    })
    expect(checkpoint.textEncoder?.config).toMatchObject({ layers: 2, vocabulary: 49408 })
    expect(checkpoint.vae?.config).toMatchObject({ channels: tiny.blueprint.vae.channels })
    expect(checkpoint.metadata['mazeru.note']).toContain('random weights of seed 7')
  })

  test('has at most 6 MB in the tiny size', () => {
    expect(bytes.length).toBeLessThan(6e6)
  })

  test('is the same for the same seed and another for another', () => {
    expect(Buffer.concat([...randomCheckpoint(tiny, 7)]).equals(bytes)).toBe(true)
    expect(Buffer.concat([...randomCheckpoint(tiny, 8)]).equals(bytes)).toBe(false)
  })

  test('has weights of deviation one over the root of the fan-in, norms of 1 and biases of 0', () => {
    const { tensors } = parseSafetensors('tiny', bytes)
    const numbers = (name: string) => toFloat32(tensors.get(name)!)
    const prefix = 'model.diffusion_model'
    const weight = numbers(`${prefix}.middle_block.0.in_layers.2.weight`)
    expect(deviation(weight) * Math.sqrt(32 * 9)).toBeCloseTo(1, 1)
    expect(new Set(numbers(`${prefix}.out.0.weight`))).toEqual(new Set([1]))
    expect(new Set(numbers(`${prefix}.out.0.bias`))).toEqual(new Set([0]))
  })

  test('states nothing where the counts are those of the family', () => {
    const header = randomCheckpoint(full, 7).next().value as Uint8Array
    const text = new TextDecoder().decode(header)
    expect(text).not.toContain('mazeru.config')
    expect(text).toContain('mazeru.note')
  })
})

describe('a random LoRA', () => {
  const layers = attentionLayers(tiny.blueprint)

  test('changes all linear layers of attention and feed-forward', () => {
    expect(attentionLayers(full.blueprint).unet.size).toBe(16 * 10)
    expect(attentionLayers(full.blueprint).textEncoder.size).toBe(12 * 6)
    const lora = loraOf(1)
    const networks = {
      unet: layersOf(checkpoint.unet!.weights),
      textEncoder: layersOf(checkpoint.textEncoder!.weights),
    }
    expect(checkMatched(lora, networks)).toBeUndefined()
    for (const network of ['unet', 'textEncoder'] as const) {
      const { factors } = resolveLora(lora, network, networks[network])
      expect([...factors.keys()].sort()).toEqual([...layers[network].keys()].sort())
    }
  })

  test('is the same for the same seed and another for another', () => {
    const make = (seed: number) => Buffer.from(randomLora({ rank: 4, layers, seed }))
    expect(make(1).equals(make(1))).toBe(true)
    expect(make(1).equals(make(2))).toBe(false)
  })

  test('changes what the U-Net says, each seed in its own way', async () => {
    const base = modelOf(checkpoint)
    const plain = await predict(base)
    const one = await predict({ ...base, loras: [{ lora: loraOf(1), strength: 1 }] })
    const two = await predict({ ...base, loras: [{ lora: loraOf(2), strength: 1 }] })
    for (const [a, b] of [
      [plain, one],
      [plain, two],
      [one, two],
    ] as const) {
      expect(deviation(a.map((value, index) => value - b[index]!))).toBeGreaterThan(0.05)
    }
  })

  function loraOf(seed: number) {
    const file = parseSafetensors('lora', randomLora({ rank: 4, layers, seed, size: 1 }))
    return readLora('lora', file, { key: `${seed}` })
  }
})

async function predict(model: Model): Promise<Float32Array> {
  const numbers = (length: number) => Float32Array.from({ length }, (_, i) => Math.sin(i * 12.9898))
  const { pool, feeder } = runtime
  const predictor = await openPredictor(pool, feeder, {
    contexts: [{ data: numbers(77 * 32), shape: [1, 77, 32] }],
    batch: 1,
  })
  const x = { data: numbers(4 * 64), shape: [1, 4, 8, 8] }
  const [prediction] = await predictor.predict(model, x, [500])
  predictor.close()
  return prediction!.data
}

function deviation(numbers: Float32Array): number {
  const mean = numbers.reduce((sum, value) => sum + value, 0) / numbers.length
  return Math.sqrt(numbers.reduce((sum, value) => sum + (value - mean) ** 2, 0) / numbers.length)
}
