import { describe, expect, it } from 'vitest'
import { drawPicture } from '../../engine/drawing/draw-picture.ts'
import { boxWeights, fixedLatent, halfImage, rawLatent } from '../../engine/drawing/fixed-latent.ts'

describe('the fixed latent', () => {
  it('has mean 0 and variance 1 in every channel over the drawn pictures', () => {
    const pictures = Array.from({ length: 480 }, (_, i) => drawPicture(i, { seed: 11 }))
    const latents = pictures.map(({ image, size }) => fixedLatent(image, size))
    for (let channel = 0; channel < 4; channel++) {
      const values = latents.flatMap((latent) => [
        ...latent.subarray(channel * 256, channel * 256 + 256),
      ])
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length
      const square = values.reduce((sum, value) => sum + value * value, 0) / values.length
      expect(Math.abs(mean)).toBeLessThan(0.03)
      expect(Math.abs(square - 1)).toBeLessThan(0.04)
    }
  })

  it('is brightness, two colour differences and a slope of every block', () => {
    const { image } = drawPicture(3, { seed: 2 })
    const latent = rawLatent(image, 128)
    const pixel = (channel: number, y: number, x: number) =>
      2 * image[(channel * 128 + y) * 128 + x]! - 1
    for (const [row, column] of [
      [0, 0],
      [9, 7],
      [15, 12],
    ] as const) {
      const sums = [0, 0, 0, 0]
      for (let i = 0; i < 8; i++) {
        for (let j = 0; j < 8; j++) {
          const [r, g, b] = [0, 1, 2].map((c) => pixel(c, row * 8 + i, column * 8 + j) / 64)
          sums[0]! += (r! + g! + b!) / 3
          sums[1]! += (b! - r!) / 2
          sums[2]! += (2 * g! - r! - b!) / 4
          sums[3]! += (((r! + g! + b!) / 3) * (i + j - 7)) / 7
        }
      }
      sums.forEach((sum, channel) => {
        expect(latent[channel * 256 + row * 16 + column]).toBeCloseTo(sum, 6)
      })
    }
  })

  it('has a quarter of the cells for a halved picture', () => {
    const { image, size } = drawPicture(3, { seed: 2, half: true })
    expect(fixedLatent(image, size)).toHaveLength(4 * 8 * 8)
  })
})

describe('a halved picture', () => {
  it('holds the means of 2 x 2 pixels', () => {
    const image = Float32Array.from({ length: 48 }, (_, i) => i)
    const half = halfImage(image, 4)
    expect([...half.subarray(0, 4)]).toEqual([2.5, 4.5, 10.5, 12.5])
    expect([...half.subarray(8)]).toEqual([34.5, 36.5, 42.5, 44.5])
  })
})

describe('box weights', () => {
  it('are 3 in every cell that an object touches and 1 elsewhere', () => {
    const weights = boxWeights([[8, 15, 24, 17]], 32)
    expect([...weights]).toEqual([1, 1, 1, 1, 1, 3, 3, 1, 1, 3, 3, 1, 1, 1, 1, 1])
  })
})
