import { expect, test } from 'vitest'
import { brownianPath } from '../../engine/sampling/brownian.ts'
import { sizeOf } from '../../engine/sampling/latent.ts'
import { brownianNoise } from '../../engine/sampling/noise.ts'
import { TorchRandom } from '../../engine/sampling/torch-random.ts'
import { differentNumbers, forCases, goldenSet, largestRelativeGap, row } from './golden-data.ts'

interface Motions {
  trees: {
    id: string
    entropy: string
    t0: number
    t1: number
    shape: number[]
    queries: [number, number][]
  }[]
  noise_samplers: {
    id: string
    seed: string
    sigma_min: number
    sigma_max: number
    shape: number[]
    queries: [number, number][]
  }[]
}

const golden = goldenSet<Motions>('samplers/brownian/brownian')

forCases('Brownian motion, bit by bit', golden?.json.trees, (tree) => {
  const { id, entropy, t0, t1, shape, queries } = tree
  test(`${id}, in any order of questions`, () => {
    const options = {
      seed: BigInt(entropy),
      start: t0,
      end: t1,
      size: sizeOf(shape),
      normal: (seed: number, size: number) => new TorchRandom(seed).normal(size),
    }
    const forwards = brownianPath(options)
    const backwards = brownianPath(options)
    const expected = (index: number) => row(golden!.latent(id), index).data
    queries.forEach(([from, to], i) => {
      expect(differentNumbers(forwards(from, to), expected(i)), `query ${i}`).toBe(0)
    })
    for (let i = queries.length - 1; i >= 0; i--) {
      const [from, to] = queries[i] as [number, number]
      expect(differentNumbers(backwards(from, to), expected(i)), `query ${i}`).toBe(0)
    }
  })
})

forCases('Brownian noise', golden?.json.noise_samplers, (sampler) => {
  const { id, seed, sigma_min, sigma_max, shape, queries } = sampler
  test(`${id}, divided by the root of the step`, () => {
    const settings = { shape, seeds: [BigInt(seed)], stream: 'cpu' } as const
    const noise = brownianNoise(settings, [sigma_max, sigma_min, 0])
    queries.forEach(([sigma, next], i) => {
      const expected = row(golden!.latent(id), i)
      // The motion is exact; the root of the length is 1 ulp off in 3 queries of the reference.
      expect(largestRelativeGap(noise(sigma, next).data, expected.data)).toBeLessThan(2 ** -22)
    })
  })
})
