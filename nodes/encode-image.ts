import { z } from 'zod'
import { checkMaskSize, defineNode, encodeImage } from '../engine/index.ts'

export default defineNode({
  type: 'encode-image',
  title: 'Encode image',
  category: 'latent',
  description: 'Brings a picture into latent space, for image-to-image.',
  inputs: { vae: 'vae<F>', image: 'image', mask: { type: 'mask', optional: true } },
  params: z.object({}),
  outputs: { latent: 'latent<F>' },
  async run({ vae, image, mask }, _, { services }) {
    if (mask) checkMaskSize(image, mask)
    const { pool } = await services.runtime()
    const samples = await encodeImage(pool, vae, image)
    return { latent: { samples, ...(mask && { mask }) } }
  },
})
