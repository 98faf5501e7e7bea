import { z } from 'zod'
import { learningRateRules, learningRateShape } from './learning-rate.ts'
import { objectiveRules, objectiveShape } from './objective/settings.ts'
import { optimizerRules, optimizerShape } from './optimizers.ts'
import { loopRules, loopShape } from './settings/loop.ts'
import { networkRules, networkShape } from './settings/network.ts'
import { precisionRules, precisionShape } from './settings/precision.ts'
import { type Rule, rulesCheck } from './settings/rule.ts'
import { samplingRules, samplingShape } from './settings/sampling.ts'
import { savingRules, savingShape } from './settings/saving.ts'
import { validationRules, validationShape } from './settings/validation.ts'

/**
 * All settings of a training run, flat, in the names of kohya's sd-scripts written in camelCase,
 * with kohya's defaults. Each subject's shape can be spread into the params of a node of its own;
 * the whole can be handed to whatever wants the settings of one subject.
 */
const trainShape = {
  ...networkShape,
  ...optimizerShape,
  ...learningRateShape,
  ...objectiveShape,
  ...loopShape,
  ...savingShape,
  ...samplingShape,
  ...validationShape,
  ...precisionShape,
}

/** Rules that hold between settings, wherever they stand. */
const trainRules: readonly Rule<z.infer<z.ZodObject<typeof trainShape>>>[] = [
  ...networkRules,
  ...optimizerRules,
  ...learningRateRules,
  ...objectiveRules,
  ...loopRules,
  ...savingRules,
  ...samplingRules,
  ...validationRules,
  ...precisionRules,
]

/** The settings of a training run. An unknown name is an error. */
export const trainSchema = z.strictObject(trainShape).superRefine(rulesCheck(trainRules))

/** Settings with every default in its place. */
export type TrainSettings = z.infer<typeof trainSchema>

/** Settings as a person gives them: what is left out has its default. */
export type TrainSettingsInput = z.input<typeof trainSchema>
