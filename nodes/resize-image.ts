import { z } from 'zod'
import { defineNode, resizeFits, resizeKernels, resizePicture } from '../engine/index.ts'

const side = z.int().min(1).max(8192)

export default defineNode({
  type: 'resize-image',
  title: 'Resize image',
  category: 'image',
  description: 'Brings pictures, or a mask, to another size.',
  inputs: { image: { type: 'image', optional: true }, mask: { type: 'mask', optional: true } },
  params: z.object({
    width: side.default(512).describe('pixels'),
    height: side.default(512).describe('pixels'),
    fit: z
      .enum(resizeFits)
      .default('cover')
      .describe('stretch distorts, cover cuts off, contain adds a border'),
    kernel: z.enum(resizeKernels).default('lanczos3').describe('interpolation'),
  }),
  outputs: { image: { type: 'image', needs: 'image' }, mask: { type: 'mask', needs: 'mask' } },
  async run({ image, mask }, { width, height, fit, kernel }) {
    const resize = (picture: typeof image) =>
      picture && resizePicture(picture, width, height, fit, kernel)
    return { image: await resize(image), mask: await resize(mask) }
  },
})
