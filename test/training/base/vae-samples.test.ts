import { expect, test } from 'vitest'
import { drawPicture } from '../../../engine/drawing/draw-picture.ts'
import { fixedLatent, halfImage } from '../../../engine/drawing/fixed-latent.ts'
import { drawVaePictures, vaeBatch } from '../../../engine/training/base/vae-samples.ts'

const pictures = await drawVaePictures({ plain: 3, styled: 7 })
const batchOf = (half: 'encoder' | 'decoder', side: 64 | 128, step = 0, batch = 24) =>
  vaeBatch(pictures, { half, side, seed: 5 }, { step, batch })

/** The sample as a picture from 0 to 1. */
function imageOf({ image }: ReturnType<typeof batchOf>, place: number, side: number) {
  const size = 3 * side * side
  return image.data.slice(place * size, (place + 1) * size).map((value) => (value + 1) / 2)
}

test('pictures of a VAE are the plain ones, then styles and the mascot in turn', async () => {
  expect([pictures.plain.length, pictures.styled.length]).toEqual([3, 7])
  const { image } = drawPicture(2, { seed: 0 })
  expect(pictures.plain[2]).toEqual(Uint8Array.from(image, (value) => Math.round(value * 255)))
  const mascot = drawPicture(6, { seed: 8, concept: 'mascot' }).image
  expect(pictures.styled[6]).toEqual(Uint8Array.from(mascot, (value) => Math.round(value * 255)))
  const told: number[] = []
  await drawVaePictures({ plain: 1, styled: 1 }, (done) => void told.push(done))
  expect(told).toEqual([1, 2])
})

test('an encoder is asked for the exact latent of what it sees', () => {
  for (const side of [64, 128] as const) {
    const batch = batchOf('encoder', side, 0, 6)
    const latentSize = (4 * side * side) / 64
    for (let place = 0; place < 6; place++) {
      const latent = fixedLatent(imageOf(batch, place, side), side)
      const given = batch.latent.data.slice(place * latentSize, (place + 1) * latentSize)
      const off = given.map((value, i) => Math.abs(value - latent[i]!))
      expect(Math.max(...off)).toBeLessThan(1e-4)
    }
  }
})

test('a small sample is a whole picture halved or a part of one on the grid of the latent', () => {
  const whole = [...pictures.plain, ...pictures.styled].map((bytes) =>
    Float32Array.from(bytes, (value) => value / 255),
  )
  const batch = batchOf('encoder', 64)
  const isNear = (a: Float32Array, b: Float32Array) =>
    a.every((value, i) => Math.abs(value - b[i]!) < 1e-5)
  const partOf = (image: Float32Array, left: number, top: number) => {
    const part = new Float32Array(3 * 64 * 64)
    for (let i = 0; i < part.length; i++) {
      const [channel, y, x] = [Math.floor(i / 4096), Math.floor(i / 64) % 64, i % 64]
      part[i] = image[(channel * 128 + top + y) * 128 + left + x]!
    }
    return part
  }
  const kinds = Array.from({ length: 24 }, (_, place) => {
    const sample = imageOf(batch, place, 64)
    if (whole.some((image) => isNear(sample, halfImage(image, 128)))) return 'halved'
    for (let left = 0; left <= 64; left += 8) {
      for (let top = 16; top <= 64; top += 8) {
        if (whole.some((image) => isNear(sample, partOf(image, left, top)))) return 'part'
      }
    }
    return 'neither'
  })
  expect(new Set(kinds)).toEqual(new Set(['halved', 'part']))
})

test('a decoder gets latents as the network takes them, with noise that is never strong', () => {
  const exact = batchOf('encoder', 128, 0, 8)
  const batch = batchOf('decoder', 128, 0, 8)
  const spreads = Array.from({ length: 8 }, (_, place) => {
    const latent = fixedLatent(imageOf(batch, place, 128), 128)
    const given = batch.latent.data.slice(place * 1024, (place + 1) * 1024)
    const noise = given.map((value, i) => value * 0.18215 - latent[i]!)
    return Math.sqrt(noise.reduce((sum, value) => sum + value * value, 0) / 1024)
  })
  expect(exact.latent.shape).toEqual(batch.latent.shape)
  expect(Math.max(...spreads)).toBeLessThan(0.09)
  expect(Math.max(...spreads)).toBeGreaterThan(0.02)
})

test('samples follow from seed, half, step and place alone', () => {
  expect(batchOf('decoder', 64, 3, 2)).toEqual(batchOf('decoder', 64, 3, 2))
  const [first, next] = [batchOf('encoder', 64, 3, 2), batchOf('encoder', 64, 4, 2)]
  expect(first.image.data).not.toEqual(next.image.data)
  const many = batchOf('encoder', 64, 3, 5)
  expect(many.image.data.subarray(0, first.image.data.length)).toEqual(first.image.data)
})
