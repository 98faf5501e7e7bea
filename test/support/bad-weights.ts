import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { headerLength, parseHeader } from '../../engine/formats/safetensors.ts'
import { ownGolden } from './golden.ts'

const golden = join(ownGolden, 'models')

/** The bytes of the tiny checkpoint. */
export function tinyBytes(): Uint8Array<ArrayBuffer> {
  return new Uint8Array(readFileSync(join(golden, 'tiny-sd15', 'tiny-sd15-fp16.safetensors')))
}

/** The bytes of the tiny checkpoint's VAE in a file of its own. */
export function vaeBytes(): Uint8Array<ArrayBuffer> {
  return new Uint8Array(readFileSync(join(golden, 'tiny-sd15', 'tiny-sd15-vae-fp32.safetensors')))
}

/** The bytes of a LoRA of the golden data. */
export function loraBytes(name: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(readFileSync(join(golden, 'lora', 'files', name)))
}

/** A copy of a safetensors file with one value that is not a number, first in the named tensor. */
export function withNaN(bytes: Uint8Array<ArrayBuffer>, tensor: string): Uint8Array<ArrayBuffer> {
  const length = headerLength('file', bytes.subarray(0, 8), bytes.length)
  const { tensors } = parseHeader('file', bytes.length, bytes.subarray(0, 8 + length))
  const entry = tensors.get(tensor)
  if (!entry) throw new Error(`${tensor} is absent`)
  const pattern = { F16: [0x00, 0x7e], F32: [0, 0, 0xc0, 0x7f] }[entry.dtype as 'F16' | 'F32']
  const copy = bytes.slice()
  copy.set(pattern, entry.begin)
  return copy
}

/** A file whose header is this text, followed by `data` bytes of zeros. */
export function withHeader(header: string, data = 0, said?: bigint): Uint8Array<ArrayBuffer> {
  const text = new TextEncoder().encode(header)
  const bytes = new Uint8Array(8 + text.length + data)
  new DataView(bytes.buffer).setBigUint64(0, said ?? BigInt(text.length), true)
  bytes.set(text, 8)
  return bytes
}

/** A file of zeros with tensors of these shapes, in half precision. */
export function withShapes(shapes: Readonly<Record<string, readonly number[]>>) {
  let end = 0
  const entries = Object.entries(shapes).map(([name, shape]) => {
    const begin = end
    end += 2 * shape.reduce((product, size) => product * size, 1)
    return [name, { dtype: 'F16', shape, data_offsets: [begin, end] }]
  })
  return withHeader(JSON.stringify(Object.fromEntries(entries)), end)
}

/** Names and shapes of a small SDXL checkpoint: enough to be recognised. */
export const sdxlShapes = {
  'model.diffusion_model.input_blocks.0.0.weight': [8, 4, 3, 3],
  'model.diffusion_model.input_blocks.4.1.transformer_blocks.0.attn2.to_k.weight': [8, 2048],
  'model.diffusion_model.input_blocks.4.1.transformer_blocks.1.attn2.to_k.weight': [8, 2048],
  'model.diffusion_model.label_emb.0.0.weight': [8, 2816],
  'conditioner.embedders.0.transformer.text_model.embeddings.token_embedding.weight': [16, 768],
  'conditioner.embedders.1.model.ln_final.weight': [1280],
}

/** Names and shapes of a kohya LoRA for a layer of the SDXL U-Net and one of its second encoder. */
export const sdxlLoraShapes = {
  ...loraModule('lora_unet_input_blocks_4_1_transformer_blocks_1_attn2_to_k', 2048, 640),
  ...loraModule('lora_te2_text_model_encoder_layers_0_self_attn_q_proj', 1280, 1280),
}

/** Names and shapes of one module of a LoRA of rank 4. */
export function loraModule(name: string, inner: number, outer: number) {
  return {
    [`${name}.alpha`]: [],
    [`${name}.lora_down.weight`]: [4, inner],
    [`${name}.lora_up.weight`]: [outer, 4],
  }
}
