import { z } from 'zod'
import {
  type LearningRateSettings,
  learningRateRules,
  learningRateShape,
} from '../learning-rate.ts'
import { type ObjectiveSettings, objectiveRules, objectiveShape } from '../objective/settings.ts'
import {
  type OptimizerSettings,
  optimizerRules,
  optimizerSchema,
  optimizerShape,
} from '../optimizers.ts'
import { loopShape } from '../settings/loop.ts'
import { type NetworkSettings, networkRules, networkShape } from '../settings/network.ts'
import { precisionShape } from '../settings/precision.ts'
import { rulesCheck } from '../settings/rule.ts'
import { type SamplingSettings, samplingRules, samplingShape } from '../settings/sampling.ts'
import { type SavingSettings, savingRules, savingShape } from '../settings/saving.ts'
import {
  type ValidationSettings,
  validationRules,
  validationShape,
} from '../settings/validation.ts'

/** Params of the nodes that train. */

const { networkWeights: _file, dimFromWeights: _dim, ...ownNetwork } = networkShape

const checkNetwork = rulesCheck(networkRules)

/** Params of a new LoRA; a file to begin from comes over a link. */
export const loraInitParams = z
  .object({
    ...ownNetwork,
    seed: loopShape.seed.describe('draws the first numbers'),
  })
  .superRefine((params, context) => {
    const settings = { ...params, dimFromWeights: false }
    checkNetwork(settings, context as unknown as z.core.$RefinementCtx<NetworkSettings>)
  })

/** Params of the optimizer and of the schedule of its rates. */
export const optimizerParams = z
  .object({ ...optimizerShape, ...learningRateShape })
  .superRefine(
    rulesCheck<OptimizerSettings & LearningRateSettings>([...optimizerRules, ...learningRateRules]),
  )

/** Params that a running training does not look at again. */
function fixed<Shape extends z.ZodRawShape>(shape: Shape): Shape {
  const entries = Object.entries(shape).map(([name, field]) => {
    return [name, (field as z.ZodType).meta({ live: false })]
  })
  return Object.fromEntries(entries) as Shape
}

const posterior = z
  .enum(['sample', 'mean'])
  .default('sample')
  .describe('a draw from what the VAE says of a picture, new at every step, or its mean')

const stateShape = {
  stateEveryNSteps: z
    .int()
    .min(1)
    .default(50)
    .describe('steps between two states, from which a killed run goes on'),
  keepStates: z.int().min(1).max(1000).default(2).describe('the newest states stay'),
  resume: z
    .enum(['continue', 'restart'])
    .default('continue')
    .describe('go on from the state in the folder, or remove it and begin anew'),
  dryRun: z
    .boolean()
    .default(false)
    .describe('two steps, one sample, one save, all read back: does everything work?'),
}

/** These are looked at before every step. */
const controlShape = {
  stop: z.boolean().default(false).describe('save and end at the next step'),
  saveNow: z.int().min(0).default(0).describe('a new number saves at the next step'),
  sampleNow: z.int().min(0).default(0).describe('a new number draws at the next step'),
  rateFactor: z
    .number()
    .gt(0)
    .max(1000)
    .default(1)
    .describe('on every rate, from the next step on'),
}

/** Params of the node that trains a whole run. */
export const trainParams = z
  .object({
    ...fixed({
      ...savingShape,
      ...loopShape,
      ...objectiveShape,
      ...validationShape,
      ...samplingShape,
      ...precisionShape,
      posterior,
      ...stateShape,
    }),
    ...controlShape,
  })
  .superRefine(
    rulesCheck<RuledSettings>([
      ...objectiveRules,
      ...savingRules,
      ...validationRules,
      ...samplingRules,
    ]),
  )

type RuledSettings = ObjectiveSettings & SavingSettings & ValidationSettings & SamplingSettings

export type TrainParams = z.output<typeof trainParams>

/** Params of the node that trains some steps. */
export const trainStepParams = z
  .object({
    count: z.int().min(1).max(100_000).default(1).describe('steps'),
    totalSteps: z
      .int()
      .min(1)
      .default(1000)
      .describe('steps that the schedule of the rate is made for'),
    trainBatchSize: loopShape.trainBatchSize,
    gradientAccumulationSteps: loopShape.gradientAccumulationSteps,
    gradientCheckpointing: loopShape.gradientCheckpointing,
    seed: loopShape.seed,
    ...objectiveShape,
    clipSkip: precisionShape.clipSkip,
    maxTokenLength: precisionShape.maxTokenLength,
    posterior,
  })
  .superRefine(rulesCheck(objectiveRules))

export type TrainStepParams = z.output<typeof trainStepParams>

/** The optimizer of a node to which none is linked: kohya's defaults. */
export const defaultOptimizer = {
  ...optimizerSchema.parse({}),
  ...z.object(learningRateShape).parse({}),
}
