import type { AppliedLora } from '../lora/mix.ts'
import type { ClipConfig } from './clip.ts'
import type { Family, Prediction } from './families.ts'
import type { UnetConfig } from './unet.ts'
import type { VaeConfig } from './vae.ts'
import type { Weights } from './weights.ts'

/**
 * What the model sockets carry: descriptions, not loaded sessions. A handle costs nothing, and a
 * blend makes a new one with another list of LoRAs.
 */

/** The weights of one network with its configuration. */
export interface NetworkSource<Config> {
  /** Content key: the file's fingerprint, which network of it, and its configuration. */
  readonly id: string
  readonly weights: Weights
  readonly config: Config
}

/** A denoising network with its list of applied LoRAs. */
export interface Model {
  readonly family: Family
  /** The checkpoint's name, for the picture's metadata. */
  readonly name: string
  readonly prediction: Prediction
  readonly unet: NetworkSource<UnetConfig>
  readonly loras: readonly AppliedLora[]
}

/** A text encoder with its list of applied LoRAs. */
export interface TextEncoder {
  readonly family: Family
  readonly network: NetworkSource<ClipConfig>
  readonly loras: readonly AppliedLora[]
}

/** An autoencoder between pictures and latents. */
export interface Vae {
  readonly family: Family
  readonly network: NetworkSource<VaeConfig>
}
