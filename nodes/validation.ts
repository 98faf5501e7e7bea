import { defineNode, measureLoss, measureParams } from '../engine/index.ts'

export default defineNode({
  type: 'validation',
  title: 'Validation',
  category: 'training',
  description:
    'How well a model, with a LoRA or without, knows pictures: the mean loss with noise and ' +
    'timesteps that are the same each time. With trained pictures too it tells the gap.',
  inputs: {
    model: 'model<F>',
    textEncoder: 'text-encoder<F>',
    vae: 'vae<F>',
    dataset: { type: 'dataset', description: 'pictures that were not trained' },
    trained: { type: 'dataset', optional: true, description: 'pictures that were' },
    lora: { type: 'lora<F>', optional: true },
  },
  params: measureParams,
  outputs: {
    loss: { type: 'number', description: 'mean squared error of the prediction' },
    trainedLoss: { type: 'number', needs: 'trained' },
    gap: { type: 'number', needs: 'trained', description: 'how much more the unknown ones lose' },
  },
  purity: 'seeded',
  run: (inputs, params, context) => measureLoss(inputs, params, context),
})
