import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { augmentationFor, changeColours, noAugmentation } from '../../engine/dataset/augment.ts'
import { assignBuckets } from '../../engine/dataset/buckets.ts'
import { cellWeights, loadPixels } from '../../engine/dataset/pixels.ts'
import { readDataset } from '../../engine/dataset/read-dataset.ts'
import { parseDatasetSettings } from '../../engine/dataset/settings.ts'
import { decodePicture, encodePng } from '../../engine/formats/picture.ts'
import { cropPicture } from '../../engine/formats/picture-resize.ts'
import type { NumericTensor } from '../../engine/sockets.ts'
import { memoryFolder } from '../support/datasets.ts'
import { relativeError } from '../support/golden.ts'
import { middleMask, rampPicture } from '../support/tiny-pictures.ts'

const ramp = await rampPicture(80, 64)
const { image: whole } = await decodePicture('ramp', ramp)
const moment = { seed: 3, step: 5, epoch: 1, index: 0 }

describe('the pixels of a picture', () => {
  it('are cut at the centre of what covers its bucket', async () => {
    const { dataset, placement } = await placed({})
    const { image } = await loadPixels(dataset, placement)
    expect(image.shape).toEqual([1, 3, 64, 64])
    expect(image).toEqual(cropPicture(whole, { left: 8, top: 0, width: 64, height: 64 }))
  })

  it('are resized as a whole before they are cut', async () => {
    const { dataset, placement } = await placed({}, { resolution: 32 })
    expect(placement).toMatchObject({ resized: { width: 40, height: 32 }, left: 4, top: 0 })
    const { image } = await loadPixels(dataset, placement)
    // A linear ramp to the right: every pixel is the mean of two.
    for (let x = 0; x < 32; x++) {
      expect(image.data[x]).toBeCloseTo((2 * (x + 4) + 0.5) / 80, 2)
    }
  })

  it('are mirrored for every second step, where that is wanted', async () => {
    const { dataset, placement } = await placed({ flipAug: true })
    const plain = (await loadPixels(dataset, placement)).image
    const turned = (await loadPixels(dataset, placement, noAugmentation(placement, true))).image
    expect(mirrored(turned)).toEqual(plain)
    expect(turned).not.toEqual(plain)
    const flips = many(placement).filter(({ flipped }) => flipped).length
    expect(flips).toBeGreaterThan(450)
    expect(flips).toBeLessThan(550)
  })

  it('are cut anywhere with random crop', async () => {
    const { dataset, placement } = await placed({ randomCrop: true })
    const lefts = new Set(many(placement).map(({ left }) => left))
    expect([...lefts].sort((a, b) => a - b)).toEqual(Array.from({ length: 17 }, (_, i) => i))
    const augmentation = augmentationFor(placement, moment)
    expect(augmentation).toEqual(augmentationFor(placement, moment))
    const { image } = await loadPixels(dataset, placement, augmentation)
    const { left } = augmentation
    expect(image).toEqual(cropPicture(whole, { left, top: 0, width: 64, height: 64 }))
  })

  it('change colour a little in a third of the steps', async () => {
    const { dataset, placement } = await placed({ colorAug: true })
    const drawn = many(placement)
    const turned = drawn.filter(({ hue }) => hue !== 0)
    const brightened = drawn.filter(({ gamma }) => gamma !== 1)
    expect(drawn.filter(({ hue, gamma }) => hue !== 0 && gamma !== 1)).toEqual([])
    expect(turned.length).toBeGreaterThan(120)
    expect(brightened.length).toBeGreaterThan(120)
    expect(turned.length + brightened.length).toBeLessThan(400)
    expect(turned.every(({ hue }) => Math.abs(hue) <= 16)).toBe(true)
    expect(brightened.every(({ gamma }) => gamma >= 0.95 && gamma <= 1.05)).toBe(true)
    const plain = (await loadPixels(dataset, placement)).image
    const { image } = await loadPixels(dataset, placement, turned[0]!)
    // A turn of the hue keeps the largest and the smallest of the three.
    const extremes = (picture: NumericTensor) =>
      colours(picture).flatMap((colour) => [Math.max(...colour), Math.min(...colour)])
    expect(relativeError(extremes(image), extremes(plain))).toBeLessThan(1e-6)
    expect(image).not.toEqual(plain)
  })

  it('turn from red to green by 120 degrees', async () => {
    const red = Float32Array.of(1, 0, 0)
    changeColours(red, { left: 0, top: 0, flipped: false, hue: 120, gamma: 1 })
    expect([...red]).toEqual([0, 1, 0])
  })

  it('are refused when the file is no longer the one that was listed', async () => {
    const files: Record<string, Uint8Array> = { 'a.png': ramp }
    const { dataset, placement } = await placed({}, {}, files)
    files['a.png'] = await rampPicture(80, 48)
    await expect(loadPixels(dataset, placement)).rejects.toThrow(
      'a.png: file has changed, the one first read expected; run the dataset node again',
    )
  })
})

describe('the mask of a picture', () => {
  const mask = middleMask(40, 32)

  it('is a file of the same name, cut as the picture is', async () => {
    const files = { 'a.png': ramp, 'masks/a.png': await mask }
    const { dataset, placement } = await placed({ conditioningDataDir: 'masks' }, {}, files)
    const found = (await loadPixels(dataset, placement)).mask!
    expect(found.shape).toEqual([1, 1, 64, 64])
    // White from a quarter to three quarters of 80 x 64, of which 8 to 72 are left.
    const expected = Array.from({ length: 64 * 64 }, (_, i) => {
      const [x, y] = [(i % 64) + 8, Math.floor(i / 64)]
      return Number(x >= 20 && x < 60 && y >= 16 && y < 48)
    })
    const wrong = expected.filter((value, i) => Math.abs(value - found.data[i]!) > 0.45)
    expect(wrong).toEqual([])
  })

  it('is the transparency, where that is wanted', async () => {
    const alpha = { data: new Float32Array(80 * 64).map((_, i) => (i % 80 < 40 ? 0 : 1)) }
    const files = { 'a.png': await withAlpha(whole, alpha.data) }
    const { dataset, placement } = await placed({ alphaMask: true }, {}, files)
    const { image, mask: found } = await loadPixels(dataset, placement)
    expect(image).toEqual(cropPicture(whole, { left: 8, top: 0, width: 64, height: 64 }))
    expect([...found!.data.subarray(0, 64)]).toEqual(
      Array.from({ length: 64 }, (_, x) => Number(x + 8 >= 40)),
    )
    const other = await placed({}, {}, files)
    expect(await loadPixels(other.dataset, other.placement)).not.toHaveProperty('mask')
    expect(other.dataset.problems).toContain('transparency is not used in a.png; see alphaMask')
  })

  it('is averaged over the cells of a latent', () => {
    const data = Float32Array.from({ length: 16 * 24 }, (_, i) => Number(i % 24 < 12))
    const cells = cellWeights({ data, shape: [1, 1, 16, 24] })
    expect(cells).toEqual({
      data: Float32Array.of(1, 0.5, 0, 1, 0.5, 0),
      shape: [1, 1, 2, 3],
    })
  })
})

async function placed(
  subset: object,
  settings: object = {},
  files: Record<string, Uint8Array> = { 'a.png': ramp },
) {
  const all = parseDatasetSettings({ resolution: 64, ...settings, subsets: [subset] })
  const dataset = await readDataset(memoryFolder(files), all)
  const placement = assignBuckets(dataset.items, dataset.settings)[0]!.placements[0]!
  return { dataset, placement }
}

function many(placement: Parameters<typeof augmentationFor>[0]) {
  return Array.from({ length: 1000 }, (_, step) => augmentationFor(placement, { ...moment, step }))
}

function mirrored({ data, shape }: NumericTensor): NumericTensor {
  const width = shape[3]!
  const turned = data.map((_, i) => data[i - (i % width) + width - 1 - (i % width)]!)
  return { data: turned, shape }
}

function colours({ data }: NumericTensor): number[][] {
  const area = data.length / 3
  return Array.from({ length: area }, (_, i) => [0, 1, 2].map((c) => data[c * area + i]!))
}

async function withAlpha(image: NumericTensor, alpha: Float32Array): Promise<Uint8Array> {
  const [, , height = 0, width = 0] = image.shape
  const opacity = await encodePng({ data: alpha, shape: [1, 1, height, width] })
  return sharp(await encodePng(image))
    .joinChannel(Buffer.from(opacity))
    .png()
    .toBuffer()
}
