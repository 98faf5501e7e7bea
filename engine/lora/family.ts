/** For which family of models a LoRA was made: a guess from key names, shapes and metadata. */
export type LoraFamily = 'sd15' | 'sd2' | 'sdxl' | 'sd3' | 'flux'

/** Name and shape of one tensor, as a file's header has them. */
export type HeaderEntry = readonly [name: string, shape: readonly number[]]

/** The first family that any key points to, else the one the metadata names. */
export function guessFamily(
  entries: Iterable<HeaderEntry>,
  metadata: Readonly<Record<string, string>> = {},
): LoraFamily | undefined {
  const listed = [...entries]
  const stated = `${metadata.ss_base_model_version ?? ''} ${metadata['modelspec.architecture'] ?? ''}`
  const family =
    families.find(({ keys, width }) =>
      listed.some(
        ([name, shape]) => keys?.test(name) || (width && textWidth(name, shape) === width),
      ),
    ) ?? families.find(({ metadata }) => metadata.test(stated))
  return family?.family
}

/** The family's name for people. */
export function describeFamily(family: LoraFamily): string {
  return families.find((entry) => entry.family === family)!.title
}

interface FamilyEntry {
  readonly family: LoraFamily
  readonly title: string
  /** Key names no other family has. */
  readonly keys?: RegExp
  /** Width of the text that enters cross-attention, or of the text encoder. */
  readonly width?: number
  readonly metadata: RegExp
}

/** The most telling first. */
const families: readonly FamilyEntry[] = [
  {
    family: 'flux',
    title: 'FLUX',
    keys: /(?:double|single)_blocks[._]|single_transformer_blocks[._]/,
    metadata: /\bflux/i,
  },
  {
    family: 'sd3',
    title: 'Stable Diffusion 3',
    keys: /joint_blocks[._]|^lora_te3_|^(?:lora_)?transformer[._]transformer_blocks[._]/,
    metadata: /\bsd3|stable-diffusion-v?3/i,
  },
  {
    family: 'sdxl',
    title: 'Stable Diffusion XL',
    // Text encoders with numbers, or a transformer of more than one block.
    keys: /^lora_te[12]_|^text_encoder_2\.|transformer_blocks[._](?!0[._])\d/,
    width: 2048,
    metadata: /\bsdxl|stable-diffusion-xl/i,
  },
  {
    family: 'sd2',
    title: 'Stable Diffusion 2.x',
    width: 1024,
    metadata: /\bsd_v2|stable-diffusion-v2/i,
  },
  {
    family: 'sd15',
    title: 'Stable Diffusion 1.x',
    width: 768,
    metadata: /\bsd_v1|stable-diffusion-v1/i,
  },
]

/** The second size of a `down` factor is the width of what enters the layer. */
function textWidth(name: string, shape: readonly number[]): number | undefined {
  const enters =
    /(?:attn2[._](?:processor[._])?to_[kv]|self_attn[._]q_proj)[._].*(?:down|lora_A|hada_w1_b|diff)\b/
  return enters.test(name) ? shape[1] : undefined
}
