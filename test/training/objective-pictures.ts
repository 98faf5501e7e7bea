import { TorchRandom } from '../../engine/sampling/torch-random.ts'
import { mixSeed } from '../../engine/training/seeds.ts'

/** Normal numbers that belong to a name. */
export function seededNumbers(name: string, count: number): Float32Array {
  return new TorchRandom(mixSeed(0, name)).normal(count)
}

export function meanOf(values: ArrayLike<number>): number {
  return Array.from(values).reduce((sum, value) => sum + value, 0) / values.length
}

export function varianceOf(values: ArrayLike<number>): number {
  const mean = meanOf(values)
  return meanOf(Array.from(values, (value) => (value - mean) ** 2))
}

/** Correlation of two lists of numbers, -1 to 1. */
export function correlation(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const [meanA, meanB] = [meanOf(a), meanOf(b)]
  const products = Array.from(a, (value, i) => (value - meanA) * (b[i]! - meanB))
  return meanOf(products) / Math.sqrt(varianceOf(a) * varianceOf(b))
}
