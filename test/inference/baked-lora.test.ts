import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { readWeight } from '../../engine/files/read-weight.ts'
import { parseSafetensors } from '../../engine/formats/safetensors.ts'
import { encodeChunks } from '../../engine/inference/encode-text.ts'
import { openPredictor } from '../../engine/inference/predict.ts'
import { tensorName } from '../../engine/lora/layer-index.ts'
import { type Lora, readLora } from '../../engine/lora/load.ts'
import { type AppliedLora, deltaWeight, mixFactors, mixScales } from '../../engine/lora/mix.ts'
import { resolveLora } from '../../engine/lora/resolve.ts'
import { defaultBuild } from '../../engine/models/network.ts'
import { timeEmbedding, unetProgram } from '../../engine/models/unet.ts'
import { layersOf, weightOf } from '../../engine/models/weights.ts'
import type { NumericTensor } from '../../engine/sockets.ts'
import { noise, tensor, testLora } from '../lora/tiny.ts'
import { goldenRoot, relativeError } from '../support/golden.ts'
import {
  checkpointOf,
  modelOf,
  singleFile,
  testRuntime,
  textEncoderOf,
  tinyModel,
} from '../support/tiny.ts'

const runtime = testRuntime()
afterAll(() => runtime.pool.close())

const tiny = tinyModel('tiny-sd15')!
const checkpoint = checkpointOf(singleFile(tiny), tiny.config)
const model = modelOf(checkpoint)
const { unet } = model
const width = unet.config.contextSize
const x = { data: noise(4 * 8 * 8, 1), shape: [1, 4, 8, 8] }
const context = { data: noise(77 * width, 2), shape: [1, 77, width] }

const dora = goldenLora('dora_in')
const whole = goldenLora('full_diff')
const live = goldenLora('kohya_a')

describe('a baked LoRA', () => {
  test('at strength 0 is not there: the same program, bit for bit the same result', async () => {
    const plain = await predict()
    const before = runtime.pool.counters.sessionsBuilt
    expect(await predict([dora, 0])).toEqual(plain)
    expect(runtime.pool.counters.sessionsBuilt).toBe(before)
    expect(await predict([dora, 0], [whole, 0], [live, 0])).toEqual(plain)
  })

  test('beside a live one for the same layers adds up to the sum of both', async () => {
    const list: Entry[] = [
      [dora, 0.7],
      [live, 0.4],
      [whole, -0.3],
    ]
    const merged = await predictMerged(list)
    expect(relativeError(await predict(...list), merged)).toBeLessThan(2e-5)
    expect(relativeError(await predict(), merged)).toBeGreaterThan(0.01)
  })

  test('may stand anywhere in the list', async () => {
    const forth = await predict([dora, 0.7], [live, 0.4])
    expect(await predict([live, 0.4], [dora, 0.7])).toEqual(forth)
  })

  test('is loaded again for another ratio, not for another ratio of a live one', async () => {
    await predict([dora, 0.7], [live, 0.4])
    const before = runtime.pool.counters.sessionsBuilt
    await predict([dora, 0.7], [live, -1])
    expect(runtime.pool.counters.sessionsBuilt).toBe(before)
    await predict([dora, 0.71], [live, -1])
    expect(runtime.pool.counters.sessionsBuilt).toBe(before + 1)
  })

  test('is baked into the text encoder as well', async () => {
    const layer = 'text_model.encoder.layers.1.layer_norm2'
    const size = checkpoint.textEncoder!.config.width
    const stem = `lora_te_${layer.replaceAll('.', '_')}`
    const parts = { [`${stem}.diff`]: tensor([size], 5), [`${stem}.diff_b`]: tensor([size], 6) }
    const norm = testLora(parts, {}, { key: 'norm' })
    const plain = await encode()
    expect(await encode([norm, 0])).toEqual(plain)
    const full = await encode([norm, 1])
    expect(relativeError(full, plain)).toBeGreaterThan(0.01)
    expect(relativeError(await encode([norm, 0.5], [norm, 0.5]), full)).toBeLessThan(1e-5)
  })
})

type Entry = [Lora, number]

function apply(list: Entry[]): AppliedLora[] {
  return list.map(([lora, strength]) => ({ lora, strength }))
}

async function predict(...list: Entry[]): Promise<Float32Array> {
  const { pool, feeder } = runtime
  const predictor = await openPredictor(pool, feeder, { contexts: [context], batch: 1 })
  const [prediction] = await predictor.predict({ ...model, loras: apply(list) }, x, [500])
  predictor.close()
  return prediction!.data
}

/** The prediction of a network whose weights contain the whole change, live parts included. */
async function predictMerged(entries: Entry[]): Promise<Float32Array> {
  const list = apply(entries)
  const layers = layersOf(unet.weights)
  const mix = mixFactors(list, 'unet', layers)
  const scales = mixScales(list, mix)
  const baked = new Map<string, Float32Array>()
  for (const layer of layers.keys()) {
    const original = await readWeight(weightOf(unet.weights, tensorName(layer)))
    const found = mix.get(layer)
    const deltas = [
      ...(found ? [deltaWeight(found, scales.get(layer)!)] : []),
      ...list.flatMap(({ lora, strength }) => {
        const change = resolveLora(lora, 'unet', layers).baked.get(layer)
        return change ? [change.delta(original, strength)] : []
      }),
    ]
    const sum = original.map((value, i) => deltas.reduce((total, one) => total + one[i]!, value))
    baked.set(tensorName(layer), sum)
  }
  const session = await runtime.pool.session('merged', () =>
    unetProgram(unet.weights, unet.config, { ...defaultBuild, baked }),
  )
  const time = unet.config.channels[0]!
  const { prediction } = await session.run({
    sample: x,
    time: { data: timeEmbedding([500], time), shape: [1, time] },
    context,
  })
  return (prediction as NumericTensor).data
}

async function encode(...list: Entry[]): Promise<Float32Array> {
  const encoder = { ...textEncoderOf(checkpoint), loras: apply(list) }
  const chunks = [Array.from({ length: 77 }, (_, index) => index)]
  const settings = { chunks, vectors: [], skip: 1 }
  return (await encodeChunks(runtime.pool, runtime.feeder, encoder, settings)).context.data
}

function goldenLora(name: string): Lora {
  const path = join(goldenRoot, 'models', 'lora', 'files', `${name}.safetensors`)
  return readLora(name, parseSafetensors(name, readFileSync(path)), { key: name })
}
