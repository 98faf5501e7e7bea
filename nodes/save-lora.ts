import { z } from 'zod'
import {
  areStillSaved,
  defineNode,
  describedMetadata,
  encodePng,
  layersOf,
  loraPrecisions,
  modelCard,
  type NodeContext,
  parseSafetensors,
  readLora,
  type Services,
  type SocketValues,
  safeName,
  saveBeside,
  saveLora,
  sha256,
} from '../engine/index.ts'

const text = z.string().default('')

type Model = SocketValues['model']
type Context = NodeContext<Services>

export default defineNode({
  type: 'save-lora',
  title: 'Save LoRA',
  category: 'lora',
  description:
    "Writes a LoRA under kohya's key names, with metadata, pictures, the loss chart and a page " +
    'about it beside it.',
  inputs: {
    lora: 'lora<F>',
    model: {
      type: 'model<F>',
      optional: true,
      description: 'what it was made for: its name and hash are noted',
    },
    textEncoder: { type: 'text-encoder<F>', optional: true },
    samples: { type: 'image', optional: true, description: 'drawn with it' },
    chart: { type: 'image', optional: true, description: 'of its training' },
  },
  params: z.object({
    name: z
      .string()
      .min(1)
      .default('lora')
      .describe('beginning of the file name, with folders below the output folder if wanted'),
    precision: z.enum(loraPrecisions).default('fp16').describe('number format of the file'),
    title: text.describe('the name where empty'),
    author: text.describe('who made it'),
    description: text.describe('what it draws'),
    licence: text.describe('such as CC0-1.0'),
    triggerWords: z.array(z.string().min(1)).default([]).describe('words that call it up'),
    tags: z.array(z.string().min(1)).default([]).describe('what it is about'),
    usageHint: text.describe('such as a ratio that suits it'),
    comment: text.describe('a remark in the file'),
    hashModel: z.boolean().default(true).describe('note the SHA-256 of the model, read once'),
    card: z.boolean().default(true).describe('write a page about it in Markdown'),
  }),
  outputs: {
    lora: { type: 'lora<F>', description: 'as it stands in the file' },
    file: 'text',
    files: 'list<text>',
  },
  sink: true,
  async inspect({ name }) {
    if (name !== undefined) safeName('output', name)
    return []
  },
  stillValid: ({ files }, services) => areStillSaved(files, services),
  async run({ lora, model, textEncoder, samples, chart }, params, context) {
    // A name that came along a link has not been seen by the check.
    const stem = lastOf(safeName('output', params.name))
    if (lora.unknownKeys.length > 0) {
      context.warn(`${lora.name}: ${lora.unknownKeys.length} keys of no known kind are left out`)
    }
    const base = model && {
      name: lastOf(model.unet.weights.file),
      hashes: params.hashModel ? await hashesOf(model, context) : undefined,
    }
    const bytes = saveLora(lora, {
      precision: params.precision,
      sha256,
      metadata: describedMetadata(lora.metadata, { ...params, name: stem }, base),
      layers: {
        ...(model && { unet: layersOf(model.unet.weights) }),
        ...(textEncoder && { textEncoder: layersOf(textEncoder.network.weights) }),
      },
    })
    const key = sha256(bytes)
    const saved = await context.services.files.save(`${params.name}.safetensors`, bytes)
    const written = readLora(saved.name, parseSafetensors(saved.name, bytes), { key })
    const files = [saved]
    const beside = async (ending: string, content: Uint8Array) => {
      files.push(await saveBeside(saved, ending, content))
      return lastOf(files.at(-1)!.name)
    }
    const pictures: string[] = []
    for (let item = 0; item < (samples?.shape[0] ?? 0); item++) {
      const ending = item === 0 ? '.png' : `.${item + 1}.png`
      pictures.push(await beside(ending, await encodePng(samples!, item)))
    }
    const curve = chart && (await beside('.loss.png', await encodePng(chart)))
    if (params.card) {
      const card = { file: lastOf(saved.name), bytes: bytes.length, pictures, chart: curve }
      await beside('.md', new TextEncoder().encode(modelCard(written.metadata, card)))
    }
    return { lora: written, file: saved.path, files: files.map(({ path }) => path) }
  },
})

/** The hashes of the model's file; a model in several files has none. */
async function hashesOf({ name, unet }: Model, { services, signal, progress }: Context) {
  const { file } = unet.weights
  if (file !== `${name}.safetensors`) return undefined
  const onProgress = (done: number, size: number) =>
    progress({ step: Math.floor((100 * done) / size), steps: 100, note: `hash of ${file}` })
  return services.hashes('checkpoints', file, { signal, onProgress })
}

function lastOf(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1)
}
