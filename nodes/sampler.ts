import { defineNode, sampleLatent, samplerParams } from '../engine/index.ts'

export default defineNode({
  type: 'sampler',
  title: 'Sampler',
  category: 'sampling',
  description: 'Draws latents step by step: from noise, or from a picture with denoise below 1.',
  inputs: {
    model: 'model<F>',
    positive: 'conditioning<F>',
    negative: { type: 'conditioning<F>', optional: true },
    latent: 'latent<F>',
  },
  params: samplerParams,
  outputs: { latent: 'latent<F>' },
  purity: 'seeded',
  async run(inputs, params, context) {
    return { latent: { samples: await sampleLatent(inputs, params, context) } }
  },
})
