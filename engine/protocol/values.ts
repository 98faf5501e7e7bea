import { z } from 'zod'

/** What is shown of a value on a wire. Small: it travels in events and is kept with the run. */
export const valueSummary = z.object({
  /** Socket type as printed: `latent`, `image`, `list<text>`. */
  type: z.string(),
  /** Of tensors: `[1, 3, 512, 512]`. */
  shape: z.array(z.number()).optional(),
  /** Least, greatest and mean of numbers. */
  range: z.object({ min: z.number(), max: z.number(), mean: z.number() }).optional(),
  /** Numbers, switches and texts themselves; texts are cut at 2,000 characters. */
  value: z.union([z.number(), z.boolean(), z.string()]).optional(),
  /** A sentence for all else: `neon.safetensors, rank 8, 128 layers`. */
  text: z.string().optional(),
  /** How many pictures of it can be fetched at `/api/runs/ID/values/NODE/OUTPUT/INDEX`. */
  pictures: z.number().optional(),
  /** Names below the output folder of files that hold it. */
  files: z.array(z.string()).optional(),
})

export type ValueSummary = z.output<typeof valueSummary>
