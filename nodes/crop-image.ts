import { z } from 'zod'
import { cropPicture, defineNode } from '../engine/index.ts'

const position = z.int().min(0).max(8192)

export default defineNode({
  type: 'crop-image',
  title: 'Crop image',
  category: 'image',
  description: 'Cuts a rectangle out of pictures, or of a mask.',
  inputs: { image: { type: 'image', optional: true }, mask: { type: 'mask', optional: true } },
  params: z.object({
    left: position.default(0).describe('pixels from the left'),
    top: position.default(0).describe('pixels from the top'),
    width: position.min(1).default(512).describe('pixels'),
    height: position.min(1).default(512).describe('pixels'),
  }),
  outputs: { image: { type: 'image', needs: 'image' }, mask: { type: 'mask', needs: 'mask' } },
  run({ image, mask }, region) {
    return {
      image: image && cropPicture(image, region),
      mask: mask && cropPicture(mask, region),
    }
  },
})
