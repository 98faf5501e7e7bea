import { createHash } from 'node:crypto'
import { codecFor, estimateBytes } from './codecs.ts'
import type { SocketType } from './socket-type.ts'

/** How values of one socket type are weighed and written. */
export interface Codec<T = unknown> {
  /** Memory that the value takes. */
  bytes(value: T): number
  encode?(value: T): Uint8Array
  /** Throws, or gives what was encoded. */
  decode?(bytes: Uint8Array): T
}

/**
 * Where results outlive the process. A key is 64 lower-case hexadecimal digits, alone or followed
 * by `.` and the name of an output.
 */
export interface CacheDisk {
  get(key: string): Promise<Uint8Array | undefined>
  put(key: string, bytes: Uint8Array): Promise<void>
}

export interface CacheOptions {
  /** Budget of values in memory. */
  readonly bytes: number
  /** By socket name; numbers, integers, texts and booleans need none. */
  readonly codecs?: Readonly<Record<string, Codec>>
  readonly disk?: CacheDisk
}

/** A value found. */
export interface Hit {
  readonly value: unknown
}

/** Results by content, one entry for each output of a node. */
export interface Cache {
  /** The value in memory, which becomes the most recently used. */
  memory(key: string): Hit | undefined
  /** The value on disk, which then is in memory too. A damaged entry is no entry. */
  disk(key: string, type: SocketType): Promise<Hit | undefined>
  /** Stores a value in memory and, where it can be written, on disk. Rejects as the disk does. */
  put(key: string, type: SocketType, value: unknown): Promise<void>
  /** Forgets what is in memory. */
  clear(): void
  /** Bytes of the values in memory, never above the budget. */
  readonly bytes: number
}

const digestBytes = 32

/**
 * A cache with a budget in memory; the least recently used values leave first, and a value larger
 * than the whole budget is never kept. Values of a type without `encode` do not go to disk.
 * A value without a codec is weighed by its arrays and texts.
 */
export function createCache({ bytes: budget, codecs = {}, disk }: CacheOptions): Cache {
  const entries = new Map<string, { readonly value: unknown; readonly bytes: number }>()
  let total = 0

  function remove(key: string): void {
    total -= entries.get(key)?.bytes ?? 0
    entries.delete(key)
  }

  function keep(key: string, value: unknown, bytes: number): void {
    remove(key)
    if (bytes > budget) return
    entries.set(key, { value, bytes })
    total += bytes
    for (const oldest of entries.keys()) {
      if (total <= budget) return
      remove(oldest)
    }
  }

  return {
    memory(key) {
      const entry = entries.get(key)
      if (!entry) return undefined
      entries.delete(key)
      entries.set(key, entry)
      return { value: entry.value }
    },
    async disk(key, type) {
      const codec = codecFor(type, codecs)
      if (!disk || !codec?.decode) return undefined
      try {
        const bytes = await disk.get(key)
        if (!bytes) return undefined
        const value = codec.decode(unseal(bytes))
        keep(key, value, codec.bytes(value))
        return { value }
      } catch {
        return undefined
      }
    },
    async put(key, type, value) {
      const codec = codecFor(type, codecs)
      keep(key, value, codec ? codec.bytes(value) : estimateBytes(value))
      if (disk && codec?.encode && codec.decode) await disk.put(key, seal(codec.encode(value)))
    },
    clear() {
      entries.clear()
      total = 0
    },
    get bytes() {
      return total
    },
  }
}

/** Puts a digest before the bytes, so that damage is seen. */
function seal(bytes: Uint8Array): Uint8Array {
  const sealed = new Uint8Array(digestBytes + bytes.length)
  sealed.set(createHash('sha256').update(bytes).digest())
  sealed.set(bytes, digestBytes)
  return sealed
}

function unseal(sealed: Uint8Array): Uint8Array {
  const bytes = sealed.subarray(digestBytes)
  const digest = createHash('sha256').update(bytes).digest()
  if (sealed.length < digestBytes || !digest.equals(sealed.subarray(0, digestBytes))) {
    throw new RangeError('damaged')
  }
  return bytes
}
