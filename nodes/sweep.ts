import {
  defineNode,
  hardwareMonitor,
  openRunFolder,
  openStore,
  readHardware,
  readWeight,
  runSweepNode,
  safeName,
  sha256,
  sweepParams,
} from '../engine/index.ts'

/** Latents and encoded captions of all runs. */
const keptBytes = 8 * 2 ** 30

export default defineNode({
  type: 'sweep',
  title: 'Compare trainings',
  category: 'training',
  description:
    'Trains one after another with several ranks or rates, or on all folds of the pictures, and ' +
    'compares them in a table. Each run has a folder of its own; what is encoded is shared.',
  inputs: {
    model: 'model<F>',
    textEncoder: 'text-encoder<F>',
    vae: 'vae<F>',
    dataset: 'dataset',
    lora: 'lora<F>',
    optimizer: { type: 'optimizer', optional: true },
  },
  params: sweepParams,
  outputs: {
    lora: { type: 'lora<F>', description: 'the best' },
    training: { type: 'training', description: 'of the best' },
    table: { type: 'text', description: 'in Markdown' },
  },
  purity: 'seeded',
  sink: true,
  async inspect({ outputName }) {
    if (outputName !== undefined) safeName('training', outputName)
    return []
  },
  async run(inputs, params, context) {
    const { outputFolder } = context.services
    const store = openStore({ folder: `${outputFolder}/training/.kept`, maxBytes: keptBytes })
    const { lora, training, table, rows } = await runSweepNode(inputs, params, {
      ...{ context, store, sha256, readWeight, now: Date.now },
      memory: () => process.memoryUsage.rss(),
      availableMemory: process.availableMemory(),
      openFolder: (name) => openRunFolder(outputFolder, name),
      guard: hardwareMonitor({
        ...{ read: readHardware, now: Date.now, limit: params.gpuTemperatureLimit },
        async wait(milliseconds) {
          await new Promise((resolve) => setTimeout(resolve, milliseconds))
          context.throwIfCancelled()
        },
      }),
    })
    context.metric('sweep', { rows })
    return { lora, training, table }
  },
})
