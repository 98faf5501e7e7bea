import { z } from 'zod'
import { defineNode } from '../engine/index.ts'

export default defineNode({
  type: 'seed',
  title: 'Seed',
  category: 'value',
  description: 'A seed that several samplers share.',
  params: z.object({
    value: z
      .int()
      .min(0)
      .default(0)
      .meta({ seed: true })
      .describe('the same seed gives the same noise on every machine'),
  }),
  outputs: { value: 'integer' },
  run: (_, { value }) => ({ value }),
})
