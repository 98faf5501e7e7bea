import { z } from 'zod'
import { checkpointConfigSchema, defineNode, FormatError } from '../engine/index.ts'

export default defineNode({
  type: 'load-vae',
  title: 'Load VAE',
  category: 'load',
  description: 'Opens a VAE of its own, or takes the one of a checkpoint.',
  params: z.object({
    file: z.string().meta({ file: 'vae' }).describe('relative to the VAE folder'),
    config: checkpointConfigSchema.default({}).describe('group counts, where the file is unusual'),
  }),
  outputs: { vae: 'vae' },
  async run(_, { file, config }, { services }) {
    const { family, vae } = await services.checkpoint('vae', file, config)
    if (!vae) throw new FormatError(`${file}: no VAE, expected encoder and decoder weights`)
    return { vae: { family, network: vae } }
  },
})
