import { join } from 'node:path'
import type { z } from 'zod'
import { toInt64 } from '../../engine/formats/safetensors.ts'
import { type DrawnStep, noisedStep } from '../../engine/training/objective/draw-step.ts'
import { offsetNoise } from '../../engine/training/objective/noise.ts'
import {
  type ObjectiveSettings,
  objectiveSchema,
} from '../../engine/training/objective/settings.ts'
import { type GoldenCase, goldenTensors, values } from '../support/golden.ts'

/** What a golden case of a LoRA training asks of the objective. */
export interface ObjectiveCase {
  settings: ObjectiveSettings
  prediction: 'epsilon' | 'v'
  /** Factor on one recorded number per channel. */
  noiseOffset: number
  /** Of a batch of two, the second is there for prior preservation. */
  hasPrior: boolean
}

type Input = z.input<typeof objectiveSchema>

/** What the words of a description mean; the cases hold their settings in no other form. */
const words: readonly [RegExp, (found: RegExpMatchArray) => Input][] = [
  [/^L1$/, () => ({ lossType: 'l1' })],
  [
    /(huber|smooth_l1), schedule (\w+), huber_c ([\d.]+), huber_scale ([\d.]+)/,
    ([, loss, schedule, c, scale]) => ({
      lossType: loss as 'huber',
      huberSchedule: schedule as 'snr',
      huberC: Number(c),
      huberScale: Number(scale),
    }),
  ],
  [/min-SNR gamma ([\d.]+)/, ([, gamma]) => ({ minSnrGamma: Number(gamma) })],
  [/debiased estimation/, () => ({ debiasedEstimationLoss: true })],
  [/scale_v_pred_loss_like_noise_pred/, () => ({ scaleVPredLossLikeNoisePred: true })],
  [/prior_loss_weight ([\d.]+)/, ([, weight]) => ({ priorLossWeight: Number(weight) })],
]

/** Reads a golden case. */
export function objectiveCase({ settings }: GoldenCase): ObjectiveCase {
  const text = String(settings.description ?? '')
  const inputs = words.map(([pattern, mean]) => {
    const found = text.match(pattern)
    return found ? mean(found) : {}
  })
  const offset = text.match(/([\d.]+)\*noise_offset_noise/)
  return {
    settings: objectiveSchema.parse(Object.assign({}, ...inputs)),
    prediction: /v-prediction|with v\b|scale_v_pred/.test(text) ? 'v' : 'epsilon',
    noiseOffset: Number(offset?.[1] ?? 0),
    hasPrior: /prior_loss_weight/.test(text),
  }
}

/** One recorded batch of `inputs.safetensors`, noised as a case wants it. */
export function goldenStep(folder: string, index: number, wanted: ObjectiveCase): DrawnStep {
  const inputs = goldenTensors(join(folder, '..', 'inputs.safetensors'))
  const shape = inputs.get('latents')!.shape.slice(1)
  const size = shape.reduce((product, length) => product * length, 1)
  const [batch, channels] = shape as [number, number]
  const part = (name: string, length: number) =>
    values(inputs, name).slice(index * length, (index + 1) * length)
  const all = [...toInt64(inputs.get('timesteps')!)].map(Number)
  const strengths = new Float32Array(batch * channels).fill(wanted.noiseOffset)
  const offsets = part('noise_offset_noise', batch * channels)
  const plain = part('noise', size)
  return noisedStep({
    ...wanted,
    latents: { data: part('latents', size), shape },
    timesteps: all.slice(index * batch, (index + 1) * batch),
    noise: wanted.noiseOffset ? offsetNoise(plain, strengths, offsets) : plain,
    isRegularisation: Array.from({ length: batch }, (_, i) => wanted.hasPrior && i % 2 === 1),
  })
}
