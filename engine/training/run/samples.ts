import type { Services } from '../../context.ts'
import { decodeLatent } from '../../inference/autoencode.ts'
import { encodePrompt } from '../../inference/encode-prompt.ts'
import { sampleLatent } from '../../inference/sample-latent.ts'
import type { Lora } from '../../lora/load.ts'
import type { Model, TextEncoder, Vae } from '../../models/handles.ts'
import type { Image, LatentImage } from '../../sockets.ts'
import type { SamplePrompt } from '../settings/sampling.ts'

/** What pictures are drawn with while a LoRA trains. */
export interface SampleStudio {
  readonly model: Model
  readonly textEncoder: TextEncoder
  readonly vae: Vae
  readonly services: Services
  readonly prompts: readonly SamplePrompt[]
  /** Pixels where a prompt says no size. */
  readonly size: readonly [width: number, height: number]
  readonly clipSkip: number
  /** Throws a CancelledError once the run is cancelled. */
  throwIfCancelled(): void
}

/** Draws every prompt with the LoRA at strength 1, by the ordinary sampler: the same each time. */
export async function* drawPrompts(studio: SampleStudio, lora: Lora): AsyncGenerator<Image> {
  const { vae, services, prompts } = studio
  const { pool } = await services.runtime()
  for (const prompt of prompts) {
    yield decodeLatent(pool, vae, await drawLatent(studio, lora, prompt))
  }
}

async function drawLatent(studio: SampleStudio, lora: Lora, prompt: SamplePrompt) {
  const { model, textEncoder, services, throwIfCancelled } = studio
  const applied = [{ lora, strength: 1 }]
  const encoder = { ...textEncoder, loras: [...textEncoder.loras, ...applied] }
  const { pool, feeder } = await services.runtime()
  const encode = async (text: string) => {
    const settings = { text, style: 'comfy', skip: studio.clipSkip } as const
    return (await encodePrompt({ pool, feeder }, encoder, settings)).conditioning
  }
  const inputs = {
    model: { ...model, loras: [...model.loras, ...applied] },
    positive: await encode(prompt.prompt),
    negative: await encode(prompt.negative),
    latent: emptyLatent(studio, prompt),
  }
  const { seed, steps, guidance, sampler } = prompt
  const params = {
    ...{ seed, steps, guidance, sampler },
    ...({ schedule: 'normal', denoise: 1, noise: 'cpu' } as const),
  }
  return sampleLatent(inputs, params, {
    ...{ services, throwIfCancelled },
    progress: () => throwIfCancelled(),
    preview: () => undefined,
    latest: async () => ({ inputs, params }),
  })
}

function emptyLatent({ size }: SampleStudio, prompt: SamplePrompt): LatentImage {
  const [width, height] = [prompt.width ?? size[0], prompt.height ?? size[1]]
  const shape = [1, 4, Math.floor(height / 8), Math.floor(width / 8)]
  const count = shape.reduce((product, length) => product * length, 1)
  return { samples: { data: new Float32Array(count), shape }, empty: true }
}
