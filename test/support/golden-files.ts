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
import { type ArchivedFile, packArchive, unpackArchive } from './golden-archive.ts'

/**
 * The repository's reference data. The larger files of every folder of `test/golden` are kept
 * together in `FOLDER.pack.br`; tests read all of them unpacked, from a folder under
 * `node_modules/.cache`.
 */

/** The folder of the repository. */
export const packedRoot = join(import.meta.dirname, '..', 'golden')

/** Files above this many bytes are kept packed, except text about them. */
const largestPlain = 8000

const packedEnding = '.pack.br'
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

/**
 * Puts every large file of the folders of `root` into their archives, in the place of one of the
 * same path, and takes from there what is `left` out: files or whole folders by their path. Gives
 * the paths that it packed.
 */
export function packGolden(root = packedRoot, left: readonly string[] = []): string[] {
  const large = filesUnder(root).filter((path) => isKeptPacked(root, path))
  const isLeft = (path: string) => left.some((name) => `${path}/`.startsWith(`${name}/`))
  for (const folder of new Set([...large, ...left].map(topFolder))) {
    const archive = join(root, folder + packedEnding)
    const files = new Map(archivedIn(archive).map((file) => [file.path, file]))
    for (const path of large.filter((file) => topFolder(file) === folder)) {
      files.set(path, { path, bytes: readFileSync(join(root, path)) })
    }
    const unfinished = join(root, `.${folder}${packedEnding}`)
    writeFileSync(unfinished, packArchive([...files.values()].filter(({ path }) => !isLeft(path))))
    renameSync(unfinished, archive)
  }
  // Whoever unpacks at this moment finds a file plain, packed or both, never a part of it.
  for (const path of large) rmSync(join(root, path))
  return large
}

/** Files directly in the root belong to no folder, so to no archive. */
function isKeptPacked(root: string, path: string): boolean {
  return (
    path.includes('/') && !path.endsWith('.md') && statSync(join(root, path)).size > largestPlain
  )
}

function topFolder(path: string): string {
  return path.split('/')[0]!
}

function archivedIn(archive: string): ArchivedFile[] {
  return existsSync(archive) ? unpackArchive(readFileSync(archive)) : []
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

function unpackInto(folder: string, files: readonly ArchivedFile[]): void {
  mkdirSync(dirname(folder), { recursive: true })
  const unfinished = mkdtempSync(`${folder}-`)
  const isArchive = ({ path }: ArchivedFile) => path.endsWith(packedEnding)
  const archived = files.filter(isArchive).flatMap(({ bytes }) => unpackArchive(bytes))
  // A file that is there plain as well is newer than the archive.
  for (const { path, bytes } of [...archived, ...files.filter((file) => !isArchive(file))]) {
    const target = join(unfinished, path)
    mkdirSync(dirname(target), { recursive: true })
    writeFileSync(target, bytes)
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
