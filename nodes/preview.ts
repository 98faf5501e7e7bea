import { z } from 'zod'
import { defineNode } from '../engine/index.ts'

export default defineNode({
  type: 'preview',
  title: 'Preview',
  category: 'image',
  description: 'Shows pictures without saving them.',
  inputs: { image: 'image' },
  params: z.object({}),
  outputs: { image: 'image' },
  sink: true,
  run({ image }, _, { preview }) {
    preview(image)
    return { image }
  },
})
