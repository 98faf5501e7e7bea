import { z } from 'zod'
import { defineNode } from '../engine/index.ts'

export default defineNode({
  type: 'text',
  title: 'Text',
  category: 'value',
  description: 'A text that may go to several nodes.',
  params: z.object({
    value: z.string().default('').meta({ multiline: true }).describe('the text'),
  }),
  outputs: { value: 'text' },
  run: (_, { value }) => ({ value }),
})
