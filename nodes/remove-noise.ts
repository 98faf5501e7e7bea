import { z } from 'zod'
import { defineNode, denoiseMethods, denoisePicture } from '../engine/index.ts'

export default defineNode({
  type: 'remove-noise',
  title: 'Remove noise',
  category: 'image',
  description: 'Takes grain and single wrong pixels out of pictures and leaves edges.',
  inputs: { image: 'image' },
  params: z.object({
    method: z
      .enum(denoiseMethods)
      .default('bilateral')
      .describe('median removes single wrong pixels, bilateral removes grain'),
    radius: z.int().min(1).max(5).default(2).describe('pixels to either side'),
    tolerance: z
      .number()
      .min(0.01)
      .max(1)
      .default(0.1)
      .describe('difference of colour that is content; bilateral only'),
    amount: z.number().min(0).max(1).default(1).describe('0 leaves the picture as it is'),
  }),
  outputs: { image: 'image' },
  run({ image }, options) {
    return { image: denoisePicture(image, options) }
  },
})
