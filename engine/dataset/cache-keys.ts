import type { Placement } from './buckets.ts'

/**
 * Keys of what is worth keeping on disk between runs. A key holds the content that a value was
 * made of, never a path, so an edited picture or caption is computed anew by itself.
 */

/** What a latent is made of beside its picture. */
export interface LatentKeyOptions {
  /** Content key of the VAE. */
  readonly vae: string
  readonly flipped: boolean
  readonly interpolation: string
}

/**
 * Key of the latent of a placed picture without random crop and colour. Those two cannot be kept:
 * see `isFixedPicture`.
 */
export function latentKey(placement: Placement, options: LatentKeyOptions): string {
  const { item, bucket, resized, left, top } = placement
  return JSON.stringify([
    'latent 1',
    options.vae,
    item.key,
    [resized.width, resized.height, left, top, bucket.width, bucket.height],
    options.flipped,
    options.interpolation,
  ])
}

/** Key of a mask at the size of a placement. */
export function maskKey(placement: Placement, flipped: boolean): string {
  const { item, bucket, resized, left, top } = placement
  return JSON.stringify([
    'mask 1',
    item.maskKey ?? item.key,
    [resized.width, resized.height, left, top, bucket.width, bucket.height],
    flipped,
  ])
}

/** Key of an encoded caption; `encoder` holds the text encoder's content and its settings. */
export function textKey(caption: string, encoder: string): string {
  return JSON.stringify(['text 1', encoder, caption])
}

/** True where a picture looks the same whenever it is loaded, mirrored or not. */
export function isFixedPicture({ item }: Placement): boolean {
  return !item.subset.randomCrop && !item.subset.colorAug
}
