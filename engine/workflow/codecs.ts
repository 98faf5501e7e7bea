import type { Codec } from './cache.ts'
import { own } from './schema.ts'
import type { SocketType } from './socket-type.ts'

/** Codecs of what every workflow has: numbers, integers, texts, booleans, and lists of the rest. */

const numbers: Codec<number> = {
  bytes: () => 8,
  encode: (value) => new Uint8Array(Float64Array.of(value).buffer),
  decode: (bytes) => new DataView(bytes.buffer, bytes.byteOffset, 8).getFloat64(0, true),
}

const texts: Codec<string> = {
  bytes: (value) => 2 * value.length,
  encode: (value) => new TextEncoder().encode(value),
  decode: (bytes) => new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes),
}

const booleans: Codec<boolean> = {
  bytes: () => 1,
  encode: (value) => Uint8Array.of(Number(value)),
  decode: (bytes) => bytes[0] === 1,
}

const plain: Readonly<Record<string, Codec>> = {
  number: numbers,
  integer: numbers,
  text: texts,
  boolean: booleans,
}

/** The type under which the mere fact that a node ran is stored. */
export const markType: SocketType = { kind: 'named', name: 'boolean', args: [] }

/** The codec of a type, from the given ones or the plain ones; undefined where there is none. */
export function codecFor(
  type: SocketType,
  codecs: Readonly<Record<string, Codec>>,
): Codec | undefined {
  if (type.kind !== 'named') return undefined
  const codec = own(codecs, type.name) ?? own(plain, type.name)
  if (codec || type.name !== 'list' || type.args.length !== 1) return codec
  const item = codecFor(type.args[0]!, codecs)
  return item && listCodec(item)
}

/** Each item stands after its length, 32 bits, little-endian. */
function listCodec({ bytes, encode, decode }: Codec): Codec<readonly unknown[]> {
  const weigh = (list: readonly unknown[]) => list.reduce<number>((sum, v) => sum + bytes(v), 0)
  if (!encode || !decode) return { bytes: weigh }
  return {
    bytes: weigh,
    encode(list) {
      const parts = list.map((value) => encode(value))
      const result = new Uint8Array(parts.reduce((sum, part) => sum + 4 + part.length, 0))
      let offset = 0
      for (const part of parts) {
        new DataView(result.buffer).setUint32(offset, part.length, true)
        result.set(part, offset + 4)
        offset += 4 + part.length
      }
      return result
    },
    decode(sealed) {
      const view = new DataView(sealed.buffer, sealed.byteOffset, sealed.length)
      const list: unknown[] = []
      for (let offset = 0; offset < sealed.length; ) {
        const length = view.getUint32(offset, true)
        list.push(decode(sealed.slice(offset + 4, offset + 4 + length)))
        offset += 4 + length
      }
      return list
    },
  }
}

/** Bytes of the arrays and texts in a value, four levels deep; the rest counts 8 each. */
export function estimateBytes(value: unknown, levels = 4): number {
  if (typeof value === 'string') return 2 * value.length
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return value.byteLength
  if (typeof value !== 'object' || value === null || levels === 0) return 8
  return Object.values(value).reduce<number>((sum, v) => sum + estimateBytes(v, levels - 1), 8)
}
