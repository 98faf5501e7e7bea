import { z } from 'zod'
import { decodeLatent, defineNode } from '../engine/index.ts'

export default defineNode({
  type: 'decode',
  title: 'Decode',
  category: 'latent',
  description: 'Makes pictures of latents.',
  inputs: { vae: 'vae<F>', latent: 'latent<F>' },
  params: z.object({}),
  outputs: { image: 'image' },
  async run({ vae, latent }, _, { services }) {
    const { pool } = await services.runtime()
    return { image: await decodeLatent(pool, vae, latent.samples) }
  },
})
