import { z } from 'zod'
import { defineNode, encodePrompt } from '../engine/index.ts'

export default defineNode({
  type: 'encode-prompt',
  title: 'Encode prompt',
  category: 'text',
  description: 'Turns words into conditioning. Weights, BREAK and more than 75 tokens are fine.',
  inputs: { textEncoder: 'text-encoder<F>' },
  params: z.object({
    text: z
      .string()
      .default('')
      .meta({ multiline: true })
      .describe('the prompt; (word:1.2) weighs, embedding:name inserts a listed embedding'),
    style: z
      .enum(['comfy', 'a1111', 'a1111-no-norm'])
      .default('comfy')
      .describe('whose way to write and to apply weights'),
    skip: z.int().min(1).max(12).default(1).describe('clip skip: 1 is the last layer'),
    embeddings: z
      .array(z.string())
      .default([])
      .meta({ file: 'embeddings' })
      .describe('textual inversion files that the prompt names'),
  }),
  outputs: { conditioning: 'conditioning<F>' },
  live: true,
  async run({ textEncoder }, { text, style, skip, embeddings }, { services, warn }) {
    const { conditioning, warnings } = await encodePrompt(await services.runtime(), textEncoder, {
      text,
      style,
      skip,
      embeddings: await services.embeddings(embeddings),
    })
    for (const warning of warnings) warn(warning)
    return { conditioning }
  },
})
