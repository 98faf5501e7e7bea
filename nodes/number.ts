import { z } from 'zod'
import { defineNode } from '../engine/index.ts'

export default defineNode({
  type: 'number',
  title: 'Number',
  category: 'value',
  description: 'A number that may drive several params, such as the ratios of two blends.',
  params: z.object({ value: z.number().default(0).describe('the number') }),
  outputs: { value: 'number' },
  live: true,
  run: (_, { value }) => ({ value }),
})
