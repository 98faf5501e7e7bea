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
    const numbers = new Float32Array(count)
    for (let i = 0; i < count; i++) {
      const [first, second] = philox4x32([call, 0, i, 0], this.#key)
      const radius = Math.sqrt(-2 * Math.log(first * unit + unit / 2))
      numbers[i] = radius * Math.sin(second * angleUnit + angleUnit / 2)
    }
    return numbers
  }
}

/** Four 32-bit integers for a counter of four and a key of two, after ten rounds. */
export function philox4x32(counter: Four, key: readonly [number, number]): Four {
  let [a, b, c, d] = counter
  let [low, high] = key
  for (let round = 0; round < rounds; round++) {
    const nextD = Math.imul(multipliers[0], a) >>> 0
    const nextC = (highWord(multipliers[0], a) ^ d ^ high) >>> 0
    a = (highWord(multipliers[1], c) ^ b ^ low) >>> 0
    b = Math.imul(multipliers[1], c) >>> 0
    c = nextC
    d = nextD
    low = (low + keySteps[0]) >>> 0
    high = (high + keySteps[1]) >>> 0
  }
  return [a, b, c, d]
}

/** The upper 32 of the 64 bits of a product. */
function highWord(a: number, b: number): number {
  const low = a * (b & 0xffff)
  const high = a * (b >>> 16)
  return Math.floor((high + Math.floor(low / 2 ** 16)) / 2 ** 16)
}
