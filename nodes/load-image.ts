import { z } from 'zod'
import { decodePicture, defineNode } from '../engine/index.ts'

export default defineNode({
  type: 'load-image',
  title: 'Load image',
  category: 'image',
  description: 'Reads a PNG, JPEG, WebP or AVIF picture from the input folder.',
  params: z.object({
    file: z.string().meta({ file: 'input' }).describe('relative to the input folder'),
  }),
  outputs: { image: 'image', mask: 'mask' },
  async run(_, { file }, { services }) {
    const { image, alpha } = await decodePicture(file, await services.files.picture(file))
    const [, , height, width] = image.shape as [number, number, number, number]
    const shape = [1, 1, height, width]
    const data = alpha ? alpha.data.map((value) => 1 - value) : new Float32Array(height * width)
    // What is transparent is to be painted; a picture without transparency has an empty mask.
    return { image, mask: { data, shape } }
  },
})
