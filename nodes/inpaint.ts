import { defineNode, inpaintImage, samplerParams } from '../engine/index.ts'

export default defineNode({
  type: 'inpaint',
  title: 'Inpaint',
  category: 'sampling',
  description: 'Repaints a picture inside a mask. Pixels outside it stay as they are, bit for bit.',
  inputs: {
    model: 'model<F>',
    positive: 'conditioning<F>',
    negative: { type: 'conditioning<F>', optional: true },
    vae: 'vae<F>',
    image: 'image',
    mask: 'mask',
  },
  params: samplerParams,
  outputs: { image: 'image', latent: 'latent<F>' },
  purity: 'seeded',
  async run(inputs, params, context) {
    const { image, latent } = await inpaintImage(inputs, params, context)
    return { image, latent: { samples: latent } }
  },
})
