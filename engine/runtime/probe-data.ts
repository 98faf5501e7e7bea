import { type Dim, type Shape, showShape } from '../onnx/dims.ts'
import { bytesOf } from '../onnx/express.ts'
import { type HostTensor, sizeOf } from './tensor.ts'

/** Numbers that look random and are the same on every machine, and fingerprints of bytes. */

/** `count` float32 numbers between `low` and `high`; the same for the same `seed`. */
export function seededNumbers(seed: string, count: number, low = -1, high = 1): Float32Array {
  let state = fingerprint([new TextEncoder().encode(seed)])[0]!
  const result = new Float32Array(count)
  for (let i = 0; i < count; i++) {
    // mulberry32
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    result[i] = low + ((mixed ^ (mixed >>> 14)) >>> 0) * 2 ** -32 * (high - low)
  }
  return result
}

/** A tensor of seeded numbers. */
export function seededTensor(
  seed: string,
  shape: readonly number[],
  [low, high]: readonly [number, number] = [-1, 1],
): HostTensor {
  return { data: seededNumbers(seed, sizeOf(shape), low, high), shape }
}

/** A shape with its symbols replaced; `1|name` is 1 unless `sizes` has it. */
export function sizedShape(shape: Shape, sizes: Readonly<Record<string, number>>): number[] {
  return shape.map((dim: Dim) => {
    const size = typeof dim === 'number' ? dim : (sizes[dim] ?? (dim.startsWith('1|') ? 1 : NaN))
    if (Number.isInteger(size)) return size
    throw new TypeError(`size ${dim} of ${showShape(shape)} is not given`)
  })
}

/** Two 32-bit sums over bytes (FNV-1a from two bases): for names, not against malice. */
export function fingerprint(parts: readonly ArrayBufferView[]): [number, number] {
  let first = 0x811c9dc5
  let second = 0x9747b28c
  for (const part of parts) {
    for (const byte of bytesOf(part)) {
      first = Math.imul(first ^ byte, 0x01000193)
      second = Math.imul(second ^ byte, 0x01000193) ^ (second >>> 15)
    }
  }
  return [first >>> 0, second >>> 0]
}
