import { WorkflowError } from '../errors.ts'
import type { DatasetItem, DatasetSettings } from './settings.ts'

/**
 * Sizes by aspect, computed as kohya's sd-scripts do, to the pixel: a picture is brought to the
 * size that covers its bucket, and what stands out is cut off.
 */

/** Pixels. */
export interface Size {
  readonly width: number
  readonly height: number
}

/** Where a picture comes to lie. */
export interface Fit {
  /** What is trained on. */
  readonly bucket: Size
  /** What the whole picture is resized to; covers the bucket. */
  readonly resized: Size
  /** Upper left corner of the bucket in the resized picture, at its centre. */
  readonly left: number
  readonly top: number
  /** Share of the picture's area that is cut off, 0 to below 1. */
  readonly lost: number
  /** Aspect of the bucket less that of the picture. */
  readonly aspectError: number
}

/** A picture of a dataset in its bucket. */
export interface Placement extends Fit {
  readonly item: DatasetItem
  /** Of the item in the list that was placed. */
  readonly index: number
}

/** A size and the pictures that are trained at it. */
export interface Bucket extends Size {
  readonly placements: readonly Placement[]
}

/** The keys that decide about sizes. */
export type BucketSettings = Pick<
  DatasetSettings,
  | 'resolution'
  | 'enableBucket'
  | 'minBucketReso'
  | 'maxBucketReso'
  | 'bucketResoSteps'
  | 'bucketNoUpscale'
>

/**
 * The buckets that have pictures, sorted by width, then height, with one placement an item.
 * Throws a WorkflowError that names every picture that no bucket can hold.
 */
export function assignBuckets(
  items: readonly DatasetItem[],
  settings: BucketSettings,
): readonly Bucket[] {
  const sizes = bucketSizes(settings)
  const buckets = new Map<string, { width: number; height: number; placements: Placement[] }>()
  const faults: string[] = []
  items.forEach((item, index) => {
    const fit = fitPicture(item, settings, sizes)
    const { width, height } = fit.bucket
    if (width < 1 || height < 1) {
      const least = `${settings.bucketResoSteps} pixels a side expected without enlarging`
      faults.push(`${item.path}: picture is ${item.width} x ${item.height}, ${least}`)
      return
    }
    const key = `${width} ${height}`
    const bucket = buckets.get(key) ?? { width, height, placements: [] }
    buckets.set(key, bucket)
    bucket.placements.push({ ...fit, item, index })
  })
  if (faults.length > 0) throw new WorkflowError(faults.join('\n'))
  return [...buckets.values()].sort((a, b) => a.width - b.width || a.height - b.height)
}

/**
 * The sizes to choose from, sorted; empty where every picture has its own (`bucketNoUpscale`).
 * Limits that are no multiple of the step are widened to one.
 */
export function bucketSizes(settings: BucketSettings): readonly Size[] {
  const { resolution, enableBucket, bucketNoUpscale, bucketResoSteps: step } = settings
  const [maxWidth, maxHeight] = resolution
  if (!enableBucket) return [{ width: maxWidth, height: maxHeight }]
  if (bucketNoUpscale) return []
  const smallest = Math.max(step, floorTo(settings.minBucketReso, step))
  const largest = Math.ceil(settings.maxBucketReso / step) * step
  const area = maxWidth * maxHeight
  const square = floorTo(Math.sqrt(area), step)
  const sizes = new Map([[`${square} ${square}`, { width: square, height: square }]])
  for (let width = smallest; width <= largest; width += step) {
    const height = Math.min(largest, floorTo(Math.floor(area / width), step))
    if (height < smallest) continue
    sizes.set(`${width} ${height}`, { width, height })
    sizes.set(`${height} ${width}`, { width: height, height: width })
  }
  return [...sizes.values()].sort((a, b) => a.width - b.width || a.height - b.height)
}

/** Bucket, resized size and crop of one picture; `sizes` are those of `bucketSizes`. */
export function fitPicture(picture: Size, settings: BucketSettings, sizes: readonly Size[]): Fit {
  const aspect = picture.width / picture.height
  const { bucket, resized } =
    sizes.length > 0 ? coverNearest(picture, aspect, sizes) : shrinkOnly(picture, aspect, settings)
  return {
    bucket,
    resized,
    left: Math.floor((resized.width - bucket.width) / 2),
    top: Math.floor((resized.height - bucket.height) / 2),
    lost: 1 - (bucket.width * bucket.height) / (resized.width * resized.height),
    aspectError: bucket.width / bucket.height - aspect,
  }
}

/** The bucket of the picture's own size, else the first of nearest aspect; enlarged if need be. */
function coverNearest(picture: Size, aspect: number, sizes: readonly Size[]) {
  const distance = ({ width, height }: Size) => Math.abs(width / height - aspect)
  const same = sizes.find((size) => size.width === picture.width && size.height === picture.height)
  const bucket =
    same ?? sizes.reduce((best, size) => (distance(size) < distance(best) ? size : best))
  const wider = aspect > bucket.width / bucket.height
  const scale = wider ? bucket.height / picture.height : bucket.width / picture.width
  const resized = {
    width: Math.trunc(picture.width * scale + 0.5),
    height: Math.trunc(picture.height * scale + 0.5),
  }
  return { bucket, resized }
}

/** A picture is shrunk only where its area is too large; its sides are cut to the step. */
function shrinkOnly(picture: Size, aspect: number, settings: BucketSettings) {
  const { resolution, bucketResoSteps: step } = settings
  const area = resolution[0] * resolution[1]
  const resized = picture.width * picture.height > area ? shrunk(aspect, area, step) : picture
  const bucket = { width: floorTo(resized.width, step), height: floorTo(resized.height, step) }
  return { bucket, resized: { width: resized.width, height: resized.height } }
}

/** One side a multiple of the step: the one that keeps the aspect better. */
function shrunk(aspect: number, area: number, step: number): Size {
  const width = Math.sqrt(area * aspect)
  const byWidth = floorTo(Math.trunc(width + 0.5), step)
  const byHeight = floorTo(Math.trunc(area / width + 0.5), step)
  const heightOf = floorTo(Math.trunc(byWidth / aspect + 0.5), step)
  const widthOf = floorTo(Math.trunc(byHeight * aspect + 0.5), step)
  const errorByWidth = Math.abs(byWidth / heightOf - aspect)
  const errorByHeight = Math.abs(widthOf / byHeight - aspect)
  return errorByWidth < errorByHeight
    ? { width: byWidth, height: Math.trunc(byWidth / aspect + 0.5) }
    : { width: Math.trunc(byHeight * aspect + 0.5), height: byHeight }
}

function floorTo(value: number, step: number): number {
  return Math.floor(value / step) * step
}
