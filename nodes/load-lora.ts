import { z } from 'zod'
import { type CheckpointSource, defineNode, loraFamily } from '../engine/index.ts'

export default defineNode({
  type: 'load-lora',
  title: 'Load LoRA',
  category: 'load',
  description: 'Reads a LoRA: kohya, LyCORIS, diffusers or PEFT keys.',
  params: z.object({
    file: z.string().meta({ file: 'loras' }).describe('relative to the LoRA folder'),
    allowUnmatched: z
      .boolean()
      .default(false)
      .describe('keys that belong to no layer of the model are a warning, not an error'),
  }),
  outputs: { lora: 'lora<F>' },
  async infer({ file, allowUnmatched }, lookup) {
    const source = (await lookup.header('loras', file)) as CheckpointSource
    const family = allowUnmatched ? undefined : loraFamily(source)
    return family ? { F: family } : {}
  },
  async run(_, { file, allowUnmatched }, { services }) {
    return { lora: await services.lora(file, allowUnmatched) }
  },
})
