import { z } from 'zod'
import {
  type Checkpoint,
  type CheckpointSource,
  checkpointConfigSchema,
  defineNode,
  FormatError,
  readCheckpoint,
} from '../engine/index.ts'

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
  async inspect({ file, config }, lookup) {
    const source = (await lookup.header('vae', file)) as CheckpointSource
    vaeOf(file, readCheckpoint(source, config))
    return []
  },
  async run(_, { file, config }, { services }) {
    return { vae: vaeOf(file, await services.checkpoint('vae', file, config)) }
  },
})

function vaeOf(file: string, { family, vae }: Checkpoint) {
  if (!vae) throw new FormatError(`${file}: no VAE, expected encoder and decoder weights`)
  return { family, network: vae }
}
