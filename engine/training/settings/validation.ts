import { z } from 'zod'
import type { Rule } from './rule.ts'

const every = z.int().min(1).optional()

/** Pictures held back to see whether the LoRA learns or only remembers. */
export const validationShape = {
  validationSplit: z
    .number()
    .min(0)
    .lt(1)
    .default(0)
    .describe('share of the pictures that is held back; 0 is off'),
  validationSeed: z
    .int()
    .min(0)
    .max(0xffff_ffff)
    .optional()
    .describe('draws which pictures are held back, and their noise; the seed where absent'),
  validateEveryNSteps: every.describe('measure every so many steps'),
  validateEveryNEpochs: every.describe('measure every so many epochs; 1 where neither is given'),
  maxValidationSteps: every.describe('at most so many batches each time'),
  earlyStopPatience: every.describe('stop after so many measurements without a better one'),
  keepBest: z.boolean().default(true).describe('keep the weights of the best measurement'),
}

/** Settings of the validation alone. */
export type ValidationSettings = z.infer<z.ZodObject<typeof validationShape>>

/** These say nothing without pictures that are held back. */
const needSplit = ['validateEveryNSteps', 'validateEveryNEpochs', 'earlyStopPatience'] as const

export const validationRules: readonly Rule<ValidationSettings>[] = needSplit.map((setting) => ({
  setting,
  broken: (settings: ValidationSettings) =>
    settings[setting] !== undefined && settings.validationSplit === 0,
  expected: 'expected a validationSplit above 0 with it; no pictures are held back',
}))
