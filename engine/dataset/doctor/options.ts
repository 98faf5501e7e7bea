import { z } from 'zod'

/** From where on something is a finding. */
export const doctorSchema = z.strictObject({
  maxEdgeWidth: z
    .number()
    .min(0.2)
    .max(6)
    .default(0.9)
    .describe('edges wider than this, in pixels at training size, are blurred'),
  maxEnlarged: z
    .number()
    .min(1)
    .max(16)
    .default(1.1)
    .describe('pictures enlarged more than this many times are too small'),
  maxAspect: z.number().min(1).max(16).default(2.4).describe('longer side over the shorter one'),
  maxLost: z.number().min(0).max(1).default(0.15).describe('share of a picture that is cut off'),
  maxTokens: z.int().min(1).max(1000).default(75).describe('tokens that the text encoder reads'),
  maxCaption: z.int().min(1).default(1500).describe('characters of a caption'),
  minEffective: z
    .number()
    .min(0)
    .default(5)
    .describe('as how many different pictures the set should count; fewer in a small set'),
  maxRatio: z
    .number()
    .min(1)
    .default(4)
    .describe('how much more often the most frequent value of a kind may come than the least'),
  maxRepeats: z.int().min(1).max(100).default(4).describe('suggested repeats are at most this'),
  requireLicence: z.boolean().default(false).describe('a picture without a licence is an error'),
  seed: z.int().min(0).default(0).describe('of the grouping by looks'),
})

/** Limits of the doctor, complete. */
export type DoctorOptions = z.output<typeof doctorSchema>
/** Limits of the doctor as given. */
export type DoctorInput = z.input<typeof doctorSchema>
