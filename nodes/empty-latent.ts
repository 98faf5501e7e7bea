import { z } from 'zod'
import { defineNode } from '../engine/index.ts'

const side = z.int().min(16).max(4096).multipleOf(8)

export default defineNode({
  type: 'empty-latent',
  title: 'Empty latent',
  category: 'latent',
  description: 'A canvas for text-to-image.',
  params: z.object({
    width: side.default(512).describe('pixels, a multiple of 8'),
    height: side.default(512).describe('pixels, a multiple of 8'),
    batch: z.int().min(1).max(64).default(1).describe('pictures made together'),
  }),
  outputs: { latent: 'latent' },
  run(_, { width, height, batch }) {
    const shape = [batch, 4, height / 8, width / 8]
    const data = new Float32Array(shape.reduce((a, b) => a * b, 1))
    return { latent: { samples: { data, shape }, empty: true } }
  },
})
