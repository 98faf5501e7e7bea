import type { Dataset } from './dataset/settings.ts'
import type { Lora } from './lora/load.ts'
import type { Model, TextEncoder, Vae } from './models/handles.ts'
import type { NewPart } from './training/base/parts.ts'
import type { LearningRateSettings } from './training/learning-rate.ts'
import type { OptimizerSettings } from './training/optimizers.ts'
import type { TrainingResult } from './training/result.ts'

/**
 * What travels on wires. A value is never modified once it has left its node.
 * Arrays are row-major; `data.length` is the product of `shape`.
 */

/** Numbers with a shape. */
export interface NumericTensor {
  readonly data: Float32Array
  readonly shape: readonly number[]
}

/** Pictures, `[batch, 3, height, width]`, 0 to 1, RGB. */
export type Image = NumericTensor

/** `[batch, 1, height, width]`, 0 to 1: 1 repaint, 0 keep. */
export type Mask = NumericTensor

/** Pictures in VAE space. */
export interface LatentImage {
  /** `[batch, 4, height/8, width/8]`, scaled by the family's factor. */
  readonly samples: NumericTensor
  /** Where a sampler may repaint, at picture or latent size. */
  readonly mask?: Mask
  /** True for an empty latent: nothing to keep, the sampler starts from pure noise. */
  readonly empty?: boolean
}

/** An encoded prompt. */
export interface Conditioning {
  /** `[1, 77 * chunks, features]`. */
  readonly context: NumericTensor
  /** `[1, features]`: the final state at the first end token of the first chunk. */
  readonly pooled: NumericTensor
}

/** Socket name -> value type. A parametric socket (`model<sd15>`) has the value of its name. */
export interface SocketValues {
  model: Model
  'text-encoder': TextEncoder
  vae: Vae
  lora: Lora
  conditioning: Conditioning
  latent: LatentImage
  image: Image
  mask: Mask
  /** Pictures with captions in a folder; no pixel is in memory. */
  dataset: Dataset
  /** How gradients become steps, and how large these are over a run. */
  optimizer: OptimizerSettings & LearningRateSettings
  /** What a training run left behind. */
  training: TrainingResult
  /** A part of a model that was trained from nothing and is in no file yet. */
  weights: NewPart
  number: number
  integer: number
  text: string
  boolean: boolean
  sigmas: Float32Array
}
