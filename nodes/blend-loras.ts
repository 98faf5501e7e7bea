import { z } from 'zod'
import { bakedWarning, blockCounts, checkMatched, defineNode, layersOf } from '../engine/index.ts'

const ratio = z.number().min(-100).max(100)

export default defineNode({
  type: 'blend-loras',
  title: 'Blend LoRAs',
  category: 'lora',
  description:
    'Applies any number of LoRAs, each at its own ratio. A ratio may change while a sampler runs.',
  inputs: {
    model: 'model<F>',
    textEncoder: { type: 'text-encoder<F>', optional: true },
  },
  repeat: {
    inputs: { lora: 'lora<F>' },
    params: z.object({
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
    min: 1,
  },
  params: z.object({}),
  outputs: {
    model: 'model<F>',
    textEncoder: { type: 'text-encoder<F>', needs: 'textEncoder' },
  },
  live: true,
  run({ model, textEncoder, items }, _, { warn }) {
    const unetLayers = { unet: layersOf(model.unet.weights) }
    const textLayers = textEncoder && { textEncoder: layersOf(textEncoder.network.weights) }
    for (const { lora, ratio, textRatio = ratio } of items) {
      const unmatched = checkMatched(lora, { ...unetLayers, ...textLayers })
      const baked = bakedWarning(lora, {
        ...(ratio !== 0 && unetLayers),
        ...(textRatio !== 0 && textLayers),
      })
      for (const warning of [unmatched, baked]) if (warning) warn(warning)
    }
    const apply = (strengthOf: (item: (typeof items)[number]) => number) =>
      items.map((item) => ({
        lora: item.lora,
        strength: strengthOf(item),
        ...(item.blocks && { blocks: item.blocks }),
      }))
    const unet = apply(({ ratio }) => ratio)
    const text = apply(({ ratio, textRatio }) => textRatio ?? ratio)
    return {
      model: { ...model, loras: [...model.loras, ...unet] },
      textEncoder: textEncoder && { ...textEncoder, loras: [...textEncoder.loras, ...text] },
    }
  },
})
