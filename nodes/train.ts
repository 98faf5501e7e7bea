import {
  defineNode,
  hardwareMonitor,
  type NodeContext,
  openRunFolder,
  openStore,
  readHardware,
  runTrainNode,
  type Services,
  type SocketValues,
  safeName,
  sha256,
  trainParams,
} from '../engine/index.ts'

/** Latents and encoded captions of all runs. */
const keptBytes = 8 * 2 ** 30

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
      const store = openStore({ folder: `${outputFolder}/training/.kept`, maxBytes: keptBytes })
      return await runTrainNode(inputs, params, {
        ...{ context, folder, store, sha256, now: Date.now },
        hashes: params.noMetadata ? undefined : await hashesOf(inputs.model, context),
        memory: () => process.memoryUsage.rss(),
        availableMemory: process.availableMemory(),
        guard: hardwareMonitor({
          ...{ read: readHardware, now: Date.now, limit: params.gpuTemperatureLimit },
          async wait(milliseconds) {
            await new Promise((resolve) => setTimeout(resolve, milliseconds))
            context.throwIfCancelled()
          },
        }),
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
