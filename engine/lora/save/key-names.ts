import type { LoraNetwork, Part } from '../naming.ts'

/** How kohya's files, and LyCORIS after them, name tensors. The way back is `parseLoraKey`. */

/** The endings of a module's tensors. */
const endings: Readonly<Record<Part, string>> = {
  down: 'lora_down.weight',
  up: 'lora_up.weight',
  mid: 'lora_mid.weight',
  alpha: 'alpha',
  dora_scale: 'dora_scale',
  // PEFT's name of the same lengths.
  magnitude: 'dora_scale',
  hada_w1_a: 'hada_w1_a',
  hada_w1_b: 'hada_w1_b',
  hada_w2_a: 'hada_w2_a',
  hada_w2_b: 'hada_w2_b',
  hada_t1: 'hada_t1',
  hada_t2: 'hada_t2',
  lokr_w1: 'lokr_w1',
  lokr_w1_a: 'lokr_w1_a',
  lokr_w1_b: 'lokr_w1_b',
  lokr_w2: 'lokr_w2',
  lokr_w2_a: 'lokr_w2_a',
  lokr_w2_b: 'lokr_w2_b',
  lokr_t2: 'lokr_t2',
  diff: 'diff',
  diff_b: 'diff_b',
  bias: 'lora_up.bias',
  w_norm: 'w_norm',
  b_norm: 'b_norm',
  weight: 'weight',
  on_input: 'on_input',
  oft_blocks: 'oft_blocks',
  a1: 'a1.weight',
  a2: 'a2.weight',
  b1: 'b1.weight',
  b2: 'b2.weight',
}

/** Beginnings of keys; of two text encoders, both have a number. */
export type KeyPrefixes = Readonly<Record<LoraNetwork, string>>

const oneEncoder: KeyPrefixes = {
  unet: 'lora_unet_',
  textEncoder: 'lora_te_',
  textEncoder2: 'lora_te2_',
}

/** The beginnings for a model with one text encoder or with two. */
export function keyPrefixes(hasTwoEncoders: boolean): KeyPrefixes {
  return hasTwoEncoders ? { ...oneEncoder, textEncoder: 'lora_te1_' } : oneEncoder
}

/** The key of one part of a module whose layer has this path, with underscores. */
export function kohyaKey(prefix: string, path: string, part: Part): string {
  return `${prefix}${path}.${endings[part]}`
}
