import { type Augmentation, noAugmentation } from '../../dataset/augment.ts'
import type { Placement } from '../../dataset/buckets.ts'
import { isFixedPicture, latentKey, maskKey } from '../../dataset/cache-keys.ts'
import { interpolationOf, loadPixels } from '../../dataset/pixels.ts'
import type { Dataset } from '../../dataset/settings.ts'
import { encodeMoments } from '../../inference/autoencode.ts'
import type { Vae } from '../../models/handles.ts'
import type { SessionPool } from '../../runtime/session-pool.ts'
import type { NumericTensor } from '../../sockets.ts'
import { cellMask } from '../objective/cell-weight.ts'
import type { KeptTensors, TensorRecord } from './kept-tensors.ts'

/** What a picture is in the space of the VAE, before a latent is drawn from it. */
export interface PictureMoments {
  /** `[1, 4, height/8, width/8]`, not scaled. */
  readonly mean: NumericTensor
  readonly logVariance: NumericTensor
  /** `[1, 1, height/8, width/8]`: where the loss counts. */
  readonly mask?: NumericTensor
}

/** Encodes pictures of a dataset. */
export interface MomentSource {
  /** Pictures that look the same every time are looked up here. */
  readonly kept: KeptTensors
  readonly pool: SessionPool
  readonly vae: Vae
  readonly dataset: Pick<Dataset, 'source' | 'settings'>
}

/** The moments of a picture as it is cut, mirrored and coloured for a step. */
export async function momentsOf(
  { kept, pool, vae, dataset }: MomentSource,
  placement: Placement,
  augmentation: Augmentation,
): Promise<PictureMoments> {
  const compute = async (): Promise<TensorRecord> => {
    const { image, mask } = await loadPixels(dataset, placement, augmentation)
    const moments = await encodeMoments(pool, vae, image)
    const [, , height, width] = moments.mean.shape as [number, number, number, number]
    return { ...moments, ...(mask && { mask: cellMask(mask, height, width) }) }
  }
  if (!isFixedPicture(placement)) return (await compute()) as unknown as PictureMoments
  const { flipped } = augmentation
  const interpolation = interpolationOf(dataset, placement)
  const picture = latentKey(placement, { vae: vae.network.id, flipped, interpolation })
  const key = hasMask(placement) ? `${picture} ${maskKey(placement, flipped)}` : picture
  return (await kept.recall(key, compute)) as unknown as PictureMoments
}

/** The same without anything drawn by lot: for validation. */
export function plainMoments(source: MomentSource, placement: Placement): Promise<PictureMoments> {
  return momentsOf(source, placement, noAugmentation(placement))
}

function hasMask({ item }: Placement): boolean {
  return item.maskPath !== undefined || item.subset.alphaMask
}

/**
 * A latent, scaled: the mean, or with unit `noise` a draw around it. The variance is bounded as in
 * the reference.
 */
export function latentOf(
  { mean, logVariance }: PictureMoments,
  latentScale: number,
  noise?: Float32Array,
): NumericTensor {
  const { fround, exp, min, max } = Math
  const data = mean.data.map((value, index) => {
    if (!noise) return value * latentScale
    const spread = fround(exp(0.5 * min(20, max(-30, logVariance.data[index]!))))
    return (value + fround(spread * noise[index]!)) * latentScale
  })
  return { data, shape: mean.shape }
}
