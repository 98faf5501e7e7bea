import { bakedWarning } from '../lora/bake.ts'
import type { Lora } from '../lora/load.ts'
import { checkMatched } from '../lora/resolve.ts'
import { layersOf } from '../models/weights.ts'
import type { SocketValues } from '../sockets.ts'

/** A LoRA with the strengths at which it is applied. */
export interface RatedLora {
  readonly lora: Lora
  readonly ratio: number
  /** In the text encoder; the ratio unless given. */
  readonly textRatio?: number | undefined
  /** Block weights: 12, 17 or 26 factors on the ratio. */
  readonly blocks?: readonly number[] | undefined
}

/** What LoRAs are applied to. */
interface Target {
  readonly model: SocketValues['model']
  readonly textEncoder?: SocketValues['text-encoder'] | undefined
}

/**
 * The model and the text encoder with more LoRAs on their lists; no weight is touched. Throws a
 * FormatError where a LoRA has keys that belong to no layer; `warn` is told what bakes.
 */
export function applyLoras(
  { model, textEncoder }: Target,
  items: readonly RatedLora[],
  warn: (sentence: string) => void,
): Target {
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
  const apply = (strengthOf: (item: RatedLora) => number) =>
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
}
