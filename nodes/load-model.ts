import { z } from 'zod'
import {
  type CheckpointSource,
  checkpointConfigSchema,
  defineNode,
  FormatError,
  readCheckpoint,
} from '../engine/index.ts'

export default defineNode({
  type: 'load-model',
  title: 'Load model',
  category: 'load',
  description: 'Opens a checkpoint: its U-Net, text encoder and VAE. Weights stay in the file.',
  params: z.object({
    file: z
      .string()
      .meta({ file: 'checkpoints' })
      .describe('a safetensors file or a diffusers folder, relative to the checkpoints folder'),
    config: checkpointConfigSchema
      .default({})
      .describe('what the file does not tell: family, prediction, head and group counts'),
  }),
  outputs: { model: 'model<F>', textEncoder: 'text-encoder<F>', vae: 'vae<F>' },
  async infer({ file, config }, lookup) {
    const source = (await lookup.header('checkpoints', file)) as CheckpointSource
    const { family, unet } = readCheckpoint(source, config)
    if (!unet) throw withoutUnet(file)
    return { F: family.id }
  },
  async run(_, { file, config }, { services }) {
    const { family, prediction, unet, textEncoder, vae } = await services.checkpoint(
      'checkpoints',
      file,
      config,
    )
    if (!unet) throw withoutUnet(file)
    const name = file.replace(/\.safetensors$/, '')
    return {
      model: { family, prediction, unet, name, loras: [] },
      // A file with a U-Net alone is fine as long as nobody asks it for the rest.
      textEncoder: textEncoder ? { family, network: textEncoder, loras: [] } : missing(file),
      vae: vae ? { family, network: vae } : missing(file),
    }
  },
})

function withoutUnet(file: string): FormatError {
  return new FormatError(`${file}: no U-Net, expected a checkpoint with one`)
}

/** Stands for a network that the file lacks; whoever uses it is told so. */
function missing(file: string): never {
  return new Proxy(
    {},
    {
      get(_, property) {
        if (typeof property === 'symbol' || property === 'then') return undefined
        throw new FormatError(
          `${file}: holds only a U-Net, expected a text encoder and a VAE; load them from another file`,
        )
      },
    },
  ) as never
}
