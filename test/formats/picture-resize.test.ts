import { describe, expect, it } from 'vitest'
import { resizeKernels } from '../../engine/formats/picture.ts'
import { cropPicture, resizeFits, resizePicture } from '../../engine/formats/picture-resize.ts'
import { seeded } from '../support/seeded.ts'

function random(shape: number[]) {
  const size = shape.reduce((product, axis) => product * axis, 1)
  return { data: Float32Array.from(seeded(1).bytes(size), (byte) => byte / 255), shape }
}

function flat(value: number, shape: number[]) {
  const size = shape.reduce((product, axis) => product * axis, 1)
  return { data: new Float32Array(size).fill(value), shape }
}

describe('resizing', () => {
  const picture = random([2, 3, 6, 10])

  it('to the same size changes nothing', async () => {
    for (const fit of resizeFits) expect(await resizePicture(picture, 10, 6, fit)).toBe(picture)
  })

  it.each(resizeKernels)('keeps an even colour, up and down: %s', async (kernel) => {
    for (const [width, height] of [
      [5, 3],
      [20, 12],
      [4, 17],
    ] as const) {
      const { data, shape } = await resizePicture(
        flat(0.25, [1, 1, 6, 10]),
        width,
        height,
        'stretch',
        kernel,
      )
      expect(shape).toEqual([1, 1, height, width])
      for (const value of data) expect(value).toBeCloseTo(0.25, 3)
    }
  })

  it('by nearest repeats every pixel', async () => {
    const { data } = await resizePicture(picture, 20, 12, 'stretch', 'nearest')
    const expected = Float32Array.from({ length: data.length }, (_, i) => {
      const [x, y, plane] = [i % 20, Math.floor(i / 20) % 12, Math.floor(i / 240)]
      return picture.data[plane * 60 + (y >> 1) * 10 + (x >> 1)]!
    })
    expect(data).toEqual(expected)
  })

  it('by linear to a half averages', async () => {
    const { data } = await resizePicture(flat(0, [1, 1, 4, 4]), 2, 2, 'stretch', 'linear')
    expect([...data]).toEqual([0, 0, 0, 0])
    const step = {
      data: Float32Array.from({ length: 64 }, (_, i) => Number(i % 8 >= 4)),
      shape: [1, 1, 8, 8],
    }
    const half = await resizePicture(step, 4, 4, 'stretch', 'linear')
    expect(half.data[0]).toBe(0)
    expect(half.data[3]).toBe(1)
    expect(half.data[1]! + half.data[2]!).toBeCloseTo(1, 3)
  })

  it('to cover keeps the aspect and cuts the edges alike', async () => {
    const stripes = { data: Float32Array.of(0, 0.2, 0.4, 0.6, 0.8, 1), shape: [1, 1, 1, 6] }
    const { data } = await resizePicture(stripes, 2, 1, 'cover', 'nearest')
    expect([...data]).toEqual([...stripes.data.subarray(2, 4)])
  })

  it('to contain keeps the aspect and pads with 0', async () => {
    const { data } = await resizePicture(flat(1, [1, 1, 1, 2]), 4, 4, 'contain', 'nearest')
    expect([...data]).toEqual([0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0])
  })

  it('asks for a size', async () => {
    await expect(resizePicture(picture, 0, 8, 'stretch')).rejects.toThrow(
      'resize: width is 0, expected 1 to 16384',
    )
    await expect(resizePicture(picture, 16384, 16384, 'stretch')).rejects.toThrow(
      'resize: 268435456 pixels, at most 67108864 are possible',
    )
  })
})

describe('cropping', () => {
  const picture = random([2, 3, 6, 10])

  it('takes a rectangle of every item and channel', () => {
    const { data, shape } = cropPicture(picture, { left: 3, top: 1, width: 4, height: 2 })
    expect(shape).toEqual([2, 3, 2, 4])
    const expected = Float32Array.from({ length: data.length }, (_, i) => {
      const [x, y, plane] = [i % 4, Math.floor(i / 4) % 2, Math.floor(i / 8)]
      return picture.data[plane * 60 + (y + 1) * 10 + x + 3]!
    })
    expect(data).toEqual(expected)
  })

  it.each([
    { left: -1, top: 0, width: 2, height: 2 },
    { left: 9, top: 0, width: 2, height: 2 },
    { left: 0, top: 0, width: 0, height: 2 },
    { left: 0.5, top: 0, width: 2, height: 2 },
  ])('stays inside the picture: %o', (region) => {
    expect(() => cropPicture(picture, region)).toThrow(
      `crop: ${region.width} x ${region.height} at ${region.left}, ${region.top}, expected inside 10 x 6`,
    )
  })
})
