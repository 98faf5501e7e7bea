import recorded from './probe-checksums.json' with { type: 'json' }
import { seededNumbers } from './probe-data.ts'
import type { HostTensor } from './tensor.ts'

/**
 * What the cases give by the slow reference arithmetic of the tests, as a few numbers each; the
 * tests hold `probe-checksums.json` to it. They tell whether this processor computes rightly.
 */

/** Length of a list of tensors as one vector, and its product with a seeded one. */
export interface Checksum {
  readonly length: number
  readonly product: number
}

/** The checksum of a case's results. */
export function checksumOf(name: string, tensors: readonly HostTensor[]): Checksum {
  let squares = 0
  let product = 0
  for (const [index, { data }] of tensors.entries()) {
    const other = seededNumbers(`checksum ${name} ${index}`, data.length)
    for (let i = 0; i < data.length; i++) {
      const value = Number(data[i])
      squares += value * value
      product += value * other[i]!
    }
  }
  return { length: Math.sqrt(squares), product }
}

/** How far results are from the recorded ones, over their length; 0 where none are recorded. */
export function checksumError(name: string, tensors: readonly HostTensor[]): number {
  const [length, product] = (recorded as Record<string, number[]>)[name] ?? []
  if (length === undefined || product === undefined) return 0
  const found = checksumOf(name, tensors)
  const difference = Math.max(Math.abs(found.length - length), Math.abs(found.product - product))
  return difference / Math.max(length, 1e-30)
}
