import { FormatError } from '../errors.ts'
import type { ClipConfig } from './clip.ts'
import type { Family } from './families.ts'
import type { UnetConfig } from './unet.ts'
import type { VaeConfig } from './vae.ts'
import { shapeOfWeight, type Weights } from './weights.ts'

/**
 * Configurations read off the shapes of the weights. Group and head counts leave no trace in
 * shapes: they come from the file's own statement or from the family.
 */

/** Configuration of a U-Net. */
export function unetConfigOf(
  weights: Weights,
  family: Family,
  stated: { heads?: number | undefined; normGroups?: number | undefined } = {},
): UnetConfig {
  const [first, inChannels] = shapeOfWeight(weights, 'conv_in.weight') as [number, number]
  const levels = count(weights, (level) => `down_blocks.${level}.resnets.0.conv1.weight`)
  const channels = range(levels).map(
    (level) => shapeOfWeight(weights, `down_blocks.${level}.resnets.0.conv1.weight`)[0]!,
  )
  const depth = range(levels).map((level) =>
    count(
      weights,
      (block) => `down_blocks.${level}.attentions.0.transformer_blocks.${block}.attn1.to_q.weight`,
    ),
  )
  // The middle has attention even where the innermost level has none.
  const middle = count(
    weights,
    (block) => `mid_block.attentions.0.transformer_blocks.${block}.attn1.to_q.weight`,
  )
  const heads = stated.heads ?? family.unet.heads
  const config: UnetConfig = {
    inChannels,
    channels,
    layersPerBlock: count(weights, (layer) => `down_blocks.0.resnets.${layer}.conv1.weight`),
    heads: channels.map(() => heads),
    depth,
    middleDepth: middle,
    contextSize: shapeOfWeight(
      weights,
      'mid_block.attentions.0.transformer_blocks.0.attn2.to_k.weight',
    )[1]!,
    normGroups: stated.normGroups ?? family.unet.normGroups,
  }
  for (const channel of [first, ...channels]) {
    expectDivisible(weights.file, 'channels', channel, 'norm groups', config.normGroups)
    expectDivisible(weights.file, 'channels', channel, 'attention heads', heads)
  }
  return config
}

/** Configuration of a text encoder. */
export function clipConfigOf(
  weights: Weights,
  family: Family,
  stated: { heads?: number | undefined } = {},
): ClipConfig {
  const [vocabulary, width] = shapeOfWeight(
    weights,
    'text_model.embeddings.token_embedding.weight',
  ) as [number, number]
  const heads = stated.heads ?? Math.max(1, Math.round(width / family.textEncoder.headSize))
  expectDivisible(weights.file, 'text features', width, 'attention heads', heads)
  return {
    width,
    layers: count(weights, (layer) => `text_model.encoder.layers.${layer}.mlp.fc1.weight`),
    heads,
    positions: shapeOfWeight(weights, 'text_model.embeddings.position_embedding.weight')[0]!,
    vocabulary,
    activation: family.textEncoder.activation,
  }
}

/** Configuration of a VAE. */
export function vaeConfigOf(
  weights: Weights,
  family: Family,
  stated: { normGroups?: number | undefined } = {},
): VaeConfig {
  const levels = count(weights, (level) => `encoder.down_blocks.${level}.resnets.0.conv1.weight`)
  const channels = range(levels).map(
    (level) => shapeOfWeight(weights, `encoder.down_blocks.${level}.resnets.0.conv1.weight`)[0]!,
  )
  const normGroups = stated.normGroups ?? family.vae.normGroups
  for (const channel of channels) {
    expectDivisible(weights.file, 'VAE channels', channel, 'norm groups', normGroups)
  }
  return {
    channels,
    layersPerBlock: count(
      weights,
      (layer) => `encoder.down_blocks.0.resnets.${layer}.conv1.weight`,
    ),
    normGroups,
    latentChannels: shapeOfWeight(weights, 'decoder.conv_in.weight')[1]!,
  }
}

function count(weights: Weights, name: (index: number) => string): number {
  let index = 0
  while (weights.tensors.has(name(index))) index++
  return index
}

function range(length: number): number[] {
  return Array.from({ length }, (_, index) => index)
}

function expectDivisible(file: string, what: string, size: number, by: string, parts: number) {
  if (size % parts === 0) return
  throw new FormatError(
    `${file}: ${size} ${what} and ${parts} ${by}, expected a divisor; state the counts by the param config`,
  )
}
