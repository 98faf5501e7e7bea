import { z } from 'zod'
import type { Rule } from './rule.ts'

const every = z.int().min(1).optional()
const text = z.string().optional()

/** Number formats of a saved LoRA. */
export const savePrecisions = ['float', 'fp16', 'bf16'] as const

/** What a run writes, when, and what the file says about itself. */
export const savingShape = {
  outputName: z
    .string()
    .regex(/^[^/\\:*?"<>|.][^/\\:*?"<>|]*$/)
    .max(200)
    .default('last')
    .describe('name of the files, without ending'),
  saveEveryNSteps: every.describe('write the weights every so many steps'),
  saveEveryNEpochs: every.describe('write the weights every so many epochs'),
  saveLastNSteps: every.describe('remove weights that are more steps old than this'),
  saveLastNEpochs: every.describe('remove weights that are as many epochs old as this'),
  saveState: z.boolean().default(false).describe('write the state with the weights, to resume'),
  saveStateOnTrainEnd: z.boolean().default(false).describe('write the state at the end'),
  savePrecision: z.enum(savePrecisions).default('float').describe('number format of the file'),
  noMetadata: z.boolean().default(false).describe('write only the least that readers need'),
  metadataTitle: text.describe('title in the file'),
  metadataAuthor: text.describe('author in the file'),
  metadataDescription: text.describe('description in the file'),
  metadataLicense: text.describe('licence in the file'),
  metadataTags: text.describe('tags in the file, separated by commas'),
  trainingComment: text.describe('a remark in the file'),
  triggerWords: z.array(z.string().min(1)).default([]).describe('words that call the LoRA up'),
}

/** Settings of saving alone. */
export type SavingSettings = z.infer<z.ZodObject<typeof savingShape>>

export const savingRules: readonly Rule<SavingSettings>[] = [
  {
    setting: 'saveLastNSteps',
    broken: (settings) =>
      settings.saveLastNSteps !== undefined && settings.saveEveryNSteps === undefined,
    expected: 'expected together with saveEveryNSteps',
  },
  {
    setting: 'saveLastNEpochs',
    broken: (settings) =>
      settings.saveLastNEpochs !== undefined && settings.saveEveryNEpochs === undefined,
    expected: 'expected together with saveEveryNEpochs',
  },
]
