import { createHash } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { brotliCompressSync, brotliDecompressSync, constants } from 'node:zlib'

/**
 * The repository's reference data. Large files are kept packed in `test/golden` as `NAME.br`;
 * tests read all of them unpacked, from a folder under `node_modules/.cache`.
 */

/** The folder of the repository. */
export const packedRoot = join(import.meta.dirname, '..', 'golden')

/** Files above this many bytes are kept packed. */
const largestPlain = 60_000

const packedEnding = '.br'
const cacheRoot = join(import.meta.dirname, '../../node_modules/.cache/mazeru-golden')

/** The environment variable by which the processes of one test run share the unpacked folder. */
export const unpackedVariable = 'MAZERU_GOLDEN_UNPACKED'

/** Every file below a folder by its path in it, sorted, with `/`; without hidden ones. */
export function filesUnder(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => !basename(path).startsWith('.'))
    .filter((path) => statSync(join(folder, path), { throwIfNoEntry: false })?.isFile())
    .sort()
}

/** Packs every large file of a folder in place; gives the paths that it packed. */
export function packGolden(root = packedRoot): string[] {
  const large = filesUnder(root).filter(
    (path) => !path.endsWith(packedEnding) && statSync(join(root, path)).size > largestPlain,
  )
  for (const path of large) {
    const unfinished = join(root, dirname(path), `.${basename(path)}`)
    writeFileSync(unfinished, packed(readFileSync(join(root, path))))
    // Whoever unpacks at this moment finds the file plain, packed or both, never a part of it.
    renameSync(unfinished, join(root, path + packedEnding))
    rmSync(join(root, path))
  }
  return large
}

/**
 * Gives a folder with all files of `root` unpacked, named for their content and made where it is
 * absent. It appears whole or not at all, so any number of processes may ask at once.
 */
export function unpackGolden(root = packedRoot, cache = cacheRoot): string {
  const files = filesUnder(root).map((path) => ({ path, bytes: readFileSync(join(root, path)) }))
  const hash = createHash('sha256')
  for (const { path, bytes } of files) hash.update(`${path}\0${bytes.length}\0`).update(bytes)
  const folder = join(cache, hash.digest('hex').slice(0, 20))
  if (!existsSync(folder)) unpackInto(folder, files)
  utimesSync(folder, new Date(), new Date())
  removeOld(cache)
  return folder
}

function unpackInto(folder: string, files: readonly { path: string; bytes: Buffer }[]): void {
  mkdirSync(dirname(folder), { recursive: true })
  const unfinished = mkdtempSync(`${folder}-`)
  for (const { path, bytes } of files) {
    const isPacked = path.endsWith(packedEnding)
    const target = join(unfinished, isPacked ? path.slice(0, -packedEnding.length) : path)
    mkdirSync(dirname(target), { recursive: true })
    writeFileSync(target, isPacked ? brotliDecompressSync(bytes) : bytes)
  }
  try {
    renameSync(unfinished, folder)
  } catch (cause) {
    rmSync(unfinished, { recursive: true })
    // Another process was first; its folder has the same content.
    if (!existsSync(folder)) throw cause
  }
}

/** Folders that no run has asked for during a day go: their content has been replaced. */
function removeOld(cache: string): void {
  const oldest = Date.now() - 24 * 60 * 60 * 1000
  for (const name of readdirSync(cache)) {
    const modified = statSync(join(cache, name), { throwIfNoEntry: false })?.mtimeMs
    if (modified !== undefined && modified < oldest) {
      rmSync(join(cache, name), { recursive: true, force: true })
    }
  }
}

function packed(bytes: Uint8Array): Uint8Array {
  return brotliCompressSync(bytes, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
      [constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS,
      [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
    },
  })
}
