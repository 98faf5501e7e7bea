import { WorkflowError } from '../errors.ts'

/** A file of a folder of pictures, as it was when the folder was listed. */
export interface DatasetFile {
  /** Below the folder, with `/`. */
  readonly path: string
  readonly size: number
  /** Milliseconds; any number that changes with the file will do. */
  readonly modified: number
}

/**
 * The folder that a dataset is read from. The rooms above know no disk: they are given one of
 * these, by `engine/files/folder.ts` or by a test.
 */
export interface DatasetSource {
  /** Every file below the folder, hidden ones left out, sorted by path. */
  list(): Promise<readonly DatasetFile[]>
  /** The bytes of a file. Throws a FormatError where it is too large or gone. */
  read(path: string): Promise<Uint8Array>
  /** SHA-256 of a file as 64 hexadecimal digits. */
  hash(path: string): Promise<string>
}

/**
 * Several folders as one, each below its name; a file that two of them hold under one path is
 * there once. `pictures` and `pictures/masks` may both be given.
 */
export function joinSources(sources: ReadonlyMap<string, DatasetSource>): DatasetSource {
  const deepest = [...sources].sort(([a], [b]) => b.length - a.length)
  const find = (path: string) => {
    const [name, source] = deepest.find(([folder]) => path.startsWith(`${folder}/`)) ?? []
    if (name !== undefined && source) return { source, path: path.slice(name.length + 1) }
    const known = [...sources.keys()].join(', ')
    throw new WorkflowError(`${path}: in no folder of the dataset, expected in one of ${known}`)
  }
  return {
    async list() {
      const files = new Map<string, DatasetFile>()
      for (const [name, source] of sources) {
        for (const file of await source.list()) {
          const path = `${name}/${file.path}`
          files.set(path, { ...file, path })
        }
      }
      return [...files.values()].sort((a, b) => (a.path < b.path ? -1 : 1))
    },
    async read(path) {
      const found = find(path)
      return found.source.read(found.path)
    },
    async hash(path) {
      const found = find(path)
      return found.source.hash(found.path)
    },
  }
}
