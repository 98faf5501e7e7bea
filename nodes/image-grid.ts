import { z } from 'zod'
import { defineNode, gridOf } from '../engine/index.ts'

export default defineNode({
  type: 'image-grid',
  title: 'Image grid',
  category: 'image',
  description: 'Puts pictures of one size side by side, to compare them.',
  repeat: { inputs: { image: 'image' }, min: 1 },
  params: z.object({
    columns: z.int().min(0).max(64).default(0).describe('0: all in one row'),
    gap: z.int().min(0).max(256).default(8).describe('white pixels between two pictures'),
  }),
  outputs: { image: 'image' },
  run({ items }, { columns, gap }) {
    return {
      image: gridOf(
        items.map(({ image }) => image),
        columns,
        gap,
      ),
    }
  },
})
