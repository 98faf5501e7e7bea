import { defineNode, optimizerParams } from '../engine/index.ts'

export default defineNode({
  type: 'optimizer',
  title: 'Optimizer',
  category: 'training',
  description: 'How gradients become steps, and how large these are in the course of a training.',
  params: optimizerParams,
  outputs: { optimizer: 'optimizer' },
  run: (_, params) => ({ optimizer: params }),
})
