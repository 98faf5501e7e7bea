import { describe, expect, it } from 'vitest'
import { type Interpolation, resample, usualInterpolation } from '../../engine/dataset/resample.ts'
import { interpolations } from '../../engine/dataset/settings.ts'
import type { PictureBytes } from '../../engine/formats/picture.ts'

const noise = pictureOf(23, 17, (i) => (i * 7919 + ((i * i) % 251)) % 256)

describe('a picture at another size', () => {
  it.each(interpolations)('is the picture itself at its own size with %s', (interpolation) => {
    expect(resample(noise, noise, interpolation)).toBe(noise)
  })

  it.each(interpolations)('has one colour where it had one, with %s', (interpolation) => {
    const plain = pictureOf(31, 9, (i) => [200, 17, 99][i % 3]!)
    for (const size of [
      { width: 10, height: 7 },
      { width: 64, height: 5 },
      { width: 40, height: 33 },
    ]) {
      const { data, ...found } = resample(plain, size, interpolation)
      expect(found).toEqual({ ...size, channels: 3 })
      expect(data.every((value, i) => value === [200, 17, 99][i % 3])).toBe(true)
    }
  })

  it('averages what each pixel covers, by area', () => {
    for (const [width, height] of [
      [7, 5],
      [23, 4],
      [11, 17],
    ] as const) {
      const found = resample(noise, { width, height }, 'area')
      expect(worst(found.data, slowArea(noise, width, height))).toBeLessThanOrEqual(0.501)
    }
  })

  it('is the mean of four by area at half size, and every second by nearest', () => {
    const four = pictureOf(4, 2, (i) => i * 10, 1)
    expect([...resample(four, { width: 2, height: 1 }, 'area').data]).toEqual([25, 45])
    expect([...resample(four, { width: 2, height: 1 }, 'nearest').data]).toEqual([0, 20])
  })

  it('lies on a straight line between two pixels, linear', () => {
    const two = pictureOf(2, 1, (i) => [0, 200][i]!, 1)
    const found = [...resample(two, { width: 4, height: 1 }, 'linear').data]
    expect(found).toEqual([0, 50, 150, 200])
  })

  it.each<[Interpolation, number[]]>([
    // Pillow 13.0 gave these.
    ['lanczos', [10, 0, 0, 54, 201, 255, 255, 245]],
    ['box', [0, 0, 0, 0, 255, 255, 255, 255]],
  ])('is what Pillow makes of it, with %s', (interpolation, expected) => {
    const edge = pictureOf(4, 1, (i) => [0, 0, 255, 255][i]!, 1)
    expect([...resample(edge, { width: 8, height: 1 }, interpolation).data]).toEqual(expected)
  })
})

describe('the usual interpolation', () => {
  it.each([
    [{ width: 50, height: 50 }, 'area'],
    [{ width: 100, height: 50 }, 'area'],
    [{ width: 101, height: 50 }, 'lanczos'],
    [{ width: 200, height: 200 }, 'lanczos'],
  ])('of 100 x 100 to %o is %s', (to, expected) => {
    expect(usualInterpolation({ width: 100, height: 100 }, to)).toBe(expected)
  })
})

function pictureOf(
  width: number,
  height: number,
  value: (i: number) => number,
  channels = 3,
): PictureBytes {
  const data = Uint8Array.from({ length: width * height * channels }, (_, i) => value(i))
  return { data, width, height, channels }
}

/** Every new pixel as the integral over what it covers. */
function slowArea(from: PictureBytes, width: number, height: number): number[] {
  const overlap = (a: number, b: number, c: number, d: number) =>
    Math.max(0, Math.min(b, d) - Math.max(a, c))
  const [sx, sy] = [from.width / width, from.height / height]
  return Array.from({ length: width * height * 3 }, (_, i) => {
    const [c, x, y] = [i % 3, Math.floor(i / 3) % width, Math.floor(i / 3 / width)]
    let sum = 0
    for (let row = 0; row < from.height; row++) {
      for (let column = 0; column < from.width; column++) {
        const covered =
          overlap(x * sx, (x + 1) * sx, column, column + 1) *
          overlap(y * sy, (y + 1) * sy, row, row + 1)
        sum += covered * from.data[(row * from.width + column) * 3 + c]!
      }
    }
    return sum / (sx * sy)
  })
}

function worst(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return Math.max(...Array.from(a, (value, i) => Math.abs(value - b[i]!)))
}
