import { z } from 'zod'
import { decodePicture, defineNode } from '../engine/index.ts'

/** Which numbers of a picture are the mask. */
const channels = {
  red: 0,
  green: 1,
  blue: 2,
} as const

export default defineNode({
  type: 'load-mask',
  title: 'Load mask',
  category: 'image',
  description: 'Reads a mask from a picture: white is repainted, black is kept.',
  params: z.object({
    file: z.string().meta({ file: 'input' }).describe('relative to the input folder'),
    channel: z
      .enum(['red', 'green', 'blue', 'alpha'])
      .default('red')
      .describe('alpha: what is transparent is repainted'),
    invert: z.boolean().default(false).describe('black is repainted instead'),
  }),
  outputs: { mask: 'mask' },
  async run(_, { file, channel, invert }, { services }) {
    const { image, alpha } = await decodePicture(file, await services.files.picture(file))
    const [, , height, width] = image.shape as [number, number, number, number]
    const area = height * width
    const flip = (value: number) => 1 - value
    const plane =
      channel === 'alpha'
        ? (alpha?.data.map(flip) ?? new Float32Array(area))
        : image.data.slice(channels[channel] * area, (channels[channel] + 1) * area)
    return { mask: { data: invert ? plane.map(flip) : plane, shape: [1, 1, height, width] } }
  },
})
