import type { Dirent, Stats } from 'node:fs'
import { readdir, realpath, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { messageOf, WorkflowError } from '../errors.ts'

/** Absolute folders that names are relative to. */
export interface FileFolders {
  /** In order of preference. */
  readonly models: readonly string[]
  readonly input: string
  readonly output: string
}

const weights = ['.safetensors']
const pictures = ['.png', '.jpg', '.jpeg', '.webp', '.avif']

/**
 * Kinds of files. Below every models folder a kind has its own sub-folder, under our name or the
 * one the WebUI uses; what lies elsewhere below a models folder counts for every kind of weights,
 * so that a plain folder such as the demo's works as it is.
 */
export const fileKinds = {
  checkpoints: { folders: ['checkpoints', 'Stable-diffusion'], endings: weights },
  loras: { folders: ['loras', 'Lora'], endings: weights },
  vae: { folders: ['vae', 'VAE'], endings: weights },
  embeddings: { folders: ['embeddings'], endings: weights },
  input: { folders: [], endings: pictures },
  output: { folders: [], endings: pictures },
  // Folders of pictures below the input folder; a name is that of a folder.
  'input-folders': { folders: [], endings: pictures },
} as const satisfies Record<string, { folders: readonly string[]; endings: readonly string[] }>

/** Name of a kind of files, as `Lookup` and `.meta({ file })` write it. */
export type FileKind = keyof typeof fileKinds

/** A folder in which names of a kind are looked up, without the sub-folders of other kinds. */
export interface Place {
  readonly folder: string
  readonly except: ReadonlySet<string>
}

/** Deeper folders are not listed; above any way people sort their models. */
const deepest = 8

const kindFolders = new Set<string>(Object.values(fileKinds).flatMap(({ folders }) => folders))
const noFolders: ReadonlySet<string> = new Set()

/** Throws a WorkflowError for a text that names no kind of files. */
export function fileKind(text: string): FileKind {
  if (Object.hasOwn(fileKinds, text)) return text as FileKind
  const known = Object.keys(fileKinds).join(', ')
  throw new WorkflowError(`files: kind is ${JSON.stringify(text)}, expected one of ${known}`)
}

/** Where a name of a kind is looked for, in order. */
export function placesOf(folders: FileFolders, kind: FileKind): Place[] {
  if (kind === 'input' || kind === 'output') {
    return [{ folder: folders[kind], except: noFolders }]
  }
  if (kind === 'input-folders') return [{ folder: folders.input, except: noFolders }]
  return folders.models.flatMap((root) => [
    ...fileKinds[kind].folders.map((name) => ({ folder: join(root, name), except: noFolders })),
    { folder: root, except: kindFolders },
  ])
}

/** A name's path in a place, or undefined where it has none; `name` is a safe one. */
export async function findIn(place: Place, name: string): Promise<string | undefined> {
  const first = name.split('/', 1)[0]!
  if (place.except.has(first)) return undefined
  const path = join(place.folder, name)
  return (await stat(path).catch(() => undefined)) && path
}

/**
 * Names of the files in a place, sorted, and of the folders that hold one model in several files.
 * Hidden entries are left out; links are followed, each folder once. Empty where nothing is there.
 */
export async function listPlace(place: Place, endings: readonly string[]): Promise<string[]> {
  const names: string[] = []
  const seen = new Set<string>()
  const enter = async (prefix: string, depth: number): Promise<void> => {
    const folder = join(place.folder, prefix)
    const entries = await entriesOf(folder)
    const real = entries && (await realpath(folder).catch(() => undefined))
    if (!real || seen.has(real)) return
    seen.add(real)
    if (depth > 0 && entries.some(({ name }) => isModelIndex(name))) {
      names.push(prefix.slice(0, -1))
      return
    }
    for (const entry of entries) {
      if (entry.name.startsWith('.')) continue
      const found = await kindOfEntry(entry, join(folder, entry.name))
      if (found?.isFile()) {
        const lower = entry.name.toLowerCase()
        if (endings.some((ending) => lower.endsWith(ending))) names.push(prefix + entry.name)
      } else if (found?.isDirectory() && depth < deepest) {
        if (depth > 0 || !place.except.has(entry.name))
          await enter(`${prefix}${entry.name}/`, depth + 1)
      }
    }
  }
  await enter('', 0)
  return names.sort()
}

/** True for the file that makes a folder one model. */
export function isModelIndex(name: string): boolean {
  return name === 'model_index.json' || name.endsWith('.safetensors.index.json')
}

async function entriesOf(folder: string): Promise<Dirent[] | undefined> {
  try {
    return await readdir(folder, { withFileTypes: true })
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw new WorkflowError(`${folder}: cannot be listed (${messageOf(cause)})`, { cause })
  }
}

/** What an entry is, behind a link too; undefined for a link that leads nowhere. */
async function kindOfEntry(entry: Dirent, path: string): Promise<Dirent | Stats | undefined> {
  return entry.isSymbolicLink() ? stat(path).catch(() => undefined) : entry
}
