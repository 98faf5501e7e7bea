import { readdir, readFile, realpath, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { DatasetFile, DatasetSource } from '../dataset/source.ts'
import { FormatError, messageOf, WorkflowError } from '../errors.ts'
import { hashFile } from './hash-file.ts'
import { safeName } from './names.ts'

/** Deeper folders are not looked into; above any way people sort pictures. */
const deepest = 8

/** Above any picture of 8192 x 8192 and any metadata of a set that fits on a desk. */
const maxBytes = 256 * 2 ** 20

/**
 * A folder of the user's as a source of pictures. `name` stands for it in messages. Links are
 * followed, each folder once; hidden files are left out. Hashes are kept as long as size and time
 * of a file stay.
 */
export function openFolder(folder: string, name: string): DatasetSource {
  const hashes = new Map<string, { stamp: string; hash: Promise<string> }>()
  const pathOf = (path: string) => join(folder, safeName(name, path))
  return {
    async list() {
      const files: DatasetFile[] = []
      await enter(folder, '', { files, seen: new Set() })
      return files.sort((a, b) => (a.path < b.path ? -1 : 1))
    },
    async read(path) {
      const { size } = await found(name, path, pathOf(path))
      if (size > maxBytes) {
        const limit = `at most ${maxBytes} can be read`
        throw new FormatError(`${path}: file has ${size} bytes, ${limit}`)
      }
      return readFile(pathOf(path))
    },
    async hash(path) {
      const { size, mtimeMs } = await found(name, path, pathOf(path))
      const stamp = `${size}-${mtimeMs}`
      const known = hashes.get(path)
      if (known?.stamp === stamp) return known.hash
      const hash = hashFile(pathOf(path)).then((found) => found!.sha256)
      hashes.set(path, { stamp, hash })
      return hash
    },
  }
}

/** The folders that hold files of a list, directly or deeper, sorted. */
export function foldersOf(files: readonly string[]): string[] {
  const folders = files.flatMap((file) => {
    const parts = file.split('/').slice(0, -1)
    return parts.map((_, depth) => parts.slice(0, depth + 1).join('/'))
  })
  return [...new Set(folders)].sort()
}

interface Listing {
  readonly files: DatasetFile[]
  readonly seen: Set<string>
}

async function enter(folder: string, prefix: string, listing: Listing): Promise<void> {
  const here = join(folder, prefix)
  const real = await realpath(here)
  const depth = prefix.split('/').length - 1
  if (listing.seen.has(real) || depth > deepest) return
  listing.seen.add(real)
  for (const entry of await readdir(here)) {
    if (entry.startsWith('.')) continue
    // A link that leads nowhere is no file.
    const state = await stat(join(here, entry)).catch(() => undefined)
    const path = prefix + entry
    if (state?.isFile()) listing.files.push({ path, size: state.size, modified: state.mtimeMs })
    else if (state?.isDirectory()) await enter(folder, `${path}/`, listing)
  }
}

async function found(name: string, path: string, absolute: string) {
  try {
    return await stat(absolute)
  } catch (cause) {
    throw new WorkflowError(`${name}: ${path} cannot be read (${messageOf(cause)})`, { cause })
  }
}
