import {
  defineNode,
  type NodeContext,
  openRunFolder,
  runTrainNode,
  type Services,
  type SocketValues,
  safeName,
  trainingHost,
  trainParams,
} from '../engine/index.ts'

export default defineNode({
  type: 'train',
  title: 'Train LoRA',
  category: 'training',
  description:
    'A whole training run, in a folder of its own below the output folder. Killed and started ' +
    'again, it goes on where it was. Stop, save, sample and rate may be changed while it runs.',
  inputs: {
    model: 'model<F>',
    textEncoder: 'text-encoder<F>',
    vae: 'vae<F>',
    dataset: 'dataset',
    lora: { type: 'lora<F>', description: 'where the training begins' },
    optimizer: { type: 'optimizer', optional: true },
  },
  params: trainParams,
  outputs: {
    lora: { type: 'lora<F>', description: 'as it is at the end' },
    training: 'training',
  },
  purity: 'seeded',
  sink: true,
  async inspect({ outputName }) {
    if (outputName !== undefined) safeName('training', outputName)
    return []
  },
  async run(inputs, params, context) {
    const { outputFolder } = context.services
    // What a dry run writes is in a folder of its own and goes with it.
    const name = params.dryRun ? `${params.outputName}-dry-run` : params.outputName
    const folder = await openRunFolder(outputFolder, name)
    try {
      return await runTrainNode(inputs, params, {
        ...trainingHost(context, params.gpuTemperatureLimit),
        ...{ context, folder },
        hashes: params.noMetadata ? undefined : await hashesOf(inputs.model, context),
      })
    } finally {
      await (params.dryRun ? folder.discard() : folder.close())
    }
  },
})

/** Hashes of the checkpoint's file; a model in several files has none. */
async function hashesOf(
  { name, unet }: SocketValues['model'],
  { services, signal, progress }: NodeContext<Services>,
) {
  const { file } = unet.weights
  if (file !== `${name}.safetensors`) return undefined
  return services.hashes('checkpoints', file, {
    signal,
    onProgress: (done, size) => {
      progress({ step: Math.floor((100 * done) / size), steps: 100, note: `hash of ${file}` })
    },
  })
}
