import { z } from 'zod'
import { samplers } from '../../sampling/samplers.ts'
import type { Rule } from './rule.ts'

const samplerNames = Object.keys(samplers) as [keyof typeof samplers, ...(keyof typeof samplers)[]]
const every = z.int().min(1).optional()
const side = z.int().min(64).max(4096).multipleOf(8)

/** One picture to draw while a LoRA trains. Defaults as in kohya's prompt files. */
export const samplePromptSchema = z.strictObject({
  prompt: z.string().describe('what to draw'),
  negative: z.string().default('').describe('what to keep away from'),
  seed: z.int().min(0).default(0).describe('the same in every round, so that rounds compare'),
  steps: z.int().min(1).max(1000).default(30).describe('steps of the sampler'),
  guidance: z.number().min(0).max(100).default(7.5).describe('how strongly the prompt pulls'),
  width: side.optional().describe('pixels; the size that the model was trained at where absent'),
  height: side.optional().describe('pixels; the size that the model was trained at where absent'),
  sampler: z.enum(samplerNames).default('ddim').describe('walks the sigmas'),
})

/** One picture to draw while a LoRA trains. */
export type SamplePrompt = z.infer<typeof samplePromptSchema>

/** Pictures drawn with the LoRA while it trains. */
export const samplingShape = {
  sampleEveryNSteps: every.describe('draw every so many steps'),
  sampleEveryNEpochs: every.describe('draw every so many epochs'),
  sampleAtFirst: z.boolean().default(false).describe('draw before the first step too'),
  samplePrompts: z.array(samplePromptSchema).default([]).describe('the pictures to draw'),
}

/** Settings of the samples alone. */
export type SamplingSettings = z.infer<z.ZodObject<typeof samplingShape>>

export const samplingRules: readonly Rule<SamplingSettings>[] = [
  {
    setting: 'samplePrompts',
    broken: (settings) =>
      settings.samplePrompts.length === 0 &&
      (settings.sampleAtFirst ||
        settings.sampleEveryNSteps !== undefined ||
        settings.sampleEveryNEpochs !== undefined),
    expected: 'expected at least one prompt, because pictures are to be drawn',
  },
]
