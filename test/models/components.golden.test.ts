import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { toInt64 } from '../../engine/formats/safetensors.ts'
import { decodeLatent, encodeMoments } from '../../engine/inference/autoencode.ts'
import { encodeChunks } from '../../engine/inference/encode-text.ts'
import { openPredictor } from '../../engine/inference/predict.ts'
import { type Checkpoint, readCheckpoint } from '../../engine/models/checkpoint.ts'
import { goldenTensors, relativeError, values } from '../support/golden.ts'
import {
  checkpointOf,
  modelOf,
  openFile,
  singleFile,
  type TinyModel,
  testRuntime,
  textEncoderOf,
  tinyModel,
  tinyModels,
  vaeOf,
} from '../support/tiny.ts'

/** Networks against PyTorch: the data's own tolerances, well inside 1e-4. */
const tolerance = { text: 1e-5, unet: 2e-5, vae: 2e-5 }

const runtime = testRuntime()
afterAll(() => runtime.pool.close())

/** The same weights in every layout that lies in a tiny model's folder. */
function layouts(tiny: TinyModel): [string, Checkpoint][] {
  const found: [string, Checkpoint][] = [
    ['single file', checkpointOf(singleFile(tiny), tiny.config)],
  ]
  const folder = join(tiny.folder, 'diffusers')
  if (existsSync(folder)) found.push(['diffusers folder', diffusersCheckpoint(folder, tiny)])
  const vae = readdirSync(tiny.folder).find((name) => name.includes('-vae-'))
  if (vae) found.push(['VAE file', checkpointOf(openFile(join(tiny.folder, vae)), tiny.config)])
  return found
}

function diffusersCheckpoint(folder: string, tiny: TinyModel): Checkpoint {
  const part = (name: string) => {
    if (!existsSync(join(folder, name))) return undefined
    const files = readdirSync(join(folder, name))
      .filter((file) => file.endsWith('.safetensors'))
      .map((file) => openFile(join(folder, name, file)))
    return files.length ? { files, config: {} } : undefined
  }
  const parts = { unet: part('unet'), textEncoder: part('text_encoder'), vae: part('vae') }
  const present = Object.fromEntries(Object.entries(parts).filter(([, it]) => it))
  return readCheckpoint(
    { name: 'diffusers', fingerprint: folder, layout: 'diffusers', parts: present },
    tiny.config,
  )
}

for (const tiny of tinyModels()) {
  const folder = join(tiny.folder, 'components')
  if (!existsSync(folder)) continue
  const inputs = goldenTensors(join(folder, 'inputs.safetensors'))
  const expected = goldenTensors(join(folder, 'expected.safetensors'))

  for (const [layout, checkpoint] of layouts(tiny)) {
    describe(`${tiny.name}, ${layout}`, () => {
      const textStates = [
        ['text.last_hidden_state', { skip: 1 }],
        ['text.penultimate_ln', { skip: 2 }],
        ['text.ante_penultimate_ln', { skip: 3 }],
        ['text.penultimate_raw', { skip: 2, normed: false }],
      ] as const
      if (checkpoint.textEncoder && expected.has('text.pooler_output')) {
        test('the text encoder gives the reference states at every clip skip', async () => {
          const ids = inputs.get('input_ids')!
          const chunks = rowsOf(toInt64(ids), ids.shape[1]!)
          for (const [name, output] of textStates) {
            const { context, pooled } = await encodeChunks(
              runtime.pool,
              runtime.feeder,
              textEncoderOf(checkpoint),
              { chunks, vectors: [], ...output },
            )
            expect(relativeError(context.data, values(expected, name))).toBeLessThan(tolerance.text)
            const reference = values(expected, 'text.pooler_output')
            expect(relativeError(pooled.data, reference)).toBeLessThan(tolerance.text)
          }
        })
      }

      const predictions = [...expected.keys()].filter((name) => name.startsWith('unet.'))
      test.each(
        checkpoint.unet ? predictions : [],
      )('the U-Net gives the reference prediction %s', async (name) => {
        const [, timestep] = /\.t(\d+)$/.exec(name) ?? []
        const [, index] = /^unet\.(\d+)\./.exec(name) ?? []
        // A case without sizes of its own has the input of the largest one.
        const source = [
          `unet.${index}.latents`,
          'sample9',
          ...[...inputs.keys()].filter((key) => key.endsWith('.latents')).reverse(),
        ].find((key) => inputs.has(key))!
        const shape = inputs.get(source)!.shape
        const batch = shape[0]!
        const timesteps = timestep
          ? [Number(timestep)]
          : [...toInt64(inputs.get(`${name}.timesteps`)!)].map(Number)
        const context = await contextsOf(tiny, inputs, batch)
        const predictor = await openPredictor(runtime.pool, runtime.feeder, {
          contexts: [context],
          batch,
        })
        const x = { data: values(inputs, source), shape }
        const [prediction] = await predictor.predict(modelOf(checkpoint), x, timesteps)
        predictor.close()
        expect(relativeError(prediction!.data, values(expected, name))).toBeLessThan(tolerance.unet)
      })

      if (checkpoint.vae && expected.has('vae.moments')) {
        test('the VAE gives the reference latents and pictures', async () => {
          const source = inputs.get('vae.image')!
          const image = {
            data: values(inputs, 'vae.image').map((value) => value / 2 + 0.5),
            shape: source.shape,
          }
          const { mean, logVariance } = await encodeMoments(runtime.pool, vaeOf(checkpoint), image)
          const moments = new Float32Array([...mean.data, ...logVariance.data])
          const reference = values(expected, 'vae.moments')
          expect(relativeError(moments, reference)).toBeLessThan(tolerance.vae)

          const latents = [...inputs.keys()].filter((name) => name.startsWith('vae.latents.'))
          for (const name of latents) {
            const vae = vaeOf(checkpoint)
            const scaled = values(inputs, name).map((value) => value * vae.family.latentScale)
            const decoded = await decodeLatent(runtime.pool, vae, {
              data: scaled,
              shape: inputs.get(name)!.shape,
            })
            const raw = values(expected, name.replace('latents', 'decoded'))
            const picture = raw.map((value) => Math.min(1, Math.max(0, value / 2 + 0.5)))
            expect(relativeError(decoded.data, picture)).toBeLessThan(tolerance.vae)
          }
        })
      }
    })
  }
}

/** Encoded prompts, by the model's own text encoder or by that of the 4-channel one. */
async function contextsOf(
  tiny: TinyModel,
  inputs: ReturnType<typeof goldenTensors>,
  batch: number,
) {
  const own = checkpointOf(singleFile(tiny), tiny.config)
  const base = own.textEncoder ? tiny : tinyModel(tiny.name.replace('-inpaint', ''))!
  const ids = inputs.get('input_ids')!
  const { context } = await encodeChunks(
    runtime.pool,
    runtime.feeder,
    textEncoderOf(checkpointOf(singleFile(base), base.config)),
    { chunks: rowsOf(toInt64(ids), ids.shape[1]!).slice(0, batch), vectors: [], skip: 1 },
  )
  return context
}

function rowsOf(ids: BigInt64Array, width: number): number[][] {
  return Array.from({ length: ids.length / width }, (_, row) =>
    [...ids.subarray(row * width, (row + 1) * width)].map(Number),
  )
}
