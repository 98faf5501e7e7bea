import { bucketSizes, fitPicture, type Size } from '../dataset/buckets.ts'
import { cropBoxOf } from '../dataset/doctor/framing.ts'
import { datasetSchema } from '../dataset/settings.ts'
import type { DatasetEntry } from '../protocol/index.ts'

/** How a folder is read to be shown: as for training at 512 pixels with buckets. */
export function shownSettings() {
  return datasetSchema.parse({ resolution: 512, enableBucket: true, subsets: [{}] })
}

/** Gives the bucket of a picture and the part of it that is used, as the doctor does. */
export function shownPlaces(): (picture: Size) => Pick<DatasetEntry, 'bucket' | 'crop'> {
  const settings = shownSettings()
  const sizes = bucketSizes(settings)
  return (picture) => {
    const fit = fitPicture(picture, settings, sizes)
    const { left, top, width, height } = cropBoxOf(picture, fit)
    return {
      bucket: [fit.bucket.width, fit.bucket.height],
      crop: { x: left, y: top, width, height },
    }
  }
}
