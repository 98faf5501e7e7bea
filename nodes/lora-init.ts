import {
  continuedLora,
  defineNode,
  initialLora,
  loraInitParams,
  readWeight,
} from '../engine/index.ts'

export default defineNode({
  type: 'lora-init',
  title: 'New LoRA',
  category: 'training',
  description: 'A LoRA that changes nothing yet: which layers it is to change, and at which ranks.',
  inputs: {
    model: 'model<F>',
    textEncoder: {
      type: 'text-encoder<F>',
      optional: true,
      description: 'trained too where it is linked',
    },
    from: { type: 'lora<F>', optional: true, description: 'goes on from this one and its ranks' },
  },
  params: loraInitParams,
  outputs: { lora: 'lora<F>' },
  purity: 'seeded',
  async run({ model, textEncoder, from }, { seed, ...params }) {
    const settings = { ...params, dimFromWeights: false }
    if (from) return { lora: continuedLora(from, settings, seed) }
    return { lora: await initialLora({ model, textEncoder, settings, seed, readWeight }) }
  },
})
