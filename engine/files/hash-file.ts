import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { FormatError } from '../errors.ts'
import { isJsonObject } from '../formats/strict-json.ts'
import { fingerprintOf } from './source.ts'

/** The hashes by which checkpoints are known, as hexadecimal digits. */
export interface FileHashes {
  /** Of the whole file: kohya's `ss_new_sd_model_hash`, AUTOMATIC1111's, Civitai's. */
  readonly sha256: string
  /** Eight digits of 64 KiB from 1 MiB on: kohya's `ss_sd_model_hash`. */
  readonly short: string
}

/** Small records by name, such as those of a store. */
export interface HashMemory {
  get(name: string): Promise<unknown>
  put(name: string, value: unknown): Promise<void>
}

export interface HashOptions {
  /** Remembers a file's hashes as long as its size and its modification time are the same. */
  readonly memory?: HashMemory
  /** Told now and then how many bytes of how many are read; not at all where they are known. */
  readonly onProgress?: (done: number, size: number) => void
  readonly signal?: AbortSignal
}

/** SHA-256 of bytes in memory, as hexadecimal digits. */
export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

const shortBegin = 2 ** 20
const shortEnd = shortBegin + 2 ** 16
const pieceBytes = 2 ** 22

/**
 * The hashes of a file, read piece by piece. Undefined for a folder: a model in several files has
 * none. Throws a FormatError where the file changes meanwhile, the signal's reason once aborted.
 */
export async function hashFile(
  path: string,
  { memory, onProgress, signal }: HashOptions = {},
): Promise<FileHashes | undefined> {
  const found = await stat(path)
  if (found.isDirectory()) return undefined
  const fingerprint = await fingerprintOf(path)
  const record = `hashes of ${path}`
  const known = remembered(await memory?.get(record), fingerprint)
  if (known) return known
  const whole = createHash('sha256')
  const part = createHash('sha256')
  let done = 0
  const stream = createReadStream(path, { highWaterMark: pieceBytes, ...(signal && { signal }) })
  for await (const piece of stream as AsyncIterable<Buffer>) {
    whole.update(piece)
    part.update(piece.subarray(Math.max(0, shortBegin - done), Math.max(0, shortEnd - done)))
    done += piece.length
    onProgress?.(done, found.size)
    signal?.throwIfAborted()
  }
  if ((await fingerprintOf(path)) !== fingerprint) {
    throw new FormatError(
      `${basename(path)}: changed while it was read, an unchanged file expected; try again`,
    )
  }
  const hashes = { sha256: whole.digest('hex'), short: part.digest('hex').slice(0, 8) }
  await memory?.put(record, { fingerprint, ...hashes })
  return hashes
}

function remembered(value: unknown, fingerprint: string): FileHashes | undefined {
  if (!isJsonObject(value) || value.fingerprint !== fingerprint) return undefined
  const { sha256, short } = value
  return typeof sha256 === 'string' && typeof short === 'string' ? { sha256, short } : undefined
}
