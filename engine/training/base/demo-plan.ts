import type { Blueprint } from '../../models/blueprint.ts'
import type { CheckpointConfig } from '../../models/checkpoint.ts'

/**
 * The demo model: the exact topology and names of SD 1.x with few channels. Groups of the norms
 * are fewer than 32, because with one channel a group the mean of every channel, and with it
 * absolute colour, is lost.
 */
export const demoBlueprint = {
  unet: { channels: [32, 64, 72, 72], contextSize: 48 },
  textEncoder: { width: 48, layers: 2 },
  vae: { channels: [24, 32, 64, 72] },
} as const satisfies Blueprint

/** What the tensors of the demo model do not tell. */
export const demoConfig = {
  family: 'sd15',
  unet: { heads: 8, normGroups: 8 },
  textEncoder: { heads: 12 },
  vae: { normGroups: 8 },
} as const satisfies CheckpointConfig

/** The first and the last level's self-attention: a third of the time of a step, and little use. */
export const outerSelfAttention: ReadonlySet<string> = new Set(
  [
    ...[0, 1].map((layer) => `down_blocks.0.attentions.${layer}`),
    ...[0, 1, 2].map((layer) => `up_blocks.3.attentions.${layer}`),
  ].map((name) => `${name}.transformer_blocks.0.attn1`),
)

/** Resnets at full size: the dearest of the VAE. A decoder learns without them at first. */
export const outerResnets: ReadonlySet<string> = new Set([
  'decoder.up_blocks.3.resnets.1',
  'decoder.up_blocks.3.resnets.2',
  'encoder.down_blocks.0.resnets.0',
  'encoder.down_blocks.0.resnets.1',
])

/** Everything that a model is made by, besides how long it is trained. */
export interface ModelPlan {
  readonly blueprint: Blueprint
  readonly config: CheckpointConfig
  /** Self-attentions that are in the file and add nothing. */
  readonly silentAttention: ReadonlySet<string>
  /** Resnets of the VAE that add nothing at first; those of the encoder never do. */
  readonly lateResnets: ReadonlySet<string>
}

/** The plan of the demo model. */
export const demoPlan: ModelPlan = {
  blueprint: demoBlueprint,
  config: demoConfig,
  silentAttention: outerSelfAttention,
  lateResnets: outerResnets,
}
