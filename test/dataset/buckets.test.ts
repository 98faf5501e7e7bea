import { describe, expect, it, test } from 'vitest'
import { assignBuckets, bucketSizes, fitPicture } from '../../engine/dataset/buckets.ts'
import { datasetSchema } from '../../engine/dataset/settings.ts'
import { itemOf } from '../support/datasets.ts'
import { goldenJson } from '../support/golden.ts'

type Pair = [number, number]

interface GoldenSet {
  max_reso: Pair
  min_bucket_reso: number
  max_bucket_reso: number
  steps: number
  no_upscale: boolean
  predefined: Pair[] | null
  images: {
    image: Pair
    bucket: Pair
    resized: Pair
    center_crop_left_top: Pair
    ar_error: number
  }[]
}

const { sets } = goldenJson('models/training/buckets.json') as { sets: GoldenSet[] }

describe('buckets', () => {
  it.each(sets)('are those of kohya for $max_reso, no upscale $no_upscale', (set) => {
    const settings = settingsOf(set)
    const sizes = bucketSizes(settings)
    expect(sizes.map(({ width, height }) => [width, height])).toEqual(set.predefined ?? [])
    const found = set.images.map(({ image: [width, height] }) => {
      const fit = fitPicture({ width, height }, settings, sizes)
      return {
        image: [width, height],
        bucket: [fit.bucket.width, fit.bucket.height],
        resized: [fit.resized.width, fit.resized.height],
        center_crop_left_top: [fit.left, fit.top],
      }
    })
    const expected = set.images.map(({ image, bucket, resized, center_crop_left_top }) => {
      return { image, bucket, resized, center_crop_left_top }
    })
    expect(found).toEqual(expected)
    for (const { image, ar_error } of set.images) {
      const [width, height] = image
      expect(fitPicture({ width, height }, settings, sizes).aspectError).toBeCloseTo(ar_error, 14)
    }
  })

  it('hold every picture whole along one side', () => {
    const settings = settingsOf(sets[0]!)
    const sizes = bucketSizes(settings)
    for (const picture of [
      { width: 300, height: 900 },
      { width: 5000, height: 10 },
      { width: 777, height: 778 },
    ]) {
      const { bucket, resized, lost } = fitPicture(picture, settings, sizes)
      expect([resized.width, resized.height]).toSatisfy(
        ([width, height]) => width === bucket.width || height === bucket.height,
      )
      const shown = (bucket.width * bucket.height) / (resized.width * resized.height)
      expect(lost).toBeCloseTo(1 - shown, 12)
    }
  })

  it('are only the ones that have pictures, sorted by width', () => {
    const settings = datasetSchema.parse({ enableBucket: true })
    const items = [itemOf(512, 512), itemOf(640, 384), itemOf(1024, 1024)]
    const buckets = assignBuckets(items, settings)
    expect(
      buckets.map(({ width, height, placements }) => [width, height, placements.length]),
    ).toEqual([
      [512, 512, 2],
      [640, 384, 1],
    ])
    expect(buckets[0]!.placements.map(({ index }) => index)).toEqual([0, 2])
  })

  it('are one size without enableBucket', () => {
    const settings = datasetSchema.parse({ resolution: [320, 256] })
    const [bucket, ...others] = assignBuckets([itemOf(100, 400), itemOf(900, 90)], settings)
    expect(others).toEqual([])
    expect([bucket!.width, bucket!.height]).toEqual([320, 256])
  })

  it('may have limits that are no multiple of the step', () => {
    const limits = { enableBucket: true, minBucketReso: 300, maxBucketReso: 1000 }
    const sizes = bucketSizes(datasetSchema.parse(limits))
    expect(sizes).toEqual(bucketSizes(datasetSchema.parse({ enableBucket: true })))
  })
})

test('a picture below one step of the buckets is named when nothing may be enlarged', () => {
  const settings = datasetSchema.parse({ enableBucket: true, bucketNoUpscale: true })
  expect(() =>
    assignBuckets([itemOf(60, 900), itemOf(100, 100), itemOf(30, 30)], settings),
  ).toThrow(
    [
      '60x900.png: picture is 60 x 900, 64 pixels a side expected without enlarging',
      '30x30.png: picture is 30 x 30, 64 pixels a side expected without enlarging',
    ].join('\n'),
  )
})

function settingsOf(set: GoldenSet) {
  return datasetSchema.parse({
    enableBucket: true,
    resolution: set.max_reso,
    minBucketReso: set.min_bucket_reso,
    maxBucketReso: set.max_bucket_reso,
    bucketResoSteps: set.steps,
    bucketNoUpscale: set.no_upscale,
  })
}
