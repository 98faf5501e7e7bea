import { describe, expect, it } from 'vitest'
import { assignBuckets } from '../../engine/dataset/buckets.ts'
import { isFixedPicture, latentKey, maskKey, textKey } from '../../engine/dataset/cache-keys.ts'
import { datasetSchema } from '../../engine/dataset/settings.ts'
import { itemOf } from '../support/datasets.ts'

const options = { vae: 'vae 1', flipped: false, interpolation: 'area' }

describe('the key of a latent', () => {
  it('changes with picture, place, mirror, VAE and interpolation', () => {
    const keys = [
      latentKey(placed(80, 64), options),
      latentKey(placed(80, 64, { key: 'edited' }), options),
      latentKey(placed(80, 64, {}, 64), options),
      latentKey(placed(80, 64), { ...options, flipped: true }),
      latentKey(placed(80, 64), { ...options, vae: 'vae 2' }),
      latentKey(placed(80, 64), { ...options, interpolation: 'lanczos' }),
    ]
    expect(new Set(keys).size).toBe(keys.length)
  })

  it('stays for a renamed file with another caption', () => {
    const renamed = { path: 'other.png', caption: 'other', captions: ['other'] }
    expect(latentKey(placed(80, 64, renamed), options)).toBe(latentKey(placed(80, 64), options))
  })

  it('is of use only where nothing is drawn by lot', () => {
    expect(isFixedPicture(placed(80, 64, { subset: { flipAug: true } }))).toBe(true)
    expect(isFixedPicture(placed(80, 64, { subset: { randomCrop: true } }))).toBe(false)
    expect(isFixedPicture(placed(80, 64, { subset: { colorAug: true } }))).toBe(false)
  })
})

it('the key of a mask changes with the mask, not with the picture', () => {
  const key = (item: object) => maskKey(placed(80, 64, item), false)
  expect(key({ key: 'a', maskKey: 'm' })).toBe(key({ key: 'b', maskKey: 'm' }))
  expect(key({ maskKey: 'm' })).not.toBe(key({ maskKey: 'n' }))
})

it('the key of a text changes with the text and the encoder', () => {
  const keys = [textKey('a', 'b'), textKey('b', 'a'), textKey('a', 'c'), textKey('a"', 'b')]
  expect(new Set(keys).size).toBe(4)
})

function placed(width: number, height: number, item: object = {}, resolution = 32) {
  const settings = datasetSchema.parse({ resolution })
  const [bucket] = assignBuckets([itemOf(width, height, { key: 'k', ...item })], settings)
  return bucket!.placements[0]!
}
