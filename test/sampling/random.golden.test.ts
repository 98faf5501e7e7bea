import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { batchSeeds, initialBatchNoise, initialNoise } from '../../engine/sampling/noise.ts'
import { PhiloxRandom, philox4x32 } from '../../engine/sampling/philox.ts'
import { seedPool, seedSequence } from '../../engine/sampling/seed-sequence.ts'
import { TorchRandom } from '../../engine/sampling/torch-random.ts'
import { goldenFiles, goldenJson, goldenTensors, values } from '../support/golden.ts'
import { differentNumbers, forCases, goldenSet, reportNotCovered } from './golden-data.ts'

interface Draw {
  seed: string
  op: string
  shape: number[]
  sha256?: string
  tensor?: string
  values?: (number | string)[]
  steps?: { op: string; n: number; values: number[] | null; sha256: string }[]
}

const torch = goldenSet<{ cases: Draw[] }>('models/rng/torch_cpu')

type Drawer = (random: TorchRandom, count: number) => ArrayLike<number>

/** How an operation of the data is asked for here; undefined for one that is not offered. */
function drawerOf(op: string): Drawer | undefined {
  const found = drawers.map(([pattern, make]) => {
    const parts = pattern.exec(op)
    return parts ? make(parts.slice(1).map(Number)) : undefined
  })
  return found.find((drawer) => drawer !== undefined)
}

const drawers: readonly (readonly [RegExp, (numbers: number[]) => Drawer])[] = [
  [/^randn$/, () => (random, count) => random.normal(count)],
  [/^rand$/, () => (random, count) => random.uniform(count)],
  // Fewer than 16 numbers only: above, float64 takes another way.
  [/^randn\(\d,dtype=float64\)$/, () => (random, count) => random.normalDoubles(count)],
  [/^randint$/, () => (random, count) => random.integers(count, 1000)],
  [
    /^randint\(0,(\d+)\)$/,
    ([end = 1]) =>
      (random, count) =>
        random.integers(count, end),
  ],
  [
    /^randint\(0,2\*\*(\d+)\)$/,
    ([bits = 1]) =>
      (random, count) =>
        random.integers(count, 2 ** bits),
  ],
  [/^randperm/, () => (random, count) => random.permutation(count)],
  [
    /^empty\(\d+\)\.uniform_\(([-\d.]+),([-\d.]+)\)$/,
    ([low = 0, high = 1]) =>
      (random, count) =>
        random.uniformBetween(count, low, high),
  ],
  [
    /^empty\(\d+\)\.normal_\(([-\d.]+),([\d.]+)\)$/,
    ([mean = 0, deviation = 1]) =>
      (random, count) =>
        random.normal(count).map((z) => Math.fround(z * deviation) + mean),
  ],
  [
    /^nn\.init\.kaiming_uniform_\(empty\(\d+,(\d+)\),a=sqrt\(5\)\)$/,
    ([inputs = 1]) =>
      (random, count) => {
        const bound = Math.sqrt(3) * (Math.sqrt(2 / 6) / Math.sqrt(inputs))
        return random.uniformBetween(count, -bound, bound)
      },
  ],
  [
    /^bernoulli\(full\(\w+,([\d.]+)\)\)$/,
    ([chance = 0]) =>
      (random, count) =>
        random.uniform(count).map((u) => (u < Math.fround(chance) ? 1 : 0)),
  ],
]

const draws = torch?.json.cases ?? []
const isOffered = ({ op, steps }: Draw) =>
  steps ? steps.every((step) => drawerOf(step.op)) : drawerOf(op) !== undefined

reportNotCovered(
  'draws',
  draws.filter((draw) => !isOffered(draw)).map(({ op }) => op),
)

forCases('PyTorch CPU random numbers', draws.filter(isOffered), (draw) => {
  test(`seed ${draw.seed}: ${draw.op} ${draw.shape ?? ''} is equal bit by bit`, () => {
    const random = new TorchRandom(BigInt(draw.seed))
    for (const step of draw.steps ?? []) {
      const found = drawerOf(step.op)?.(random, step.n) ?? []
      expect(hash(found, step.op), `${step.op} ${step.n}`).toBe(step.sha256)
    }
    if (draw.steps) return
    const count = draw.shape.reduce((product, length) => product * length, 1)
    const found = drawerOf(draw.op)?.(random, count) ?? []
    if (draw.sha256) expect(hash(found, draw.op)).toBe(draw.sha256)
    if (draw.tensor) {
      expect(differentNumbers(found, torch?.latent(draw.tensor).data ?? [])).toBe(0)
    }
    if (draw.values) {
      const exact = draw.op.includes('float64') || /rand(int|perm)/.test(draw.op)
      const expected = draw.values.map((text) => (exact ? Number(text) : Math.fround(Number(text))))
      expect(differentNumbers(found, expected)).toBe(0)
    }
  })
})

function hash(found: ArrayLike<number>, op: string): string {
  const whole = op.startsWith('randint') || op.startsWith('randperm')
  const array = whole
    ? BigInt64Array.from(Array.from(found), BigInt)
    : Float32Array.from(Array.from(found))
  return createHash('sha256').update(new Uint8Array(array.buffer)).digest('hex')
}

forCases('batches', goldenFiles('models/rng', 'batch_seeds.safetensors'), (file) => {
  const tensors = goldenTensors(file)
  const shapeOf = (name: string) => tensors.get(name)?.shape ?? []
  // The data do not state their seed: it is the one that draws the first number.
  const first = values(tensors, 'batch_single_generator')[0]
  const stated = draws.map((draw) => BigInt(draw.seed))
  const candidates = [...stated, ...Array.from({ length: 20_000 }, (_, i) => BigInt(i))]
  const seed = candidates.find((candidate) => startOf(candidate) === first)
  if (seed === undefined) return reportNotCovered('batches', ['a seed above 20000'])
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
})

function startOf(seed: bigint): number | undefined {
  return new TorchRandom(seed).normal(16)[0]
}

interface Philox {
  known_answer_philox4x32_10: Record<'counter' | 'key' | 'out', string[]>[]
}

const philox = goldenJson('models/rng/philox.json') as Philox | undefined

forCases('Philox', philox?.known_answer_philox4x32_10, ({ counter, key, out }) => {
  const words = (texts: string[]) => texts.map((text) => Number.parseInt(text, 16))
  test(`counter ${counter} gives the published answer`, () => {
    const found = philox4x32(
      words(counter) as [number, number, number, number],
      words(key) as [number, number],
    )
    expect(found).toEqual(words(out))
  })
})

forCases('Philox noise', goldenFiles('models/rng', 'philox.safetensors'), (file) => {
  const tensors = goldenTensors(file)
  for (const name of tensors.keys()) {
    const parts = /^seed(\d+)\.call(\d+)\.(\d+)$/.exec(name)
    if (!parts) continue
    test(`${name} is equal bit by bit`, () => {
      const random = new PhiloxRandom(BigInt(parts[1] as string), Number(parts[2]))
      expect(differentNumbers(random.normal(Number(parts[3])), values(tensors, name))).toBe(0)
    })
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
