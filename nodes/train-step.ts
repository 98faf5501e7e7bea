import { defineNode, runTrainStep, trainStepParams } from '../engine/index.ts'

export default defineNode({
  type: 'train-step',
  title: 'Train steps',
  category: 'training',
  description:
    'One optimizer step or some, for graphs of one’s own: the LoRA goes in and comes out a ' +
    'little better, optimizer state included, and a sampler can draw with it in between.',
  inputs: {
    model: 'model<F>',
    textEncoder: 'text-encoder<F>',
    vae: 'vae<F>',
    dataset: 'dataset',
    lora: 'lora<F>',
    optimizer: { type: 'optimizer', optional: true },
  },
  params: trainStepParams,
  outputs: {
    lora: 'lora<F>',
    loss: { type: 'number', description: 'mean of the steps' },
    step: { type: 'integer', description: 'steps that the LoRA has behind it' },
  },
  purity: 'seeded',
  run: (inputs, params, context) => runTrainStep(inputs, params, context),
})
