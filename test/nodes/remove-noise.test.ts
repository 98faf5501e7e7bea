import { describe, expect, it } from 'vitest'
import type { DenoiseOptions } from '../../engine/formats/picture-denoise.ts'
import { TorchRandom } from '../../engine/sampling/torch-random.ts'
import type { NumericTensor } from '../../engine/sockets.ts'
import type { NodeContext } from '../../engine/workflow/index.ts'
import removeNoise from '../../nodes/remove-noise.ts'

const [height, width] = [24, 32]

describe('the noise removal node', () => {
  it.each(['median', 'bilateral'] as const)('takes most grain out of a plane: %s', (method) => {
    const clean = pictureOf(() => 0.5)
    const noisy = withNoise(clean, 0.05)
    expect(error(cleaned(noisy, { method }), clean)).toBeLessThan(0.45 * error(noisy, clean))
  })

  it.each(['median', 'bilateral'] as const)('leaves an edge where it is: %s', (method) => {
    const clean = pictureOf((x) => (x < 15 ? 0.2 : 0.8))
    const noisy = withNoise(clean, 0.03)
    const found = cleaned(noisy, { method })
    expect(error(found, clean)).toBeLessThan(0.5 * error(noisy, clean))
    for (let y = 0; y < height; y++) {
      expect(found.data[y * width + 14]).toBeLessThan(0.4)
      expect(found.data[y * width + 15]).toBeGreaterThan(0.6)
    }
  })

  it('lets single wrong pixels vanish with median', () => {
    const clean = pictureOf((x, y) => (x + y) / 64)
    const data = clean.data.slice()
    data[10 * width + 10] = 1
    data[height * width + 5 * width + 20] = 0
    const found = cleaned({ ...clean, data }, { method: 'median', radius: 1 })
    expect(error(found, cleaned(clean, { method: 'median', radius: 1 }))).toBeLessThan(0.001)
  })

  it('is the middle value of the neighbours, edges repeated', () => {
    const line = { data: Float32Array.of(0.5, 0.25, 0.75, 1, 0), shape: [1, 1, 1, 5] }
    const found = cleaned(line, { method: 'median', radius: 1 })
    expect([...found.data]).toEqual([0.5, 0.5, 0.75, 0.75, 0])
  })

  it('mixes with the picture by its amount and leaves it at 0', () => {
    const noisy = withNoise(
      pictureOf((x) => x / width),
      0.1,
    )
    const full = cleaned(noisy, {})
    const half = cleaned(noisy, { amount: 0.5 })
    expect(cleaned(noisy, { amount: 0 })).toEqual(noisy)
    for (let i = 0; i < half.data.length; i++) {
      expect(half.data[i]).toBeCloseTo((noisy.data[i]! + full.data[i]!) / 2, 6)
    }
  })

  it('cleans the pictures of a batch apart', () => {
    const [one, two] = [
      withNoise(
        pictureOf(() => 0.3),
        0.1,
      ),
      pictureOf((x) => x / width),
    ]
    const both = { data: Float32Array.of(...one.data, ...two.data), shape: [2, 3, height, width] }
    const found = cleaned(both, {})
    expect(found.data.subarray(0, one.data.length)).toEqual(cleaned(one, {}).data)
    expect(found.data.subarray(one.data.length)).toEqual(cleaned(two, {}).data)
  })
})

function cleaned(image: NumericTensor, options: Partial<DenoiseOptions>): NumericTensor {
  const params = removeNoise.params.parse(options)
  const { image: found } = removeNoise.run({ image }, params, {} as NodeContext) as {
    image: NumericTensor
  }
  return found
}

function pictureOf(value: (x: number, y: number) => number): NumericTensor {
  const data = Float32Array.from({ length: 3 * height * width }, (_, i) =>
    value(i % width, Math.floor(i / width) % height),
  )
  return { data, shape: [1, 3, height, width] }
}

function withNoise({ data, shape }: NumericTensor, strength: number): NumericTensor {
  const noise = new TorchRandom(5).normal(data.length)
  return { data: data.map((value, i) => value + strength * noise[i]!), shape }
}

/** Root of the mean square. */
function error(a: NumericTensor, b: NumericTensor): number {
  const sum = a.data.reduce((total, value, i) => total + (value - b.data[i]!) ** 2, 0)
  return Math.sqrt(sum / a.data.length)
}
