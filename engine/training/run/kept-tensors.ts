import { encodeSafetensors, parseSafetensors, toFloat32 } from '../../formats/safetensors.ts'
import { bytesOf } from '../../onnx/express.ts'
import type { NumericTensor } from '../../sockets.ts'

/** Entries on disk by key; what cannot be read is undefined. `engine/store.ts` is one. */
export interface BytesStore {
  get(key: string): Promise<Uint8Array | undefined>
  put(key: string, bytes: Uint8Array): Promise<void>
}

/** Tensors that belong together, by name. */
export type TensorRecord = Readonly<Record<string, NumericTensor>>

/** What is costly to compute and the same every time it is asked for. */
export interface KeptTensors {
  /** The record of a key from memory or disk, else what `compute` gives, which is then kept. */
  recall(key: string, compute: () => Promise<TensorRecord>): Promise<TensorRecord>
}

/**
 * Keeps records in memory within `maxBytes`, those unused for longest going first, and on disk
 * where a store is given. A record may be asked for again while it is computed.
 */
export function keepTensors(maxBytes: number, store?: BytesStore): KeptTensors {
  const known = new Map<string, TensorRecord>()
  let total = 0
  const remember = (key: string, record: TensorRecord) => {
    known.set(key, record)
    total += sizeOf(record)
    for (const [oldest, other] of known) {
      if (total <= maxBytes || known.size === 1) break
      known.delete(oldest)
      total -= sizeOf(other)
    }
  }
  return {
    async recall(key, compute) {
      const found = known.get(key)
      if (found) {
        known.delete(key)
        known.set(key, found)
        return found
      }
      const bytes = await store?.get(key)
      const stored = bytes && decoded(bytes)
      const record = stored ?? (await compute())
      if (!stored) await store?.put(key, encoded(record))
      remember(key, record)
      return record
    },
  }
}

function sizeOf(record: TensorRecord): number {
  return Object.values(record).reduce((sum, { data }) => sum + data.byteLength, 0)
}

function encoded(record: TensorRecord): Uint8Array {
  return encodeSafetensors(
    Object.entries(record).map(([name, { data, shape }]) => {
      return [name, { dtype: 'F32', shape, bytes: bytesOf(data) }] as const
    }),
  )
}

function decoded(bytes: Uint8Array): TensorRecord {
  const { tensors } = parseSafetensors('kept tensors', bytes)
  return Object.fromEntries(
    [...tensors].map(([name, tensor]) => {
      return [name, { data: toFloat32(tensor), shape: tensor.shape }]
    }),
  )
}
