import { z } from 'zod'
import { FormatError } from '../errors.ts'
import type { SafetensorsHeader } from '../formats/safetensors.ts'
import type { ElementType } from '../onnx/value.ts'
import type { ClipConfig } from './clip.ts'
import { type Family, families, familyById, type Prediction, supportedTitles } from './families.ts'
import type { NetworkSource } from './handles.ts'
import { unetFromLdm, vaeFromLdm } from './ldm-names.ts'
import { clipConfigOf, unetConfigOf, vaeConfigOf } from './network-config.ts'
import type { UnetConfig } from './unet.ts'
import type { VaeConfig } from './vae.ts'
import type { Weights, WeightTensor } from './weights.ts'

/** One safetensors file whose header has been read. */
export interface OpenedFile {
  readonly path: string
  /** As the user named it. */
  readonly name: string
  readonly header: SafetensorsHeader
}

/** The networks a checkpoint may hold. */
export const networkNames = ['unet', 'textEncoder', 'vae'] as const
export type NetworkName = (typeof networkNames)[number]

/** A single file with all networks, or the sub-folders of a diffusers folder. */
export type CheckpointSource = {
  readonly name: string
  /** Changes when any file changes. */
  readonly fingerprint: string
} & (
  | { readonly layout: 'single'; readonly files: readonly OpenedFile[] }
  | {
      readonly layout: 'diffusers'
      readonly parts: Partial<
        Record<NetworkName, { readonly files: readonly OpenedFile[]; readonly config: unknown }>
      >
    }
)

/** What tensors cannot tell. A file may state it under the metadata key `mazeru.config`. */
export const checkpointConfigSchema = z.strictObject({
  family: z.string().optional(),
  prediction: z.enum(['epsilon', 'v', 'sample']).optional(),
  unet: z
    .strictObject({ heads: z.int().min(1), normGroups: z.int().min(1) })
    .partial()
    .optional(),
  textEncoder: z
    .strictObject({ heads: z.int().min(1) })
    .partial()
    .optional(),
  vae: z
    .strictObject({ normGroups: z.int().min(1) })
    .partial()
    .optional(),
})
export type CheckpointConfig = z.infer<typeof checkpointConfigSchema>

/** What was found; a checkpoint may lack some of the networks. */
export interface Checkpoint {
  readonly family: Family
  readonly prediction: Prediction
  readonly metadata: Readonly<Record<string, string>>
  readonly unet?: NetworkSource<UnetConfig>
  readonly textEncoder?: NetworkSource<ClipConfig>
  readonly vae?: NetworkSource<VaeConfig>
}

/**
 * Recognises a checkpoint from its headers. `override` beats what the file states, which beats
 * what the family says. Throws a `FormatError` for a LoRA, for an unknown or unsupported family
 * and where no network is found.
 */
export function readCheckpoint(
  source: CheckpointSource,
  override: CheckpointConfig = {},
): Checkpoint {
  const weights = weightsOf(source)
  const metadata = metadataOf(source)
  const stated = layered(statedConfig(source, metadata), override)
  const family = familyOf(source, weights, stated.family)
  // Unpacked archives give different files of one size the same time, so the name counts too.
  const id = (part: string, config: unknown) =>
    `${source.name} ${source.fingerprint} ${part} ${JSON.stringify(config)}`
  const found: { -readonly [Key in keyof Checkpoint]: Checkpoint[Key] } = {
    family,
    prediction: stated.prediction ?? family.prediction,
    metadata,
  }
  if (weights.unet) {
    const config = unetConfigOf(weights.unet, family, stated.unet)
    found.unet = { id: id('unet', config), weights: weights.unet, config }
  }
  if (weights.textEncoder) {
    const config = clipConfigOf(weights.textEncoder, family, stated.textEncoder)
    found.textEncoder = { id: id('text-encoder', config), weights: weights.textEncoder, config }
  }
  if (weights.vae) {
    const config = vaeConfigOf(weights.vae, family, stated.vae)
    found.vae = { id: id('vae', config), weights: weights.vae, config }
  }
  return found
}

type FoundWeights = Partial<Record<NetworkName, Weights>>

const singleFilePrefixes: readonly (readonly [NetworkName, string, string])[] = [
  ['unet', 'model.diffusion_model.', ''],
  ['vae', 'first_stage_model.', ''],
  ['textEncoder', 'cond_stage_model.transformer.text_model.', 'text_model.'],
  ['textEncoder', 'cond_stage_model.transformer.', 'text_model.'],
]

/** From a name in a single file, without its prefix, to the canonical one. */
const translators: Readonly<Record<NetworkName, (name: string) => string | undefined>> = {
  unet: (name) => unetFromLdm(name, families[0]!.structure),
  vae: (name) => vaeFromLdm(name, { layersPerBlock: 2, blocks: 4 }),
  textEncoder: (name) => name,
}

function weightsOf(source: CheckpointSource): FoundWeights {
  const found: Partial<Record<NetworkName, Map<string, WeightTensor>>> = {}
  const put = (network: NetworkName, name: string, tensor: WeightTensor) => {
    if (name.endsWith('position_ids')) return
    found[network] ??= new Map()
    found[network].set(name, tensor)
  }
  if (source.layout === 'diffusers') {
    for (const network of networkNames) {
      for (const [name, tensor] of tensorsOf(source.parts[network]?.files ?? [])) {
        put(network, canonicalVaeName(network, name), tensor)
      }
    }
  } else {
    for (const [name, tensor] of tensorsOf(source.files)) {
      const place = singleFilePrefixes.find(([, prefix]) => name.startsWith(prefix))
      if (place) {
        const [network, prefix, replacement] = place
        const inner = translators[network](replacement + name.slice(prefix.length))
        if (inner) put(network, inner, tensor)
      } else {
        // A stand-alone VAE file has LDM or diffusers names without a prefix.
        const inner = vaeFromLdm(name, { layersPerBlock: 2, blocks: 4 }) ?? diffusersVaeName(name)
        if (inner) put('vae', inner, tensor)
      }
    }
  }
  const result: FoundWeights = {}
  for (const network of networkNames) {
    const tensors = found[network]
    if (tensors) result[network] = { file: source.name, tensors }
  }
  return result
}

function* tensorsOf(files: readonly OpenedFile[]): Generator<[string, WeightTensor]> {
  for (const file of files) {
    for (const entry of file.header.tensors.values()) {
      const type = elementTypes[entry.dtype]
      if (!type) {
        // Only what a network would use matters; other tools put tables and flags beside it.
        if (!isWeightName(entry.name)) continue
        throw new FormatError(
          `${file.name}: ${entry.name} is ${entry.dtype}, expected F32, F16 or BF16`,
        )
      }
      yield [
        entry.name,
        {
          stored: entry.name,
          type,
          shape: entry.shape,
          data: { file: file.path, offset: entry.begin, length: entry.end - entry.begin },
        },
      ]
    }
  }
}

function isWeightName(name: string): boolean {
  return name.endsWith('.weight') || name.endsWith('.bias')
}

const elementTypes: Readonly<Record<string, ElementType>> = {
  F32: 'float32',
  F16: 'float16',
  BF16: 'bfloat16',
  I64: 'int64',
}

/** Older diffusers folders name the VAE's attention as LDM's heads do. */
const olderVaeNames: Readonly<Record<string, string>> = {
  query: 'to_q',
  key: 'to_k',
  value: 'to_v',
  proj_attn: 'to_out.0',
}

function canonicalVaeName(network: NetworkName, name: string): string {
  if (network !== 'vae') return name
  return name.replace(/\.(query|key|value|proj_attn)\./, (_, old) => `.${olderVaeNames[old]}.`)
}

function diffusersVaeName(name: string): string | undefined {
  const known = /^(encoder|decoder)\.(conv_|mid_block|down_blocks|up_blocks)|^(post_)?quant_conv\./
  return known.test(name) ? canonicalVaeName('vae', name) : undefined
}

function metadataOf(source: CheckpointSource): Readonly<Record<string, string>> {
  const files =
    source.layout === 'single'
      ? source.files
      : networkNames.flatMap((network) => source.parts[network]?.files ?? [])
  return Object.assign({}, ...files.map((file) => file.header.metadata))
}

/** What the files state about themselves: `mazeru.config`, or the folder's `config.json`s. */
function statedConfig(
  source: CheckpointSource,
  metadata: Readonly<Record<string, string>>,
): CheckpointConfig {
  const text = metadata['mazeru.config']
  if (text !== undefined) return parseStated(source.name, text)
  if (source.layout === 'single') return {}
  const { unet, textEncoder, vae } = source.parts
  const unetConfig = diffusersConfig.safeParse(unet?.config).data
  const vaeConfig = diffusersConfig.safeParse(vae?.config).data
  const clipConfig = diffusersConfig.safeParse(textEncoder?.config).data
  return dropUndefined({
    family: familyByWidth(unetConfig?.cross_attention_dim)?.id,
    unet: dropUndefined({
      // In these files the name says the size of a head, the value is the number of heads.
      heads:
        typeof unetConfig?.attention_head_dim === 'number'
          ? unetConfig.attention_head_dim
          : undefined,
      normGroups: unetConfig?.norm_num_groups,
    }),
    textEncoder: dropUndefined({ heads: clipConfig?.num_attention_heads }),
    vae: dropUndefined({ normGroups: vaeConfig?.norm_num_groups }),
  }) as CheckpointConfig
}

const diffusersConfig = z.object({
  cross_attention_dim: z.number().optional(),
  attention_head_dim: z.union([z.number(), z.array(z.number())]).optional(),
  norm_num_groups: z.number().optional(),
  num_attention_heads: z
    .number()
    .nullish()
    .transform((heads) => heads ?? undefined),
})

function parseStated(file: string, text: string): CheckpointConfig {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (cause) {
    throw new FormatError(`${file}: mazeru.config is not JSON, expected an object`, { cause })
  }
  const parsed = checkpointConfigSchema.safeParse(json)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  throw new FormatError(`${file}: mazeru.config.${issue?.path.join('.')}: ${issue?.message}`)
}

/** Each part of `over` beats the same part of `under`. */
function layered(under: CheckpointConfig, over: CheckpointConfig): CheckpointConfig {
  return {
    ...under,
    ...over,
    unet: { ...under.unet, ...over.unet },
    textEncoder: { ...under.textEncoder, ...over.textEncoder },
    vae: { ...under.vae, ...over.vae },
  }
}

function familyOf(source: CheckpointSource, weights: FoundWeights, stated?: string): Family {
  if (Object.keys(weights).length === 0) throw unrecognised(source, weights)
  const family = stated ? familyById(stated) : recognise(weights)
  if (!family && stated) {
    const known = families.map((entry) => entry.id).join(', ')
    throw new FormatError(`${source.name}: family is ${stated}, expected one of ${known}`)
  }
  if (!family) throw unrecognised(source, weights)
  if (family.supported) return family
  throw new FormatError(
    `${source.name}: a checkpoint of ${family.title}, expected ${supportedTitles()}`,
  )
}

function recognise(weights: FoundWeights): Family | undefined {
  const key = 'down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k.weight'
  const width = weights.unet?.tensors.get(key)?.shape[1]
  const words = weights.textEncoder?.tensors.get('text_model.embeddings.token_embedding.weight')
  if (width === undefined && words === undefined && weights.vae) return families[0]
  return familyByWidth(width ?? words?.shape[1])
}

function familyByWidth(width: number | undefined): Family | undefined {
  return families.find((family) => family.contextSize === width)
}

function unrecognised(source: CheckpointSource, weights: FoundWeights): FormatError {
  const names = (source.layout === 'single' ? source.files : []).flatMap((file) => [
    ...file.header.tensors.keys(),
  ])
  if (names.some((name) => /\.lora_(up|down|A|B)\b|\.hada_w|\.lokr_w|^lora_/.test(name))) {
    return new FormatError(
      `${source.name}: ${names.length} tensors of a LoRA, expected a checkpoint; use load-lora`,
    )
  }
  if (names.some((name) => name.startsWith('conditioner.embedders.'))) {
    return new FormatError(
      `${source.name}: a checkpoint of Stable Diffusion XL, expected ${supportedTitles()}`,
    )
  }
  const width = weights.unet?.tensors.get(
    'down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k.weight',
  )?.shape[1]
  if (width !== undefined) {
    return new FormatError(
      `${source.name}: text features of size ${width}, expected 768 as in Stable Diffusion 1.x; state the family by the param config`,
    )
  }
  const first = names.slice(0, 3).join(', ') || 'no tensor'
  return new FormatError(`${source.name}: holds ${first}, expected weights of a known network`)
}

function dropUndefined<T extends object>(object: T): Partial<T> {
  return Object.fromEntries(
    Object.entries(object).filter(([, value]) => value !== undefined),
  ) as Partial<T>
}
