import { describe, expect, it } from 'vitest'
import { TorchRandom } from '../../engine/sampling/torch-random.ts'
import { pyramidNoise } from '../../engine/training/objective/pyramid-noise.ts'
import { correlation, seededNumbers, varianceOf } from './objective-pictures.ts'

const shape = [2, 12, 20] as const
const noise = seededNumbers('noise', 480)

/** An enlarged picture at one place: every source pixel by a tent around its centre. */
function enlarged(source: (row: number, column: number) => number, sizes: Sizes) {
  const { rows, columns, height, width } = sizes
  const place = (i: number, count: number, size: number) =>
    Math.min(Math.max(((i + 0.5) * count) / size - 0.5, 0), count - 1)
  return (y: number, x: number) => {
    let sum = 0
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        const down = Math.max(0, 1 - Math.abs(place(y, rows, height) - row))
        const across = Math.max(0, 1 - Math.abs(place(x, columns, width) - column))
        sum += down * across * source(row, column)
      }
    }
    return sum
  }
}

interface Sizes {
  rows: number
  columns: number
  height: number
  width: number
}

/** The same noise, said slowly. */
function slowPyramid(iterations: number, discount: number, seed: number): number[] {
  const random = new TorchRandom(seed)
  const [channels, height, width] = shape
  const sum = [...noise]
  for (let level = 0; level < iterations; level++) {
    const ratio = (2 + 2 * random.uniform(1)[0]!) ** level
    const rows = Math.max(1, Math.floor(height / ratio))
    const columns = Math.max(1, Math.floor(width / ratio))
    const coarse = random.normal(channels * rows * columns)
    for (let i = 0; i < sum.length; i++) {
      const channel = Math.floor(i / (height * width))
      const at = enlarged((row, column) => coarse[(channel * rows + row) * columns + column]!, {
        ...{ rows, columns, height, width },
      })
      sum[i]! += discount ** level * at(Math.floor(i / width) % height, i % width)
    }
    if (rows === 1 || columns === 1) break
  }
  const deviation = Math.sqrt((varianceOf(sum) * sum.length) / (sum.length - 1))
  return sum.map((value) => value / deviation)
}

function neighbours(values: ArrayLike<number>): number {
  const left = Array.from(values).filter((_, i) => i % 20 < 19)
  const right = Array.from(values).filter((_, i) => i % 20 > 0)
  return correlation(left, right)
}

describe('multi-resolution noise', () => {
  it.each([1, 2, 6])('with %i iterations is the sum of enlarged coarser noises', (iterations) => {
    const found = pyramidNoise(noise, shape, { iterations, discount: 0.5 }, new TorchRandom(5))
    const expected = slowPyramid(iterations, 0.5, 5)
    const gaps = expected.map((value, i) => Math.abs(found[i]! - value))
    expect(Math.max(...gaps)).toBeLessThan(2e-6)
  })

  it('has a deviation of 1 in every picture', () => {
    for (let seed = 0; seed < 20; seed++) {
      const random = new TorchRandom(seed)
      const found = pyramidNoise(noise, shape, { iterations: 8, discount: 0.8 }, random)
      expect(Math.abs((varianceOf(found) * 480) / 479 - 1)).toBeLessThan(1e-5)
    }
  })

  it('makes neighbours alike, the more the larger the discount', () => {
    const alike = [0, 0.3, 0.9].map((discount) => {
      const values = Array.from({ length: 40 }, (_, seed) => {
        const picture = seededNumbers(`noise ${seed}`, 480)
        const settings = { iterations: 8, discount }
        return neighbours(pyramidNoise(picture, shape, settings, new TorchRandom(seed)))
      })
      return values.reduce((sum, value) => sum + value, 0) / values.length
    })
    expect(Math.abs(alike[0]!)).toBeLessThan(0.03)
    expect(alike[1]!).toBeGreaterThan(alike[0]! + 0.01)
    expect(alike[2]!).toBeGreaterThan(alike[1]! + 0.1)
  })

  it('changes no array that it is given', () => {
    const given = Float32Array.from(noise)
    pyramidNoise(given, shape, { iterations: 6, discount: 0.3 }, new TorchRandom(1))
    expect(given).toEqual(noise)
  })
})
