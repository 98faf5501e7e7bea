import type { NetworkName } from './checkpoint.ts'
import { unetToLdm, vaeToLdm } from './ldm-names.ts'

/**
 * All tensors of an SD 1.x checkpoint from a small description: what a file of such a network
 * holds before there is one. Shapes are those of single-file checkpoints.
 */

/** Sizes of a checkpoint's networks. */
export interface Blueprint {
  readonly unet: {
    /** 4, or 9 for inpaint checkpoints; 4 where absent. */
    readonly inChannels?: number
    /** Channels of each level, outermost first; the innermost has no attention. */
    readonly channels: readonly number[]
    /** Width of the text features. */
    readonly contextSize: number
  }
  readonly textEncoder: {
    readonly width: number
    readonly layers: number
    /** 49408 where absent. */
    readonly vocabulary?: number
    /** 77 where absent. */
    readonly positions?: number
  }
  readonly vae: { readonly channels: readonly number[] }
}

/** What a tensor is for, as far as it matters to a first guess of its values. */
export type TensorRole = 'weight' | 'bias' | 'norm' | 'embedding'

/** One tensor of a checkpoint. */
export interface BlueprintTensor {
  readonly network: NetworkName
  /** The canonical name, without a prefix for the network. */
  readonly name: string
  /** The name in a single-file checkpoint. */
  readonly stored: string
  readonly shape: readonly number[]
  readonly role: TensorRole
}

const layersPerBlock = 2
const latentChannels = 4

/** The tensors of all three networks: U-Net, text encoder, VAE. */
export function blueprintTensors(blueprint: Blueprint): BlueprintTensor[] {
  const { unet, textEncoder, vae } = blueprint
  const attention = unet.channels.map((_, level) => level < unet.channels.length - 1)
  const unetNames = { layersPerBlock, attention }
  const vaeNames = { layersPerBlock, blocks: vae.channels.length }
  const parts: readonly [NetworkName, Part[], (name: string) => string | undefined][] = [
    [
      'unet',
      unetParts(unet),
      (name) => prefixed('model.diffusion_model.', unetToLdm, unetNames)(name),
    ],
    ['textEncoder', textParts(textEncoder), (name) => `cond_stage_model.transformer.${name}`],
    ['vae', vaeParts(vae), (name) => prefixed('first_stage_model.', vaeToLdm, vaeNames)(name)],
  ]
  return parts.flatMap(([network, list, nameInFile]) =>
    list.map(([name, shape, role]) => {
      const stored = nameInFile(name)
      if (stored === undefined) throw new TypeError(`${name} has no name in a single file`)
      return { network, name, stored, shape, role }
    }),
  )
}

/** Numbers of a network, or of all of them together. */
export function parameterCount(tensors: Iterable<BlueprintTensor>, network?: NetworkName): number {
  let count = 0
  for (const tensor of tensors) {
    if (network && tensor.network !== network) continue
    count += tensor.shape.reduce((product, size) => product * size, 1)
  }
  return count
}

type Part = readonly [name: string, shape: readonly number[], role: TensorRole]

function prefixed<Structure>(
  prefix: string,
  rename: (name: string, structure: Structure) => string | undefined,
  structure: Structure,
): (name: string) => string | undefined {
  return (name) => {
    const inner = rename(name, structure)
    return inner && prefix + inner
  }
}

function unetParts({ channels, contextSize, inChannels = latentChannels }: Blueprint['unet']) {
  const first = channels[0]!
  const last = channels.length - 1
  const time = 4 * first
  const parts: Part[] = [
    ...conv('conv_in', inChannels, first, 3),
    ...linear('time_embedding.linear_1', first, time),
    ...linear('time_embedding.linear_2', time, time),
  ]
  const layer = (block: string, index: number, level: number, input: number) => {
    const width = channels[level]!
    parts.push(...resnet(`${block}.resnets.${index}`, input, width, time))
    if (level < last) {
      parts.push(...transformer(`${block}.attentions.${index}`, width, contextSize))
    }
  }
  let width = first
  const skips = [width]
  channels.forEach((own, level) => {
    for (let index = 0; index < layersPerBlock; index++) {
      layer(`down_blocks.${level}`, index, level, width)
      width = own
      skips.push(width)
    }
    if (level === last) return
    parts.push(...conv(`down_blocks.${level}.downsamplers.0.conv`, width, width, 3))
    skips.push(width)
  })
  parts.push(
    ...resnet('mid_block.resnets.0', width, width, time),
    ...transformer('mid_block.attentions.0', width, contextSize),
    ...resnet('mid_block.resnets.1', width, width, time),
  )
  channels.toReversed().forEach((own, index) => {
    const block = `up_blocks.${index}`
    for (let inner = 0; inner <= layersPerBlock; inner++) {
      layer(block, inner, last - index, width + skips.pop()!)
      width = own
    }
    if (index < last) parts.push(...conv(`${block}.upsamplers.0.conv`, width, width, 3))
  })
  return [...parts, ...norm('conv_norm_out', width), ...conv('conv_out', width, latentChannels, 3)]
}

function transformer(name: string, width: number, contextSize: number): Part[] {
  const block = `${name}.transformer_blocks.0`
  const attend = (attn: string, other: number): Part[] => [
    ...plain(`${block}.${attn}.to_q`, width, width),
    ...plain(`${block}.${attn}.to_k`, other, width),
    ...plain(`${block}.${attn}.to_v`, other, width),
    ...linear(`${block}.${attn}.to_out.0`, width, width),
  ]
  return [
    ...norm(`${name}.norm`, width),
    ...conv(`${name}.proj_in`, width, width, 1),
    ...norm(`${block}.norm1`, width),
    ...attend('attn1', width),
    ...norm(`${block}.norm2`, width),
    ...attend('attn2', contextSize),
    ...norm(`${block}.norm3`, width),
    ...linear(`${block}.ff.net.0.proj`, width, 8 * width),
    ...linear(`${block}.ff.net.2`, 4 * width, width),
    ...conv(`${name}.proj_out`, width, width, 1),
  ]
}

function textParts({
  width,
  layers,
  vocabulary = 49408,
  positions = 77,
}: Blueprint['textEncoder']): Part[] {
  const embeddings = 'text_model.embeddings'
  return [
    [`${embeddings}.token_embedding.weight`, [vocabulary, width], 'embedding'],
    [`${embeddings}.position_embedding.weight`, [positions, width], 'embedding'],
    ...Array.from({ length: layers }, (_, layer) => `text_model.encoder.layers.${layer}`).flatMap(
      (name) => [
        ...norm(`${name}.layer_norm1`, width),
        ...['q', 'k', 'v', 'out'].flatMap((part) =>
          linear(`${name}.self_attn.${part}_proj`, width, width),
        ),
        ...norm(`${name}.layer_norm2`, width),
        ...linear(`${name}.mlp.fc1`, width, 4 * width),
        ...linear(`${name}.mlp.fc2`, 4 * width, width),
      ],
    ),
    ...norm('text_model.final_layer_norm', width),
  ]
}

function vaeParts({ channels }: Blueprint['vae']): Part[] {
  const inner = channels.at(-1)!
  const last = channels.length - 1
  const middle = (coder: string): Part[] => [
    ...resnet(`${coder}.mid_block.resnets.0`, inner, inner),
    ...norm(`${coder}.mid_block.attentions.0.group_norm`, inner),
    ...['to_q', 'to_k', 'to_v', 'to_out.0'].flatMap((part) =>
      conv(`${coder}.mid_block.attentions.0.${part}`, inner, inner, 1),
    ),
    ...resnet(`${coder}.mid_block.resnets.1`, inner, inner),
  ]
  const parts: Part[] = [...conv('encoder.conv_in', 3, channels[0]!, 3)]
  let width = channels[0]!
  channels.forEach((own, level) => {
    const block = `encoder.down_blocks.${level}`
    for (let index = 0; index < layersPerBlock; index++) {
      parts.push(...resnet(`${block}.resnets.${index}`, width, own))
      width = own
    }
    if (level < last) parts.push(...conv(`${block}.downsamplers.0.conv`, width, width, 3))
  })
  parts.push(...middle('encoder'), ...norm('encoder.conv_norm_out', width))
  parts.push(...conv('encoder.conv_out', width, 2 * latentChannels, 3))
  parts.push(...conv('quant_conv', 2 * latentChannels, 2 * latentChannels, 1))
  parts.push(...conv('post_quant_conv', latentChannels, latentChannels, 1))
  parts.push(...conv('decoder.conv_in', latentChannels, width, 3), ...middle('decoder'))
  channels.toReversed().forEach((own, index) => {
    const block = `decoder.up_blocks.${index}`
    for (let inner = 0; inner <= layersPerBlock; inner++) {
      parts.push(...resnet(`${block}.resnets.${inner}`, width, own))
      width = own
    }
    if (index < last) parts.push(...conv(`${block}.upsamplers.0.conv`, width, width, 3))
  })
  return [
    ...parts,
    ...norm('decoder.conv_norm_out', width),
    ...conv('decoder.conv_out', width, 3, 3),
  ]
}

/** A resnet; those of a U-Net also take the time vector. */
function resnet(name: string, input: number, output: number, time?: number): Part[] {
  return [
    ...norm(`${name}.norm1`, input),
    ...conv(`${name}.conv1`, input, output, 3),
    ...(time ? linear(`${name}.time_emb_proj`, time, output) : []),
    ...norm(`${name}.norm2`, output),
    ...conv(`${name}.conv2`, output, output, 3),
    ...(input === output ? [] : conv(`${name}.conv_shortcut`, input, output, 1)),
  ]
}

function conv(name: string, input: number, output: number, size: number): Part[] {
  return [
    [`${name}.weight`, [output, input, size, size], 'weight'],
    [`${name}.bias`, [output], 'bias'],
  ]
}

function linear(name: string, input: number, output: number): Part[] {
  return [...plain(name, input, output), [`${name}.bias`, [output], 'bias']]
}

function plain(name: string, input: number, output: number): Part[] {
  return [[`${name}.weight`, [output, input], 'weight']]
}

function norm(name: string, width: number): Part[] {
  return [
    [`${name}.weight`, [width], 'norm'],
    [`${name}.bias`, [width], 'bias'],
  ]
}
