import { join } from 'node:path'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { optimizerSchema } from '../../engine/training/optimizers.ts'
import { createLoraTrainer } from '../../engine/training/trainer.ts'
import { type GoldenCase, goldenTensors, relativeError, values } from '../support/golden.ts'
import { testRuntime } from '../support/tiny.ts'
import { goldenOptimizer } from './golden-optimizer.ts'
import { goldenTraining, goldenTrainings } from './golden-training.ts'

vi.setConfig({ testTimeout: 240_000 })

const { pool } = testRuntime()
afterAll(() => pool.close())

/** Of the way that the weights have gone; signs of small gradients are rounding to Lion. */
const tolerances: readonly (readonly [RegExp, number])[] = [
  [/AdamW|Prodigy/, 5e-3],
  [/Lion/, 1e-2],
  [/SGD|Adafactor/, 1e-3],
]

/** Trained texts, micro-batches and Prodigy: the other optimizers have a test of their own. */
const cases = goldenTrainings().filter(
  ({ settings }) =>
    String(settings.init).includes('_te') ||
    Number(settings.gradient_accumulation) > 1 ||
    settings.prodigy_d_after_step !== undefined,
)

describe('a trainer goes as the reference', () => {
  it.each(cases)('$name', async (golden) => {
    const { initial, losses, norms, distances, weights } = await run(golden)
    const expected = goldenTensors(join(golden.folder, 'expected.safetensors'))
    expect(relativeError(losses, values(expected, 'losses'))).toBeLessThanOrEqual(1e-5)
    expect(relativeError(norms, values(expected, 'grad_norm'))).toBeLessThanOrEqual(2e-4)
    const recorded = golden.settings.prodigy_d_after_step
    if (recorded) expect(relativeError(distances, recorded as number[])).toBeLessThanOrEqual(1e-4)
    const [, tolerance] = tolerances.find(([name]) => name.test(String(golden.settings.optimizer)))!
    for (const [step, found] of weights) {
      const keys = [...expected.keys()].filter((key) => key.startsWith(`w${step}.`))
      expect(keys.length).toBeGreaterThan(0)
      let [difference, way] = [0, 0]
      for (const key of keys) {
        const name = key.slice(`w${step}.`.length)
        const [from, to, wanted] = [initial.get(name)!, found.get(name)!, values(expected, key)]
        for (let i = 0; i < wanted.length; i++) {
          difference += (to[i]! - wanted[i]!) ** 2
          way += (wanted[i]! - from[i]!) ** 2
        }
      }
      expect(Math.sqrt(difference / way), `step ${step}`).toBeLessThanOrEqual(tolerance)
    }
  })
})

async function run(golden: GoldenCase) {
  const { settings } = golden
  const { optimizer, rate } = goldenOptimizer(String(settings.optimizer))
  const { networks, lora, loss, portions, batch } = goldenTraining(golden)
  const trainer = createLoraTrainer({
    ...{ pool, key: golden.name, networks, lora, loss, hasCellWeight: false, recompute: 'none' },
    update: {
      optimizer: optimizerSchema.parse(optimizer),
      maxGradNorm: Number(settings.max_grad_norm ?? 0),
    },
    session: { execution: 'parallel' },
  })
  const initial = tensorsOf(trainer.lora())
  const losses: number[] = []
  const norms: number[] = []
  const distances: number[] = []
  const weights = new Map<number, Map<string, Float32Array>>()
  for (let step = 1; step <= Number(settings.steps); step++) {
    let sum = 0
    for (let portion = 0; portion < portions; portion++) {
      const found = await trainer.accumulate(batch(step - 1, portion), step)
      sum += found.losses.reduce((total, one) => total + one, 0) / found.losses.length
    }
    const { gradientNorm, extra } = await trainer.update({
      ...{ unet: rate, 'text-encoder': rate },
    })
    losses.push(sum / portions)
    norms.push(gradientNorm)
    if (extra.d !== undefined) distances.push(extra.d)
    if ((settings.checkpoints as number[]).includes(step)) {
      weights.set(step, tensorsOf(trainer.lora()))
    }
  }
  await trainer.close()
  return { initial, losses, norms, distances, weights }
}

function tensorsOf({ modules }: ReturnType<typeof goldenTraining>['lora']) {
  return new Map(
    modules.flatMap(({ parts }) => [...parts.values()].map(({ name, data }) => [name, data])),
  )
}
