import { createHash } from 'node:crypto'
import { readdir, readFile, rm, stat, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { messageOf } from './errors.ts'
import { replaceFile, unfinishedEnding } from './files/save.ts'
import { abandonedAfter } from './files/sweep.ts'

/** Results on disk by the key of what they came from, and small records by name. */
export interface Store {
  /** The bytes of an entry. Undefined where there is none, and where it is damaged. */
  get(key: string): Promise<Uint8Array | undefined>
  /** Stores an entry, then drops those unused for longest until the store is within its size. */
  put(key: string, bytes: Uint8Array): Promise<void>
  remove(key: string): Promise<void>
  /** A value written as JSON by `writeRecord`. Undefined where there is none or it is damaged. */
  readRecord(name: string): Promise<unknown>
  writeRecord(name: string, value: unknown): Promise<void>
}

export interface StoreOptions {
  /** Made at the first writing. Everything in it can be made again, so it may be deleted. */
  readonly folder: string
  /** Limit of all entries together. */
  readonly maxBytes: number
  /** Told once when the store cannot write; runs go on without it. */
  readonly onProblem?: (message: string) => void
}

/** Begins every entry; changes with its layout: mark, checksum of key and bytes, bytes. */
const mark = Buffer.from('mazeru1\n')
const headBytes = mark.length + 32

/** Room is made down to this part of the limit, so that not every writing makes room. */
const keptPart = 0.9

interface Entry {
  path: string
  bytes: number
  used: number
}

/**
 * A store in a folder. Several processes may share it: each counts what it writes itself and looks
 * at the folder when it makes room, so together they may exceed the size for a while.
 * Nothing it does throws.
 */
export function openStore({ folder, maxBytes, onProblem }: StoreOptions): Store {
  let total: number | undefined
  let isBroken = false
  const entryPath = (key: string) => {
    const name = /^[0-9a-f]{64}$/.test(key) ? key : sha256(key).toString('hex')
    return join(folder, 'entries', name.slice(0, 2), name)
  }
  const recordPath = (name: string) =>
    join(folder, 'records', `${sha256(name).toString('hex')}.json`)
  const write = async (path: string, parts: Uint8Array[]) => {
    try {
      await replaceFile(path, parts)
    } catch (cause) {
      if (!isBroken) onProblem?.(`cache: ${messageOf(cause)}`)
      isBroken = true
    }
  }
  return {
    async get(key) {
      const path = entryPath(key)
      const file = await readFile(path).catch(() => undefined)
      if (!file) return undefined
      const bytes = file.subarray(headBytes)
      if (!isWhole(file, checksum(key, bytes))) {
        await discard(path)
        return undefined
      }
      const now = Date.now() / 1000
      await utimes(path, now, now).catch(() => undefined)
      return bytes
    },
    async put(key, bytes) {
      if (headBytes + bytes.length > maxBytes) return
      total ??= sum(await entriesOf(folder))
      await write(entryPath(key), [mark, checksum(key, bytes), bytes])
      total += headBytes + bytes.length
      if (total > maxBytes) total = await makeRoom(folder, maxBytes * keptPart)
    },
    remove: (key) => discard(entryPath(key)),
    async readRecord(name) {
      try {
        return JSON.parse(await readFile(recordPath(name), 'utf8'))
      } catch {
        return undefined
      }
    },
    writeRecord: (name, value) => write(recordPath(name), [Buffer.from(JSON.stringify(value))]),
  }
}

function isWhole(file: Buffer, sum: Buffer): boolean {
  if (file.length < headBytes || !file.subarray(0, mark.length).equals(mark)) return false
  return file.subarray(mark.length, headBytes).equals(sum)
}

/** Drops entries, those unused for longest first, and gives the bytes that are left. */
async function makeRoom(folder: string, kept: number): Promise<number> {
  const entries = (await entriesOf(folder)).sort((a, b) => a.used - b.used)
  let total = sum(entries)
  // The newest stays, even where it alone is more than what is to be kept.
  for (const { path, bytes } of entries.slice(0, -1)) {
    if (total <= kept) break
    await discard(path)
    total -= bytes
  }
  return total
}

/** All entries as they are now; what a crash has left unfinished is removed on the way. */
async function entriesOf(folder: string): Promise<Entry[]> {
  const root = join(folder, 'entries')
  const names = await readdir(root, { recursive: true }).catch(() => [])
  const entries: Entry[] = []
  for (const name of names) {
    const path = join(root, name)
    const found = await stat(path).catch(() => undefined)
    if (!found?.isFile()) continue
    if (!name.endsWith(unfinishedEnding)) {
      entries.push({ path, bytes: found.size, used: found.mtimeMs })
    } else if (Date.now() - found.mtimeMs > abandonedAfter) await discard(path)
  }
  return entries
}

async function discard(path: string): Promise<void> {
  await rm(path, { force: true }).catch(() => undefined)
}

function sum(entries: readonly Entry[]): number {
  return entries.reduce((total, { bytes }) => total + bytes, 0)
}

function checksum(key: string, bytes: Uint8Array): Buffer {
  return createHash('sha256').update(key).update('\0').update(bytes).digest()
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
