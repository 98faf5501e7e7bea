import { z } from 'zod'
import { WorkflowError } from '../../errors.ts'
import type { Prediction } from '../../models/families.ts'
import { type Rule, rulesCheck } from '../settings/rule.ts'
import { type LossType, lossTypes } from './loss.ts'
import { trainTimesteps } from './noise-schedule.ts'
import { type TimestepDistribution, timestepDistributions } from './timestep-distributions.ts'

/** How the threshold of a Huber loss depends on the timestep. */
export const huberSchedules = ['snr', 'exponential', 'constant'] as const

/** What a mask is divided by: nothing, or its own mean. */
export const maskMeans = ['elements', 'weights'] as const

function namesOf<Name extends string>(table: Record<Name, unknown>): [Name, ...Name[]] {
  return Object.keys(table) as [Name, ...Name[]]
}

const lossShape = {
  lossType: z.enum(namesOf<LossType>(lossTypes)).default('l2').describe('error of one element'),
  huberSchedule: z
    .enum(huberSchedules)
    .default('snr')
    .describe('how the threshold of huber and smooth_l1 depends on the timestep'),
  huberC: z.number().gt(0).max(100).default(0.1).describe('threshold of huber and smooth_l1'),
  huberScale: z.number().gt(0).max(100).default(1).describe('factor on the threshold; not for snr'),
  maskedLoss: z.boolean().default(false).describe('masks weigh the parts of a picture'),
  maskMean: z
    .enum(maskMeans)
    .default('elements')
    .describe('elements: a small mask makes a small loss; weights: a weighted mean'),
  priorLossWeight: z.number().min(0).default(1).describe('weight of regularisation pictures'),
}

const weightShape = {
  minSnrGamma: z.number().min(0).optional().describe('limit on the weight of easy timesteps, 5'),
  debiasedEstimationLoss: z.boolean().default(false).describe('weigh noisy timesteps up'),
  scaleVPredLossLikeNoisePred: z
    .boolean()
    .default(false)
    .describe('v models: weigh timesteps as if noise were predicted'),
  vPredLikeLoss: z
    .number()
    .min(0)
    .optional()
    .describe('epsilon models: add this share of a loss weighed as for v'),
  p2Gamma: z.number().min(0).max(10).optional().describe('power of the P2 weight, 1'),
  p2K: z.number().gt(0).default(1).describe('what the P2 weight adds to the signal to noise ratio'),
}

const noiseShape = {
  noiseOffset: z.number().min(0).max(10).optional().describe('one more number per channel, 0.05'),
  noiseOffsetRandomStrength: z.boolean().default(false).describe('0 to noiseOffset, drawn'),
  adaptiveNoiseScale: z
    .number()
    .min(-10)
    .max(10)
    .optional()
    .describe('adds this share of a channel mean to noiseOffset'),
  multiresNoiseIterations: z
    .int()
    .min(0)
    .max(32)
    .optional()
    .describe('coarser noises to add, 6 to 10'),
  multiresNoiseDiscount: z
    .number()
    .min(0)
    .max(1)
    .default(0.3)
    .describe('share of each coarser one'),
  ipNoiseGamma: z.number().min(0).max(10).optional().describe('noise the target ignores, 0.1'),
  ipNoiseGammaRandomStrength: z.boolean().default(false).describe('0 to ipNoiseGamma, drawn'),
  zeroTerminalSnr: z.boolean().default(false).describe('v models: the last timestep is all noise'),
}

const timestepShape = {
  minTimestep: z.int().min(0).max(trainTimesteps).default(0).describe('least noise, included'),
  maxTimestep: z
    .int()
    .min(0)
    .max(trainTimesteps)
    .default(trainTimesteps)
    .describe('most noise, not included'),
  timestepDistribution: z
    .enum(namesOf<TimestepDistribution>(timestepDistributions))
    .default('uniform')
    .describe('which timesteps come often'),
  logitMean: z.number().min(-10).max(10).default(0).describe('logit-normal: above 0 is noisier'),
  logitStd: z.number().gt(0).max(10).default(1).describe('logit-normal: spread'),
  sigmoidScale: z.number().gt(0).max(10).default(1).describe('sigmoid: spread'),
  modeScale: z
    .number()
    .min(-1)
    .max(1.75)
    .default(1.29)
    .describe('mode: above 0 prefers the middle'),
  timestepCurve: z
    .array(z.number().min(0))
    .min(1)
    .max(trainTimesteps)
    .optional()
    .describe('curve: how often equal parts of the range come, in proportion'),
}

/** What is learnt at which noise, in kohya's names written in camelCase with kohya's defaults. */
export const objectiveShape = { ...lossShape, ...weightShape, ...noiseShape, ...timestepShape }

/** The objective's settings with every default in its place. */
export type ObjectiveSettings = z.infer<z.ZodObject<typeof objectiveShape>>

/** Rules between settings; whether they suit a model is `checkObjective`'s to say. */
export const objectiveRules: readonly Rule<ObjectiveSettings>[] = [
  {
    setting: 'minTimestep',
    broken: ({ minTimestep, maxTimestep }) => minTimestep >= maxTimestep,
    expected: ({ maxTimestep }) => `expected less than maxTimestep, ${maxTimestep}`,
  },
  {
    setting: 'adaptiveNoiseScale',
    broken: ({ adaptiveNoiseScale, noiseOffset }) => !!adaptiveNoiseScale && !noiseOffset,
    expected: 'expected together with noiseOffset, which it changes',
  },
  {
    setting: 'timestepCurve',
    broken: ({ timestepDistribution, timestepCurve }) =>
      timestepDistribution === 'curve' && !timestepCurve?.some((share) => share > 0),
    expected: 'expected a number above 0 at least once for timestepDistribution curve',
  },
  {
    setting: 'huberC',
    broken: ({ lossType, huberSchedule, huberC }) =>
      lossTypes[lossType].hasThreshold && huberSchedule !== 'constant' && huberC > 1,
    expected: ({ huberSchedule }) => `expected at most 1 with huberSchedule ${huberSchedule}`,
  },
]

/** The objective alone. An unknown name is an error. */
export const objectiveSchema = z
  .strictObject(objectiveShape)
  .superRefine(rulesCheck(objectiveRules))

/** What only one kind of prediction can be trained with. */
const predictionRules: readonly {
  readonly setting: keyof ObjectiveSettings
  readonly needs: Prediction
  readonly remedy?: string
}[] = [
  { setting: 'scaleVPredLossLikeNoisePred', needs: 'v' },
  { setting: 'zeroTerminalSnr', needs: 'v', remedy: 'where all is noise, epsilon says nothing' },
  { setting: 'vPredLikeLoss', needs: 'epsilon' },
]

/** Throws where the settings do not go with what a model predicts. */
export function checkObjective(settings: ObjectiveSettings, prediction: Prediction): void {
  if (prediction === 'sample') {
    throw new WorkflowError('model: predicts the picture itself, expected epsilon or v')
  }
  for (const { setting, needs, remedy } of predictionRules) {
    if (!settings[setting] || prediction === needs) continue
    const found = `${setting}: ${settings[setting]} with a model that predicts ${prediction}`
    throw new WorkflowError(`${found}, expected only for ${needs}${remedy ? `; ${remedy}` : ''}`)
  }
}
