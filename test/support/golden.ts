import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import {
  parseSafetensors,
  type SafetensorsTensor,
  toFloat32,
} from '../../engine/formats/safetensors.ts'
import { unpackedVariable, unpackGolden } from './golden-files.ts'

/** The repository's own reference data, unpacked. */
export const ownGolden = process.env[unpackedVariable] ?? unpackGolden()

/**
 * Reference data. `MAZERU_GOLDEN` names a folder with the layout of `test/golden` and other cases;
 * a test finds its cases by walking, never by name.
 */
export const goldenRoot = process.env.MAZERU_GOLDEN ?? ownGolden

/** A folder with a `case.json`. */
export interface GoldenCase {
  /** Path below the golden root, as the test's title. */
  name: string
  folder: string
  settings: Record<string, unknown>
}

/** Every folder below `under` (a path in the golden root) that holds a `case.json`. */
export function goldenCases(under: string): GoldenCase[] {
  return walk(join(goldenRoot, under))
    .filter((path) => path.endsWith('/case.json'))
    .map((path) => ({
      name: relative(goldenRoot, dirname(path)),
      folder: dirname(path),
      settings: parsePythonJson(readFileSync(path, 'utf8')) as Record<string, unknown>,
    }))
}

/** Every file below `under` whose path ends with `ending`; empty where the folder is absent. */
export function goldenFiles(under: string, ending: string): string[] {
  return walk(join(goldenRoot, under)).filter((path) => path.endsWith(ending))
}

/** A JSON file of the golden root, or undefined. */
export function goldenJson(path: string): unknown {
  const file = join(goldenRoot, path)
  return existsSync(file) ? parsePythonJson(readFileSync(file, 'utf8')) : undefined
}

/** JSON as Python writes it: infinities and NaN, which JSON does not know, become null. */
function parsePythonJson(text: string): unknown {
  const words = /"(?:[^"\\]|\\.)*"|-?Infinity|NaN/g
  return JSON.parse(text.replace(words, (word) => (word.startsWith('"') ? word : 'null')))
}

/** The tensors of a small safetensors file by name, whole in memory. */
export function goldenTensors(file: string): Map<string, SafetensorsTensor> {
  return parseSafetensors(file, readFileSync(file)).tensors
}

/** Float32 values of one tensor. */
export function values(tensors: Map<string, SafetensorsTensor>, name: string): Float32Array {
  const tensor = tensors.get(name)
  if (!tensor) throw new Error(`golden tensor ${name} is absent`)
  return toFloat32(tensor)
}

/** Largest absolute difference divided by the largest absolute reference value. */
export function relativeError(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (found.length !== expected.length) return Number.POSITIVE_INFINITY
  let difference = 0
  let scale = 0
  for (let i = 0; i < expected.length; i++) {
    const gap = Math.abs((found[i] as number) - (expected[i] as number))
    if (!(gap <= difference)) difference = Number.isNaN(gap) ? Number.POSITIVE_INFINITY : gap
    scale = Math.max(scale, Math.abs(expected[i] as number))
  }
  return difference / (scale || 1)
}

function walk(folder: string): string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .sort()
    .flatMap((entry) => {
      const path = join(folder, entry)
      return statSync(path).isDirectory() ? walk(path) : [path]
    })
}
