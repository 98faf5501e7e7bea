import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { batchSeeds, initialBatchNoise, initialNoise } from '../../engine/sampling/noise.ts'
import { PhiloxRandom, philox4x32 } from '../../engine/sampling/philox.ts'
import { seedPool, seedSequence } from '../../engine/sampling/seed-sequence.ts'
import { TorchRandom } from '../../engine/sampling/torch-random.ts'
import { goldenFiles, goldenJson, goldenTensors, values } from '../support/golden.ts'
import { differentNumbers, goldenSet, reportNotCovered } from './golden-data.ts'

interface Draw {
  seed: string
  op: string
  shape: number[]
  sha256?: string
  tensor?: string
  values?: (number | string)[]
  steps?: { op: string; n: number; values: number[] | null; sha256: string }[]
}

/** Operations that the stream does not offer. */
const notOffered = (op: string) => op.endsWith('.bernoulli_(0.3)') || op.includes('float16')

const torch = goldenSet<{ cases: Draw[] }>('models/rng/torch_cpu')

describe('PyTorch CPU random numbers', () => {
  const cases = torch?.json.cases ?? []
  for (const draw of cases) {
    if (notOffered(draw.op)) continue
    test(`seed ${draw.seed}: ${draw.op} ${draw.shape ?? ''} is equal bit by bit`, () => {
      const random = new TorchRandom(BigInt(draw.seed))
      for (const step of draw.steps ?? []) {
        const found = drawn(random, step.op, step.n)
        expect(hash(found, step.op), `${step.op} ${step.n}`).toBe(step.sha256)
      }
      if (draw.steps) return
      const count = draw.shape.reduce((product, length) => product * length, 1)
      const found = drawn(random, draw.op, count)
      if (draw.sha256) expect(hash(found, draw.op)).toBe(draw.sha256)
      if (draw.tensor) {
        expect(differentNumbers(found, torch?.latent(draw.tensor).data ?? [])).toBe(0)
      }
      if (draw.values) {
        const round = draw.op.includes('float64') || /rand(int|perm)/.test(draw.op)
        const expected = draw.values.map((text) =>
          round ? Number(text) : Math.fround(Number(text)),
        )
        expect(differentNumbers(found, expected)).toBe(0)
      }
    })
  }
  reportNotCovered('draws', cases.map(({ op }) => op ?? '').filter(notOffered))
})

function drawn(random: TorchRandom, op: string, count: number): ArrayLike<number> {
  if (op === 'randn(7,dtype=float64)') return random.normalDoubles(count)
  if (op === 'randn') return random.normal(count)
  if (op === 'rand') return random.uniform(count)
  if (op === 'randint') return random.integers(count, 1000)
  if (op.startsWith('randint(0,1000')) return random.integers(count, 1000)
  if (op.startsWith('randint(0,2**40')) return random.integers(count, 2 ** 40)
  if (op.startsWith('randperm')) return random.permutation(count)
  if (op.startsWith('empty') && op.includes('uniform_')) {
    return random.uniformBetween(count, -0.25, 0.75)
  }
  if (op.startsWith('empty') && op.includes('normal_')) {
    return random.normal(count).map((z) => Math.fround(z * 2) + 0.5)
  }
  if (op.startsWith('nn.init.kaiming_uniform_')) {
    const bound = Math.sqrt(3) * (Math.sqrt(2 / 6) / Math.sqrt(10))
    return random.uniformBetween(count, -bound, bound)
  }
  const chance = /bernoulli\(full\(\w+,([\d.]+)\)\)/.exec(op)?.[1]
  if (chance) return random.uniform(count).map((u) => (u < Math.fround(Number(chance)) ? 1 : 0))
  throw new Error(`unknown operation ${op}`)
}

function hash(found: ArrayLike<number>, op: string): string {
  const whole = op.startsWith('randint') || op.startsWith('randperm')
  const array = whole
    ? BigInt64Array.from(Array.from(found), BigInt)
    : Float32Array.from(Array.from(found))
  return createHash('sha256').update(new Uint8Array(array.buffer)).digest('hex')
}

describe('batches', () => {
  for (const file of goldenFiles('models/rng', 'batch_seeds.safetensors')) {
    const tensors = goldenTensors(file)
    const shapeOf = (name: string) => tensors.get(name)?.shape ?? []
    // The data do not state their seed: it is the one that draws the first number.
    const first = values(tensors, 'batch_single_generator')[0]
    const stated = (torch?.json.cases ?? []).map((draw) => BigInt(draw.seed))
    const candidates = [...stated, ...Array.from({ length: 20_000 }, (_, i) => BigInt(i))]
    const seed = candidates.find((candidate) => startOf(candidate) === first)
    if (seed === undefined) {
      reportNotCovered('batches', ['a seed that is not among the first 20000'])
      continue
    }
    test('each picture has its own seed', () => {
      const name = 'batch_per_image_seed'
      const shape = shapeOf(name)
      const seeds = batchSeeds(seed, shape[0] as number)
      const found = initialNoise({ shape, seeds, stream: 'cpu' })
      expect(differentNumbers(found.data, values(tensors, name))).toBe(0)
    })
    test('one generator draws the whole batch', () => {
      const name = 'batch_single_generator'
      const found = initialBatchNoise({ shape: shapeOf(name), seeds: [seed], stream: 'cpu' })
      expect(differentNumbers(found.data, values(tensors, name))).toBe(0)
    })
  }
})

function startOf(seed: bigint): number | undefined {
  return new TorchRandom(seed).normal(16)[0]
}

interface Philox {
  known_answer_philox4x32_10: Record<'counter' | 'key' | 'out', string[]>[]
}

describe('Philox', () => {
  const json = goldenJson('models/rng/philox.json') as Philox | undefined
  const words = (texts: string[]) => texts.map((text) => Number.parseInt(text, 16))
  for (const { counter, key, out } of json?.known_answer_philox4x32_10 ?? []) {
    test(`counter ${counter} gives the published answer`, () => {
      const found = philox4x32(
        words(counter) as [number, number, number, number],
        words(key) as [number, number],
      )
      expect(found).toEqual(words(out))
    })
  }
  for (const file of goldenFiles('models/rng', 'philox.safetensors')) {
    const tensors = goldenTensors(file)
    for (const name of tensors.keys()) {
      const parts = /^seed(\d+)\.call(\d+)\.(\d+)$/.exec(name)
      if (!parts) continue
      test(`${name} is equal bit by bit`, () => {
        const random = new PhiloxRandom(BigInt(parts[1] as string), Number(parts[2]))
        expect(differentNumbers(random.normal(Number(parts[3])), values(tensors, name))).toBe(0)
      })
    }
  }
})

interface Randomness {
  randn: { seed: string; size: number; values: number[] }[]
  randn_sequences: { seed: string; sizes: number[]; draws: number[][] }[]
  seed_sequence: {
    entropy: string
    spawn_key: number[]
    pool_size: number
    state: number[]
    pool?: number[]
  }[]
}

const brownian = goldenJson('samplers/brownian/brownian.json') as Randomness | undefined

test('randn of any size is equal bit by bit', () => {
  for (const { seed, size, values: expected } of brownian?.randn ?? []) {
    const found = new TorchRandom(BigInt(seed)).normal(size)
    expect(differentNumbers(found, expected), `seed ${seed} size ${size}`).toBe(0)
  }
  for (const { seed, sizes, draws } of brownian?.randn_sequences ?? []) {
    const random = new TorchRandom(BigInt(seed))
    sizes.forEach((size, i) => {
      expect(differentNumbers(random.normal(size), draws[i] ?? []), `draw ${i}`).toBe(0)
    })
  }
})

test('SeedSequence gives the words of numpy', () => {
  for (const { entropy, spawn_key, pool_size, state, pool } of brownian?.seed_sequence ?? []) {
    expect(pool_size).toBe(24)
    expect([...seedSequence(BigInt(entropy), spawn_key, state.length)]).toEqual(state)
    if (pool) expect([...seedPool(BigInt(entropy), spawn_key)]).toEqual(pool)
  }
})
