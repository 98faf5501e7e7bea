import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { parseSafetensors } from '../../engine/formats/safetensors.ts'
import { openPredictor } from '../../engine/inference/predict.ts'
import { readLora } from '../../engine/lora/load.ts'
import type { NumericTensor } from '../../engine/sockets.ts'
import { goldenCases, goldenJson, goldenTensors, values } from '../support/golden.ts'
import { checkpointOf, modelOf, singleFile, testRuntime, tinyModel } from '../support/tiny.ts'
import { goldenStep, objectiveCase } from './objective-cases.ts'
import { lossesOf } from './objective-program.ts'

const runtime = testRuntime()
afterAll(() => runtime.pool.close())

const cases = goldenCases('models/training').filter(
  ({ folder, settings }) =>
    settings.kind === 'lora-training' &&
    existsSync(join(folder, '..', String(settings.init).split(' ')[0]!)),
)

/** The recorded texts, one per picture. */
function contextsOf(folder: string): NumericTensor {
  const inputs = goldenTensors(join(folder, '..', 'inputs.safetensors'))
  const tensor = inputs.get('encoder_hidden_states')!
  return { data: values(inputs, 'encoder_hidden_states'), shape: tensor.shape }
}

/** What the network says of noised latents, with a LoRA or without. */
async function predict(
  base: string,
  context: NumericTensor,
  step: { sample: NumericTensor; timesteps: readonly number[] },
  init?: string,
): Promise<NumericTensor> {
  const tiny = tinyModel(base)!
  const model = modelOf(checkpointOf(singleFile(tiny), tiny.config))
  const loras = init ? [loraOf(init)] : []
  const batch = step.timesteps.length
  const { pool, feeder } = runtime
  const predictor = await openPredictor(pool, feeder, { contexts: [context], batch })
  const [prediction] = await predictor.predict({ ...model, loras }, step.sample, step.timesteps)
  predictor.close()
  return prediction!
}

function loraOf(path: string) {
  const file = parseSafetensors(path, readFileSync(path))
  return { lora: readLora(path, file, { key: path }), strength: 1 }
}

for (const golden of cases) {
  const { name, folder, settings } = golden
  const [init, ...changes] = String(settings.init).split(' ')
  // A case that trains the text encoder records no texts of its own; the gradients cover it.
  if (changes.length > 0 || /init_te/.test(init!)) continue
  describe(name, () => {
    test('the loss of the first step is that of the reference', async () => {
      const wanted = objectiveCase(golden)
      const step = goldenStep(folder, 0, wanted)
      const context = contextsOf(folder)
      const path = join(folder, '..', init!)
      const prediction = await predict(String(settings.base), context, step, path)
      const losses = await lossesOf(runtime.pool, wanted.settings.lossType, prediction, step)
      const weighted = losses.map((loss, i) => loss * step.sampleWeight[i]!)
      const expected = goldenTensors(join(folder, 'expected.safetensors'))
      const references = values(expected, 'loss_per_sample')
      for (const [i, loss] of weighted.entries()) {
        expect(Math.abs(loss / references[i]! - 1)).toBeLessThan(1e-5)
      }
      const mean = weighted.reduce((sum, loss) => sum + loss, 0) / weighted.length
      if (settings.gradient_accumulation !== 1) return
      expect(Math.abs(mean / values(expected, 'losses')[0]! - 1)).toBeLessThan(1e-5)
    })
  })
}

interface PriorRecord {
  per_sample_mse: number[]
  prior_loss_weight: number
  kohya_loss: number
}

const prior = goldenJson('models/training/prior-preservation-diffusers.json') as
  | PriorRecord
  | undefined

describe.skipIf(!prior || cases.length === 0)('prior preservation', () => {
  test('is a weight on the regularisation picture, and the mean is over all pictures', async () => {
    const { per_sample_mse: errors, prior_loss_weight: weight, kohya_loss: reference } = prior!
    const { folder, settings } = cases[0]!
    const wanted = objectiveCase({
      ...cases[0]!,
      settings: { description: `prior_loss_weight ${weight}` },
    })
    const step = goldenStep(folder, 0, wanted)
    const prediction = await predict(String(settings.base), contextsOf(folder), step)
    const losses = await lossesOf(runtime.pool, 'l2', prediction, step)
    expect(losses).toHaveLength(errors.length)
    for (const [i, loss] of losses.entries()) {
      expect(Math.abs(loss / errors[i]! - 1)).toBeLessThan(1e-5)
    }
    const mean = losses.reduce((sum, loss, i) => sum + loss * step.sampleWeight[i]!, 0) / 2
    expect(Math.abs(mean / reference - 1)).toBeLessThan(1e-5)
  })
})
