import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bytesOf } from '../onnx/express.ts'
import type { ExternalData } from '../onnx/value.ts'
import { seededNumbers } from './probe-data.ts'
import { sizeOf } from './tensor.ts'

/** A file of seeded float32 weights, which is gone with `remove`. */
export interface SeededWeights {
  readonly data: ReadonlyMap<string, ExternalData>
  remove(): void
}

/**
 * Writes weights of the given shapes: matrices by their inner size, convolutions so small that the
 * epsilons of norms count; vectors named `.weight` around 1, other vectors near 0.
 */
export function writeSeededWeights(shapes: ReadonlyMap<string, readonly number[]>): SeededWeights {
  const folder = mkdtempSync(join(tmpdir(), 'mazeru-probe-'))
  const file = join(folder, 'weights.bin')
  const data = new Map<string, ExternalData>()
  const parts: Uint8Array[] = []
  let offset = 0
  for (const [name, shape] of shapes) {
    const bytes = bytesOf(numbersOf(name, shape))
    parts.push(bytes)
    data.set(name, { file, offset, length: bytes.length })
    offset += bytes.length
  }
  writeFileSync(file, Buffer.concat(parts))
  return { data, remove: () => rmSync(folder, { recursive: true, force: true }) }
}

function numbersOf(name: string, shape: readonly number[]): Float32Array {
  const count = sizeOf(shape)
  if (shape.length > 1) {
    const spread = (shape.length === 4 ? 0.02 : 1) * Math.sqrt(3 / sizeOf(shape.slice(1)))
    return seededNumbers(name, count, -spread, spread)
  }
  return name.endsWith('.weight')
    ? seededNumbers(name, count, 0.5, 1.5)
    : seededNumbers(name, count, -0.01, 0.01)
}
