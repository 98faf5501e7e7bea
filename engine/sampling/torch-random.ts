import { WorkflowError } from '../errors.ts'
import { fma32, log32, sinCos32 } from './float32-math.ts'
import { Mt19937 } from './mt19937.ts'

/** A seed, 0 to 2^64 - 1; a number where it is exact. */
export type Seed = number | bigint

/** Normal numbers of mean 0 and variance 1 from a seed, drawn in calls whose sizes matter. */
export interface NormalStream {
  normal(count: number): Float32Array
}

const blockLength = 16
const halfBlock = 8
const turn = Math.fround(2 * Math.PI)

/**
 * The random numbers of a PyTorch CPU generator: integers, uniform and normal float32 numbers are
 * equal bit by bit, whatever the order and size of the calls. Leaves out float16 and `bernoulli_`
 * with a scalar, whose numbers depend on the machine's mathematical library.
 */
export class TorchRandom implements NormalStream {
  readonly #twister: Mt19937
  #spare: number | undefined

  /** Only the low 32 bits of the seed count, as in the original. */
  constructor(seed: Seed) {
    this.#twister = new Mt19937(Number(seedBits(seed) & 0xffffffffn))
  }

  /** `torch.randn(count)`. From 16 numbers on another method is used than below. */
  normal(count: number): Float32Array {
    if (count < blockLength) return Float32Array.from(this.normalDoubles(count))
    const numbers = this.uniform(count)
    for (let start = 0; start + blockLength <= count; start += blockLength) {
      toNormal(numbers.subarray(start, start + blockLength))
    }
    if (count % blockLength !== 0) {
      numbers.set(this.uniform(blockLength), count - blockLength)
      toNormal(numbers.subarray(count - blockLength))
    }
    return numbers
  }

  /** `torch.randn(count, dtype=torch.float64)` for fewer than 16 numbers; an odd one is kept. */
  normalDoubles(count: number): Float64Array {
    return Float64Array.from({ length: count }, () => {
      if (this.#spare !== undefined) {
        const spare = this.#spare
        this.#spare = undefined
        return spare
      }
      const angle = 2 * Math.PI * this.#double()
      const radius = Math.sqrt(-2 * Math.log1p(-this.#double()))
      this.#spare = radius * Math.sin(angle)
      return radius * Math.cos(angle)
    })
  }

  /** `torch.rand(count)`: multiples of 2^-24, 0 to below 1. */
  uniform(count: number): Float32Array {
    const numbers = new Float32Array(count)
    for (let i = 0; i < count; i++) numbers[i] = (this.#twister.next() & 0xffffff) / 2 ** 24
    return numbers
  }

  /** `empty(count).uniform_(low, high)`. */
  uniformBetween(count: number, low: number, high: number): Float32Array {
    const from = Math.fround(low)
    const width = Math.fround(Math.fround(high) - from)
    return this.uniform(count).map((number) => fma32(number, width, from))
  }

  /** `torch.randint(0, end, [count])`; `end` at most 2^53. */
  integers(count: number, end: number): number[] {
    return Array.from({ length: count }, () =>
      end < 2 ** 32 ? this.#twister.next() % end : Number(this.#long() % BigInt(end)),
    )
  }

  /** `torch.randperm(count)`. */
  permutation(count: number): number[] {
    const order = Array.from({ length: count }, (_, i) => i)
    for (let i = 0; i < count - 1; i++) {
      const other = i + (this.#twister.next() % (count - i))
      const kept = order[i] as number
      order[i] = order[other] as number
      order[other] = kept
    }
    return order
  }

  #long(): bigint {
    const high = BigInt(this.#twister.next())
    return (high << 32n) | BigInt(this.#twister.next())
  }

  /** 53 bits of two outputs, the first one high. */
  #double(): number {
    const high = this.#twister.next() & 0x1fffff
    return (high * 2 ** 32 + this.#twister.next()) / 2 ** 53
  }
}

/** The 64 bits of a seed. Throws unless it is an integer from 0 to 2^64 - 1. */
export function seedBits(seed: Seed): bigint {
  const whole = typeof seed === 'bigint' || Number.isSafeInteger(seed)
  if (!whole || seed < 0 || seed >= 2n ** 64n) {
    throw new WorkflowError(`seed: ${seed} given, an integer from 0 to 2^64 - 1 expected`)
  }
  return BigInt(seed)
}

/** Box and Muller 1958 on eight pairs, in place: radii from the first half, angles the second. */
function toNormal(block: Float32Array): void {
  for (let i = 0; i < halfBlock; i++) {
    const inverse = Math.fround(1 - (block[i] as number))
    const radius = Math.fround(Math.sqrt(Math.fround(-2 * log32(inverse))))
    const { sin, cos } = sinCos32(Math.fround(turn * (block[i + halfBlock] as number)))
    block[i] = radius * cos
    block[i + halfBlock] = radius * sin
  }
}
