/**
 * How LoRA files name their tensors: which network, which layer, which part of the algorithm.
 * A key is read from both ends: an ending says the part, a beginning the network, and what is
 * left is the path of the layer, compared with underscores because many writers use nothing else.
 */

/** The networks a LoRA can change. The second text encoder exists in SDXL only. */
export type LoraNetwork = 'unet' | 'textEncoder' | 'textEncoder2'

/** What one tensor is for its module. Names of LyCORIS, except `down`, `up`, `mid`. */
export type Part =
  | ('down' | 'up' | 'mid' | 'alpha' | 'dora_scale' | 'magnitude')
  | ('hada_w1_a' | 'hada_w1_b' | 'hada_w2_a' | 'hada_w2_b' | 'hada_t1' | 'hada_t2')
  | ('lokr_w1' | 'lokr_w1_a' | 'lokr_w1_b' | 'lokr_w2' | 'lokr_w2_a' | 'lokr_w2_b' | 'lokr_t2')
  | ('diff' | 'diff_b' | 'bias' | 'w_norm' | 'b_norm')
  | ('weight' | 'on_input' | 'oft_blocks' | 'a1' | 'a2' | 'b1' | 'b2')

/** One key of a file, read. */
export interface LoraKey {
  readonly network: LoraNetwork
  /** The layer with underscores for dots and without what names the network. */
  readonly path: string
  readonly part: Part
}

/** Which tensor of a layer a part changes. */
export type LoraTarget = 'weight' | 'bias'

/** Whether a part changes the weight of its layer or the bias. */
export function targetOf(part: Part): LoraTarget {
  return part === 'diff_b' || part === 'b_norm' || part === 'bias' ? 'bias' : 'weight'
}

/** Reads a key; undefined where no convention knows it. */
export function parseLoraKey(key: string): LoraKey | undefined {
  const ending = endings.find(({ pattern }) => pattern.test(key))
  if (!ending) return undefined
  const stem = key.replace(ending.pattern, '')
  const beginning = beginnings.find(({ pattern }) => pattern.test(stem))
  if (!beginning) return undefined
  const path = underscored(stem.replace(beginning.pattern, '').replace('.processor.', '.'))
  return { network: beginning.network, path, part: ending.part }
}

/** A dotted name as the writers with underscores have it. */
export function underscored(name: string): string {
  return name.replaceAll('.', '_')
}

/** The first that matches counts. */
const endings: readonly { readonly pattern: RegExp; readonly part: Part }[] = [
  // kohya and LyCORIS; PEFT, with or without the name of the adapter.
  { pattern: /\.lora_(?:down|A)(?:\.[^.]+)?\.weight$/, part: 'down' },
  { pattern: /\.lora_(?:up|B)(?:\.[^.]+)?\.weight$/, part: 'up' },
  { pattern: /\.lora_(?:up|B)(?:\.[^.]+)?\.bias$/, part: 'bias' },
  { pattern: /\.lora_mid\.weight$/, part: 'mid' },
  { pattern: /\.lora_magnitude_vector(?:\.[^.]+)?(?:\.weight)?$/, part: 'magnitude' },
  // diffusers before PEFT: `to_q_lora.down`, `to_q.lora.down`, `to_q.lora_linear_layer.down`.
  { pattern: /[._]lora(?:_linear_layer)?\.down\.weight$/, part: 'down' },
  { pattern: /[._]lora(?:_linear_layer)?\.up\.weight$/, part: 'up' },
  ...plainParts(
    ...(['alpha', 'dora_scale'] as const),
    ...(['hada_w1_a', 'hada_w1_b', 'hada_w2_a', 'hada_w2_b', 'hada_t1', 'hada_t2'] as const),
    ...(['lokr_w1', 'lokr_w1_a', 'lokr_w1_b'] as const),
    ...(['lokr_w2', 'lokr_w2_a', 'lokr_w2_b', 'lokr_t2'] as const),
    ...(['diff', 'diff_b', 'w_norm', 'b_norm', 'on_input', 'oft_blocks'] as const),
  ),
  { pattern: /\.oft_diag$/, part: 'oft_blocks' },
  { pattern: /\.a1\.weight$/, part: 'a1' },
  { pattern: /\.a2\.weight$/, part: 'a2' },
  { pattern: /\.b1\.weight$/, part: 'b1' },
  { pattern: /\.b2\.weight$/, part: 'b2' },
  // IA3. Elsewhere a bare `.weight` belongs to a checkpoint.
  { pattern: /(?<=^(?:lora|lycoris)_[^.]+)\.weight$/, part: 'weight' },
]

/** The first that matches counts. */
const beginnings: readonly { readonly pattern: RegExp; readonly network: LoraNetwork }[] = [
  { pattern: /^(?:lora|lycoris)_unet_/, network: 'unet' },
  { pattern: /^lora_te1?_/, network: 'textEncoder' },
  { pattern: /^lora_te2_/, network: 'textEncoder2' },
  { pattern: /^(?:base_model\.model\.)?unet\.(?:base_model\.model\.)?/, network: 'unet' },
  {
    pattern: /^(?:base_model\.model\.)?text_encoder\.(?:base_model\.model\.)?/,
    network: 'textEncoder',
  },
  {
    pattern: /^(?:base_model\.model\.)?text_encoder_2\.(?:base_model\.model\.)?/,
    network: 'textEncoder2',
  },
  // ComfyUI's own way of saving: names of the single-file layout.
  { pattern: /^(?:model\.)?diffusion_model\./, network: 'unet' },
  { pattern: /^(?:text_encoders\.)?clip_l\.transformer\./, network: 'textEncoder' },
  { pattern: /^(?:text_encoders\.)?clip_g\.transformer\./, network: 'textEncoder2' },
  // A network saved alone names no network.
  {
    pattern:
      /^(?:base_model\.model\.)?(?=(?:(?:down|up)_blocks|mid_block|conv_(?:in|out)|time_embedding)(?:\.|$))/,
    network: 'unet',
  },
  { pattern: /^(?:base_model\.model\.)?(?=text_model\.)/, network: 'textEncoder' },
  { pattern: /^lycoris_/, network: 'unet' },
]

function plainParts(...parts: readonly Part[]) {
  return parts.map((part) => ({ pattern: new RegExp(`\\.${part}$`), part }))
}
