import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Latent } from '../../engine/sampling/latent.ts'
import { goldenJson, goldenRoot, goldenTensors } from '../support/golden.ts'

/** A JSON file of reference data with the safetensors file beside it. */
export interface GoldenSet<Json> {
  readonly json: Json
  /** The tensor of a name; float64 where the file has float64. */
  readonly latent: (name: string) => Latent
}

/** Reads `<path>.json` and `<path>.safetensors` below the golden root, or neither where absent. */
export function goldenSet<Json>(path: string, tensorPath = path): GoldenSet<Json> | undefined {
  const json = goldenJson(`${path}.json`) as Json | undefined
  if (json === undefined) return undefined
  const file = join(goldenRoot, `${tensorPath}.safetensors`)
  let tensors: ReturnType<typeof goldenTensors> | undefined
  return {
    json,
    latent: (name) => {
      tensors ??= goldenTensors(file)
      const tensor = tensors.get(name)
      if (!tensor) throw new Error(`${dirname(path)}: tensor ${name} is absent`)
      const buffer = Uint8Array.from(tensor.bytes).buffer
      const data = tensor.dtype === 'F64' ? new Float64Array(buffer) : new Float32Array(buffer)
      return { data, shape: tensor.shape }
    },
  }
}

/** Row `index` of a tensor whose first axis counts rows. */
export function row(latent: Latent, index: number): Latent {
  const shape = latent.shape.slice(1)
  const size = shape.reduce((product, length) => product * length, 1)
  return { data: latent.data.slice(index * size, (index + 1) * size), shape }
}

/** A float64 copy. */
export function toDouble(latent: Latent): Latent {
  return { data: Float64Array.from(latent.data), shape: latent.shape }
}

/** Largest absolute difference; infinite where lengths differ or a number is NaN. */
export function largestGap(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (found.length !== expected.length) return Number.POSITIVE_INFINITY
  let largest = 0
  for (let i = 0; i < expected.length; i++) {
    const gap = Math.abs((found[i] as number) - (expected[i] as number))
    if (!(gap <= largest)) largest = Number.isNaN(gap) ? Number.POSITIVE_INFINITY : gap
  }
  return largest
}

/** Largest difference relative to the expected number; zero must be met exactly. */
export function largestRelativeGap(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (found.length !== expected.length) return Number.POSITIVE_INFINITY
  let largest = 0
  for (let i = 0; i < expected.length; i++) {
    const reference = expected[i] as number
    if (found[i] === reference) continue
    const gap = Math.abs(((found[i] as number) - reference) / reference)
    if (!(gap <= largest)) largest = Number.isNaN(gap) ? Number.POSITIVE_INFINITY : gap
  }
  return largest
}

/** Numbers that are not equal bit for bit. */
export function differentNumbers(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (found.length !== expected.length) return Number.POSITIVE_INFINITY
  let count = 0
  for (let i = 0; i < expected.length; i++) if (found[i] !== expected[i]) count++
  return count
}

/** A group of tests over reference cases; where there are none it says so. */
export function forCases<Case>(
  title: string,
  cases: readonly Case[] | undefined,
  define: (one: Case) => void,
): void {
  if (!cases?.length) test.skip(`${title}: no reference data`, () => {})
  else describe(title, () => cases.forEach((one) => void define(one)))
}

/** Names met in the data that are known but not built: listed in the report, not failed. */
export function reportNotCovered(area: string, met: Iterable<string>): void {
  const names = [...new Set(met)].sort()
  if (names.length === 0) return
  test.skip(`${area} not covered: ${names.join(', ')}`, () => {})
}

/** Fails for a name that stands in no table: neither built nor known as not built. */
export function expectKnown(area: string, met: Iterable<string>, known: ReadonlySet<string>): void {
  test(`every ${area} of the reference data is known`, () => {
    expect([...new Set(met)].filter((name) => !known.has(name))).toEqual([])
  })
}
