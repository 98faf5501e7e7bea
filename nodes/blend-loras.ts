import { z } from 'zod'
import { applyLoras, blockCounts, defineNode } from '../engine/index.ts'

const ratio = z.number().min(-100).max(100)

export default defineNode({
  type: 'blend-loras',
  title: 'Blend LoRAs',
  category: 'lora',
  description:
    'Applies any number of LoRAs, each at its own ratio. A ratio may change while a sampler runs.',
  inputs: {
    model: 'model<F>',
    textEncoder: { type: 'text-encoder<F>', optional: true },
  },
  repeat: {
    inputs: { lora: 'lora<F>' },
    params: z.object({
      ratio: ratio.default(1).describe('strength; 0 leaves the model unchanged, bit for bit'),
      textRatio: ratio.optional().describe('strength in the text encoder; the ratio unless given'),
      blocks: z
        .array(ratio)
        .refine(({ length }) => blockCounts.includes(length), {
          error: 'expected 12, 17 or 26 numbers',
        })
        .optional()
        .describe('block weights: a factor on the ratio for BASE, then IN, MID and OUT blocks'),
    }),
    min: 1,
  },
  params: z.object({}),
  outputs: {
    model: 'model<F>',
    textEncoder: { type: 'text-encoder<F>', needs: 'textEncoder' },
  },
  live: true,
  run({ model, textEncoder, items }, _, { warn }) {
    const applied = applyLoras({ model, textEncoder }, items, warn)
    return { model: applied.model, textEncoder: applied.textEncoder }
  },
})
