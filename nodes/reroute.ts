import { defineNode } from '../engine/index.ts'

export default defineNode({
  type: 'reroute',
  title: 'Reroute',
  category: 'utility',
  description: 'Passes a value on unchanged: a bend in a wire.',
  inputs: { value: 'T' },
  outputs: { value: 'T' },
  live: true,
  run: ({ value }) => ({ value }),
})
