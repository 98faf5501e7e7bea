import type { Fit, Size } from '../buckets.ts'
import type { DatasetItem, DatasetSettings } from '../settings.ts'
import { type Finding, finding } from './findings.ts'
import type { DoctorOptions } from './options.ts'

/** The part of a picture that is trained on, in pixels of the file, upright. */
export interface CropBox {
  readonly left: number
  readonly top: number
  readonly width: number
  readonly height: number
}

/** Where the bucket lies in the picture as it is in the file. */
export function cropBoxOf({ width, height }: Size, { bucket, resized, left, top }: Fit): CropBox {
  const [across, down] = [width / resized.width, height / resized.height]
  return {
    left: Math.round(left * across),
    top: Math.round(top * down),
    width: Math.min(width, Math.round(bucket.width * across)),
    height: Math.min(height, Math.round(bucket.height * down)),
  }
}

/** How many times a picture is enlarged for its bucket; 1 where it is not. */
export function enlargementOf({ width, height }: Size, { resized }: Fit): number {
  return Math.max(1, resized.width / width, resized.height / height)
}

/** What is wrong with the size of a picture. */
export function framingFindings(
  item: DatasetItem,
  fit: Fit,
  settings: DatasetSettings,
  options: DoctorOptions,
): Finding[] {
  return [
    ...resolutionFindings(item, fit, settings, options),
    ...aspectFindings(item, options),
    ...cropFindings(item, fit, settings, options),
  ]
}

function resolutionFindings(
  item: DatasetItem,
  fit: Fit,
  settings: DatasetSettings,
  { maxEnlarged }: DoctorOptions,
): Finding[] {
  const { path } = item
  const [width, height] = settings.resolution
  const enlarged = enlargementOf(item, fit)
  const remedy = 'find a larger version, enlarge it with care, or train at a smaller resolution'
  if (enlarged > maxEnlarged) {
    const found = `${sizeText(item)} is enlarged ${enlarged.toFixed(1)} times`
    const message = `${path}: ${found}, ${sizeText(fit.resized)} or more expected`
    return [finding('low-resolution', [path], message, remedy)]
  }
  // Where nothing is enlarged, a small picture is trained at a small size.
  const side = Math.sqrt((width * height) / (item.width * item.height))
  if (!settings.bucketNoUpscale || side <= maxEnlarged) return []
  const message = `${path}: ${sizeText(item)} is trained small, ${width} x ${height} expected`
  return [finding('low-resolution', [path], message, remedy)]
}

function aspectFindings({ path, width, height }: DatasetItem, { maxAspect }: DoctorOptions) {
  const aspect = Math.max(width, height) / Math.min(width, height)
  if (aspect <= maxAspect) return []
  const sides = `sides are ${aspect.toFixed(1)} to 1, at most ${maxAspect} to 1 expected`
  const remedy = 'cut the part that matters out of it'
  return [finding('extreme-aspect', [path], `${path}: ${sides}`, remedy)]
}

function cropFindings(
  { path, subset }: DatasetItem,
  { lost, bucket, resized }: Fit,
  { enableBucket }: DatasetSettings,
  { maxLost }: DoctorOptions,
): Finding[] {
  if (lost <= maxLost) return []
  const where = resized.width - bucket.width > resized.height - bucket.height
  const edges = subset.randomCrop
    ? 'wherever the lot falls'
    : where
      ? 'left and right'
      : 'at top and bottom'
  const share = `${Math.round(100 * lost)} % is cut off, ${edges}`
  const remedy = enableBucket
    ? 'cut it yourself, to a milder aspect'
    : 'turn on enableBucket, or cut it yourself'
  const expected = `at most ${Math.round(100 * maxLost)} % expected`
  return [finding('crop-loss', [path], `${path}: ${share}, ${expected}`, remedy)]
}

function sizeText({ width, height }: Size): string {
  return `${width} x ${height}`
}
