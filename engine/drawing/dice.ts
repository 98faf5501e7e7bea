import { mixSeed } from '../sampling/mix-seed.ts'
import { TorchRandom } from '../sampling/torch-random.ts'

/** Choices that follow from a seed. Each call takes one number of the stream. */
export interface Dice {
  /** True with this probability. */
  chance(probability: number): boolean
  /** Evenly between the two. */
  between(low: number, high: number): number
  /** One of the list, all alike likely. */
  pick<T>(list: readonly T[]): T
}

/** The dice of one purpose: `mixSeed` of all arguments seeds their stream. */
export function diceOf(seed: number, ...parts: readonly (number | string)[]): Dice {
  const random = new TorchRandom(mixSeed(seed, ...parts))
  const next = () => random.uniform(1)[0]!
  return {
    chance: (probability) => next() < probability,
    between: (low, high) => low + (high - low) * next(),
    pick: (list) => list[Math.floor(next() * list.length)]!,
  }
}
