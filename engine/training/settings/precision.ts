import { z } from 'zod'
import type { Rule } from './rule.ts'

/** Tokens that captions may have: one, two or three windows of the text encoder. */
export const tokenLengths = [75, 150, 225] as const

/** What is computed once and kept, and how captions are read. Everything is in float32. */
export const precisionShape = {
  cacheLatents: z.boolean().default(false).describe('encode every picture once'),
  cacheLatentsToDisk: z.boolean().default(false).describe('keep the latents for the next run'),
  cacheTextEncoderOutputs: z.boolean().default(false).describe('encode every caption once'),
  cacheTextEncoderOutputsToDisk: z
    .boolean()
    .default(false)
    .describe('keep the encoded captions for the next run'),
  clipSkip: z.int().min(1).max(12).default(1).describe('layer of the text encoder from the end'),
  maxTokenLength: z
    .union(tokenLengths.map((length) => z.literal(length)))
    .default(75)
    .describe('tokens of a caption that are read: 75, 150 or 225'),
}

/** Settings of caches and captions alone. */
export type PrecisionSettings = z.infer<z.ZodObject<typeof precisionShape>>

export const precisionRules: readonly Rule<
  PrecisionSettings & { readonly networkTrainUnetOnly: boolean }
>[] = [
  {
    setting: 'cacheTextEncoderOutputs',
    broken: (settings) => cachesTexts(settings) && !settings.networkTrainUnetOnly,
    expected:
      'expected only with networkTrainUnetOnly; a text encoder in training encodes a caption ' +
      'differently at every step',
  },
]

/** Whether encoded captions are kept, in memory or on disk. */
export function cachesTexts(
  settings: Pick<PrecisionSettings, 'cacheTextEncoderOutputs' | 'cacheTextEncoderOutputsToDisk'>,
): boolean {
  return settings.cacheTextEncoderOutputs || settings.cacheTextEncoderOutputsToDisk
}

/** Whether latents are kept, in memory or on disk. */
export function cachesLatents(
  settings: Pick<PrecisionSettings, 'cacheLatents' | 'cacheLatentsToDisk'>,
): boolean {
  return settings.cacheLatents || settings.cacheLatentsToDisk
}
