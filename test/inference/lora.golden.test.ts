import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { parseSafetensors, toInt64 } from '../../engine/formats/safetensors.ts'
import { encodeChunks } from '../../engine/inference/encode-text.ts'
import { openPredictor } from '../../engine/inference/predict.ts'
import { readLora } from '../../engine/lora/load.ts'
import { goldenCases, goldenTensors, relativeError, values } from '../support/golden.ts'
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

interface LoraCase {
  base: string
  files: string[]
  strengths?: number[]
  strength?: number
  te_strengths?: number[]
  lbw?: number[]
}

/** What is asked of the networks: the output's name, and a strength per file for each network. */
interface Question {
  output: string
  unet: number[]
  text: number[]
}

function questionsOf(settings: LoraCase): Question[] {
  const { strength, strengths = [], te_strengths: text } = settings
  if (strength !== undefined) return [{ output: 'out', unet: [strength], text: [strength] }]
  if (settings.files.length > 1)
    return [{ output: 'out', unet: strengths, text: text ?? strengths }]
  return strengths.map((strength) => ({
    output: Number.isInteger(strength) ? strength.toFixed(1) : String(strength),
    unet: [strength],
    text: [strength],
  }))
}

for (const { name, folder, settings } of goldenCases('models')) {
  if (settings.kind !== 'lora') continue
  const lora = settings as unknown as LoraCase
  const tiny = tinyModel(lora.base)
  if (!tiny) continue
  describe(name, () => {
    const checkpoint = checkpointOf(singleFile(tiny), tiny.config)
    const inputs = goldenTensors(join(folder, 'inputs.safetensors'))
    const expected = goldenTensors(join(folder, 'expected.safetensors'))

    test('U-Net and text encoder agree with the merged weights of the reference', async () => {
      const loras = lora.files.map((file) => {
        const path = join(folder, '..', file)
        return readLora(file, parseSafetensors(file, readFileSync(path)), { key: path })
      })
      const ids = inputs.get('input_ids')!
      const [batch, width] = ids.shape as [number, number]
      const tokens = [...toInt64(ids)].map(Number)
      const chunks = Array.from({ length: batch }, (_, row) =>
        tokens.slice(row * width, (row + 1) * width),
      )
      for (const question of questionsOf(lora)) {
        const apply = (strengths: number[]) =>
          loras.map((one, index) => ({
            lora: one,
            strength: strengths[index]!,
            ...(lora.lbw && { blocks: lora.lbw }),
          }))
        const encoder = { ...textEncoderOf(checkpoint), loras: apply(question.text) }
        const encoded = await encodeChunks(runtime.pool, runtime.feeder, encoder, {
          chunks,
          vectors: [],
          skip: 1,
        })
        const text = `text.${question.output}`
        if (expected.has(text)) {
          expect(relativeError(encoded.context.data, values(expected, text))).toBeLessThan(1e-5)
        }
        const predictor = await openPredictor(runtime.pool, runtime.feeder, {
          contexts: [encoded.context],
          batch,
        })
        const [prediction] = await predictor.predict(
          { ...modelOf(checkpoint), loras: apply(question.unet) },
          { data: values(inputs, 'latents'), shape: inputs.get('latents')!.shape },
          [...toInt64(inputs.get('timesteps')!)].map(Number),
        )
        predictor.close()
        const reference = values(expected, `unet.${question.output}`)
        expect(relativeError(prediction!.data, reference)).toBeLessThan(2e-5)
      }
    })
  })
}
