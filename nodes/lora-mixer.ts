import { z } from 'zod'
import {
  applyLoras,
  blockCounts,
  type CheckpointSource,
  defineNode,
  type Lookup,
  loraFamily,
} from '../engine/index.ts'

const ratio = z.number().min(-100).max(100)

export default defineNode({
  type: 'lora-mixer',
  title: 'LoRA mixer',
  category: 'lora',
  description:
    'Loads any number of LoRAs and applies each at its own ratio. A ratio may change while a ' +
    'sampler runs.',
  inputs: {
    model: 'model<F>',
    textEncoder: { type: 'text-encoder<F>', optional: true },
  },
  repeat: {
    params: z.object({
      file: z.string().meta({ file: 'loras' }).describe('relative to the LoRA folder'),
      on: z.boolean().default(true).meta({ socket: false }).describe('off: as if it were not here'),
      ratio: ratio.default(1).describe('strength; 0 leaves the model unchanged, bit for bit'),
      textRatio: ratio.optional().describe('strength in the text encoder; the ratio unless given'),
      blocks: z
        .array(ratio)
        .refine(({ length }) => blockCounts.includes(length), {
          error: 'expected 12, 17 or 26 numbers',
        })
        .optional()
        .describe('block weights: a factor on the ratio for BASE, then IN, MID and OUT blocks'),
    }),
  },
  params: z.object({}),
  outputs: {
    model: 'model<F>',
    textEncoder: { type: 'text-encoder<F>', needs: 'textEncoder' },
  },
  live: true,
  async infer({ items }, lookup) {
    const [first] = await familiesOf(items, lookup)
    return first ? { F: first.family } : {}
  },
  async inspect({ items }, lookup) {
    const [first, ...others] = await familiesOf(items, lookup)
    return others
      .filter(({ family }) => family !== first?.family)
      .map(({ file, family }) => {
        return `${file}: for ${family}, ${first?.family} expected as ${first?.file} is`
      })
  },
  async run({ model, textEncoder, items }, _, { services, warn }) {
    const on = items.filter((item) => item.on)
    const rated = on.map(async ({ file, ...item }) => {
      return { ...item, lora: await services.lora(file, false) }
    })
    const applied = applyLoras({ model, textEncoder }, await Promise.all(rated), warn)
    return { model: applied.model, textEncoder: applied.textEncoder }
  },
})

/** The LoRAs that are on and whose family the file tells. */
async function familiesOf(
  items: readonly { readonly file?: string; readonly on?: boolean }[],
  lookup: Lookup,
) {
  const named = items.flatMap(({ file, on }) => (file && on !== false ? [file] : []))
  const families = named.map(async (file) => {
    const family = loraFamily((await lookup.header('loras', file)) as CheckpointSource)
    return family ? [{ file, family }] : []
  })
  return (await Promise.all(families)).flat()
}
