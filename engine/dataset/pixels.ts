import { FormatError } from '../errors.ts'
import { decodePictureBytes, type PictureBytes } from '../formats/picture.ts'
import type { Image, Mask } from '../sockets.ts'
import { type Augmentation, changeColours, noAugmentation } from './augment.ts'
import type { Placement } from './buckets.ts'
import { hashBytes } from './content-key.ts'
import { type Interpolation, resample, usualInterpolation } from './resample.ts'
import type { Dataset } from './settings.ts'

/** A picture as it is trained on. */
export interface LoadedPicture {
  /** `[1, 3, height, width]`, 0 to 1, at the size of its bucket. */
  readonly image: Image
  /** `[1, 1, height, width]`: 1 where the loss counts, 0 where it does not. */
  readonly mask?: Mask
}

/**
 * Decodes a picture and its mask, brings them to the size of their bucket and cuts them. The mask
 * is the first channel of its file, averaged; with `alphaMask` and no file it is the opacity.
 * Throws a FormatError for a file that cannot be decoded or that is no longer the one listed.
 */
export async function loadPixels(
  dataset: Pick<Dataset, 'source' | 'settings'>,
  placement: Placement,
  augmentation: Augmentation = noAugmentation(placement),
): Promise<LoadedPicture> {
  const { item } = placement
  const bytes = await decodeUnchanged(dataset, item.path, item.key)
  const resized = resample(bytes, placement.resized, interpolationOf(dataset, placement))
  const image = cutPlanes(resized, placement, augmentation, [0, 1, 2])
  changeColours(image.data, augmentation)
  const mask = await loadMask(dataset, placement, augmentation, resized)
  return mask ? { image, mask } : { image }
}

/** The interpolation of a picture: its subset's, the dataset's, or the usual one. */
export function interpolationOf(
  { settings }: Pick<Dataset, 'settings'>,
  { item, resized }: Placement,
): Interpolation {
  const chosen = item.subset.resizeInterpolation ?? settings.resizeInterpolation
  return chosen ?? usualInterpolation(item, resized)
}

/**
 * A mask at the size of latents, `[1, 1, height/8, width/8]`: each cell is the average of its
 * 8 x 8 pixels. Does not check that the sides are multiples of 8.
 */
export function cellWeights({ data, shape }: Mask): Mask {
  const [, , height, width] = shape as [number, number, number, number]
  const [rows, columns] = [height / 8, width / 8]
  const cells = new Float32Array(rows * columns)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      cells[(y >> 3) * columns + (x >> 3)]! += data[y * width + x]! / 64
    }
  }
  return { data: cells, shape: [1, 1, rows, columns] }
}

async function loadMask(
  dataset: Pick<Dataset, 'source'>,
  placement: Placement,
  augmentation: Augmentation,
  resized: PictureBytes,
): Promise<Mask | undefined> {
  const { item } = placement
  if (item.maskPath !== undefined) {
    const bytes = await decodeUnchanged(dataset, item.maskPath, item.maskKey)
    return cutPlanes(resample(bytes, placement.resized, 'area'), placement, augmentation, [0])
  }
  const hasAlpha = item.subset.alphaMask && resized.channels === 4
  return hasAlpha ? cutPlanes(resized, placement, augmentation, [3]) : undefined
}

async function decodeUnchanged(
  { source }: Pick<Dataset, 'source'>,
  path: string,
  key: string | undefined,
): Promise<PictureBytes> {
  const bytes = await source.read(path)
  if (key !== undefined && (await hashBytes(bytes)) !== key) {
    const remedy = 'run the dataset node again'
    throw new FormatError(`${path}: file has changed, the one first read expected; ${remedy}`)
  }
  return decodePictureBytes(path, bytes)
}

/** Channels of the bucket's part of a picture as planes of 0 to 1, mirrored where it is asked. */
function cutPlanes(
  picture: PictureBytes,
  { bucket: { width, height } }: Placement,
  { left, top, flipped }: Augmentation,
  channels: readonly number[],
): Image {
  const data = new Float32Array(channels.length * width * height)
  let at = 0
  for (const channel of channels) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const column = left + (flipped ? width - 1 - x : x)
        const pixel = (top + y) * picture.width + column
        data[at++] = picture.data[pixel * picture.channels + channel]! / 255
      }
    }
  }
  return { data, shape: [1, channels.length, height, width] }
}
