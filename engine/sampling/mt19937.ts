/**
 * The Mersenne Twister with 32-bit words, the generator behind PyTorch's CPU random numbers.
 * Source: Matsumoto, Nishimura 1998, "Mersenne Twister"; seeding by the 2002 `init_genrand` rule.
 */

const words = 624
const shift = 397
const twist = 0x9908b0df

/** An endless stream of uniform unsigned 32-bit integers. */
export class Mt19937 {
  readonly #state = new Uint32Array(words)
  #position = words

  /** Only the low 32 bits of the seed count. */
  constructor(seed: number) {
    const state = this.#state
    state[0] = seed
    for (let i = 1; i < words; i++) {
      const previous = state[i - 1] as number
      state[i] = Math.imul(1812433253, previous ^ (previous >>> 30)) + i
    }
  }

  /** The next integer, 0 to 2^32 - 1. */
  next(): number {
    if (this.#position === words) this.#refill()
    let word = this.#state[this.#position++] as number
    word ^= word >>> 11
    word ^= (word << 7) & 0x9d2c5680
    word ^= (word << 15) & 0xefc60000
    word ^= word >>> 18
    return word >>> 0
  }

  #refill(): void {
    const state = this.#state
    for (let i = 0; i < words; i++) {
      const next = state[(i + 1) % words] as number
      const joined = ((state[i] as number) & 0x80000000) | (next & 0x7fffffff)
      const distant = state[(i + shift) % words] as number
      state[i] = distant ^ (joined >>> 1) ^ (joined & 1 ? twist : 0)
    }
    this.#position = 0
  }
}
