import { type NormalStream, type Seed, seedBits } from './torch-random.ts'

/**
 * Philox 4x32-10, the counter-based generator of CUDA devices, and the normal numbers that A1111
 * draws from it under the name "NV", the same on every machine.
 * Source: Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3".
 */

type Four = readonly [number, number, number, number]

const multipliers = [0xd2511f53, 0xcd9e8d57] as const
const keySteps = [0x9e3779b9, 0xbb67ae85] as const
const rounds = 10

/** The step from 32-bit integers to (0, 1), and to angles, as float32 constants. */
const unit = Math.fround(2.3283064e-10)
const angleUnit = Math.fround(2.3283064e-10 * 6.2831855)

/** Number i of call n is a function of the seed, n and i alone. */
export class PhiloxRandom implements NormalStream {
  readonly #key: readonly [number, number]
  #call: number

  /** `call` is the number of draws already taken. */
  constructor(seed: Seed, call = 0) {
    const bits = seedBits(seed)
    this.#key = [Number(bits & 0xffffffffn), Number(bits >> 32n)]
    this.#call = call
  }

  normal(count: number): Float32Array {
    const call = this.#call++
    return Float32Array.from({ length: count }, (_, i) => {
      const [first, second] = philox4x32([call, 0, i, 0], this.#key)
      const radius = Math.sqrt(-2 * Math.log(first * unit + unit / 2))
      return radius * Math.sin(second * angleUnit + angleUnit / 2)
    })
  }
}

/** Four 32-bit integers for a counter of four and a key of two, after ten rounds. */
export function philox4x32(counter: Four, key: readonly [number, number]): Four {
  let [a, b, c, d] = counter
  let [low, high] = key
  for (let round = 0; round < rounds; round++) {
    const first = BigInt(multipliers[0]) * BigInt(a)
    const second = BigInt(multipliers[1]) * BigInt(c)
    a = (Number(second >> 32n) ^ b ^ low) >>> 0
    b = Number(second & 0xffffffffn)
    c = (Number(first >> 32n) ^ d ^ high) >>> 0
    d = Number(first & 0xffffffffn)
    low = (low + keySteps[0]) >>> 0
    high = (high + keySteps[1]) >>> 0
  }
  return [a, b, c, d]
}
