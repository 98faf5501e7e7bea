import { afterAll, expect, test } from 'vitest'
import { families } from '../../../engine/models/families.ts'
import { vaeConfigOf } from '../../../engine/models/network-config.ts'
import { TorchRandom } from '../../../engine/sampling/torch-random.ts'
import { trainVae, type VaeBatch } from '../../../engine/training/base/autoencoder.ts'
import { weightsInMemory } from '../../../engine/training/base/new-weights.ts'
import { firstWeights, partTensors } from '../../../engine/training/base/parts.ts'
import { drawVaePictures, vaeBatch } from '../../../engine/training/base/vae-samples.ts'
import { optimizerSchema } from '../../../engine/training/optimizers.ts'
import { quick, testPool, tinyPlan } from './tiny-plan.ts'

const pool = testPool()
afterAll(() => pool.close())
const pictures = await drawVaePictures({ plain: 2, styled: 0 })

function open(half: 'encoder' | 'decoder', change?: (weights: Map<string, Float32Array>) => void) {
  const parts = [...partTensors(tinyPlan, 'decoder'), ...partTensors(tinyPlan, 'encoder')]
  const all = parts.filter(({ name }) => !name.startsWith('quant_conv.'))
  const weights = weightsInMemory(all, 'vae')
  const initial = firstWeights(tinyPlan, partTensors(tinyPlan, half), 3)
  change?.(initial)
  return trainVae({
    ...{ pool, key: half, half, initial, skipped: tinyPlan.lateResnets, session: quick },
    vae: { id: 'v', weights, config: vaeConfigOf(weights, families[0]!, tinyPlan.config.vae) },
    update: {
      optimizer: optimizerSchema.parse({ learningRate: 3e-3 }),
      maxGradNorm: 1,
      ema: true,
      emaDecay: 0.9,
    },
  })
}

/** A picture that is `values` where the decoder gives zeros: the loss is that of the picture. */
function slowLoss(image: Float32Array, side: number): number {
  const at = (channel: number, y: number, x: number) =>
    y < side && x < side ? -image[(channel * side + y) * side + x]! : 0
  let sum = 0
  for (let channel = 0; channel < 3; channel++) {
    for (let y = 0; y < side; y++) {
      for (let x = 0; x < side; x++) {
        const gap = at(channel, y, x)
        const edges = Math.abs(gap - at(channel, y + 1, x)) + Math.abs(gap - at(channel, y, x + 1))
        sum += Math.abs(gap) + gap * gap + 0.5 * edges
      }
    }
  }
  return sum / (3 * side * side)
}

test('the loss of a decoder is L1, L2 and half the L1 of its differences', async () => {
  const training = open('decoder', (weights) => {
    weights.get('decoder.conv_out.weight')!.fill(0)
    weights.get('decoder.conv_out.bias')!.fill(0)
  })
  const image = new TorchRandom(1).uniformBetween(3 * 16 * 16, -1, 1)
  const batch: VaeBatch = {
    image: { data: image, shape: [1, 3, 16, 16] },
    latent: { data: new Float32Array(16), shape: [1, 4, 2, 2] },
  }
  expect(await training.step(batch, 0)).toBeCloseTo(slowLoss(image, 16), 5)
  await training.close()
}, 600_000)

test.each(['decoder', 'encoder'] as const)('steps of a new %s lower its loss', async (half) => {
  const training = open(half)
  const batch = vaeBatch(pictures, { half, side: 64, seed: 1 }, { step: 0, batch: 2 })
  const losses: number[] = []
  for (let step = 0; step < 20; step++) losses.push(await training.step(batch, 3e-3))
  expect(losses.at(-1)!).toBeLessThan(0.7 * losses[0]!)
  const name = training.stepper.parameters[0]!.name
  expect(training.stepper.average(name)).not.toEqual(training.stepper.parameter(name))
  await training.close()
}, 600_000)
