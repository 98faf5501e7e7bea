import {
  defineNode,
  openRunFolder,
  readWeight,
  runSweepNode,
  safeName,
  sweepParams,
  trainingHost,
} from '../engine/index.ts'

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
    const { lora, training, table, rows } = await runSweepNode(inputs, params, {
      ...trainingHost(context, params.gpuTemperatureLimit),
      ...{ context, readWeight },
      openFolder: (name) => openRunFolder(outputFolder, name),
    })
    context.metric('sweep', { rows })
    return { lora, training, table }
  },
})
