import { readFile, stat } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import type { DatasetSource } from './dataset/source.ts'
import { FormatError, WorkflowError } from './errors.ts'
import { foldersOf, openFolder } from './files/folder.ts'
import { nearestNames, safeName } from './files/names.ts'
import {
  type FileFolders,
  fileKind,
  fileKinds,
  findIn,
  listPlace,
  placesOf,
} from './files/places.ts'
import { type FileBytes, saveNumbered } from './files/save.ts'
import { fingerprintOf, readSource } from './files/source.ts'
import { openSafetensors, type WeightFile } from './files/weights.ts'
import type { CheckpointSource } from './models/checkpoint.ts'
import type { Lookup } from './workflow/lookup.ts'

export { type FileFolders, type FileKind, fileKinds } from './files/places.ts'
export type { FileBytes } from './files/save.ts'
export {
  openSafetensors,
  openSharded,
  type WeightFile,
  type WeightFolder,
} from './files/weights.ts'

/** A file that was written. */
export interface SavedFile {
  /** Below the output folder, with `/`. */
  readonly name: string
  /** Absolute. */
  readonly path: string
}

/**
 * The only door from nodes to the disk. A file is named by its kind (`loras`) and a path below the
 * folders of that kind; no name leads out of them. Answers `check`'s questions as a `Lookup`.
 */
export interface Files extends Lookup {
  /** Absolute path of a file or a model folder. Throws a WorkflowError that names the nearest. */
  resolve(kind: string, name: string): Promise<string>
  /** Headers of a file or a model folder; nothing stays open. Throws a FormatError where bad. */
  header(kind: string, name: string): Promise<CheckpointSource>
  /** Opens a safetensors file to read tensors one by one. Close it after use. */
  weights(kind: string, name: string): Promise<WeightFile>
  /** The bytes of a picture, undecoded, at most 256 MiB. `kind` is `input` or `output`. */
  picture(name: string, kind?: 'input' | 'output'): Promise<Uint8Array>
  /** A folder of pictures below the input folder. Throws a WorkflowError that names the nearest. */
  folder(name: string): Promise<DatasetSource>
  /**
   * Writes `folder/cat.png` as `folder/cat_00001_.png` below the output folder, or with the next
   * free number. Whole or not at all. Throws a DeviceError where the disk is full.
   */
  save(pattern: string, bytes: FileBytes): Promise<SavedFile>
}

/** Far above a picture that `decodePicture` accepts. */
const maxPictureBytes = 256 * 2 ** 20

/** Opens nothing yet: folders are looked into when asked, so files may come and go. */
export function openFiles(folders: FileFolders): Files {
  const find = async (kind: string, name: string) => {
    const path = safeName(kind, name)
    for (const place of placesOf(folders, fileKind(kind))) {
      const found = await findIn(place, path)
      if (found !== undefined) return found
    }
    return undefined
  }
  const names = async (kind: string) => {
    const known = fileKind(kind)
    const lists = placesOf(folders, known).map((place) =>
      listPlace(place, fileKinds[known].endings),
    )
    const all = [...new Set((await Promise.all(lists)).flat())].sort()
    return known === 'input-folders' ? foldersOf(all) : all
  }
  const resolve = async (kind: string, name: string) => {
    const found = await find(kind, name)
    if (found !== undefined) return found
    throw unknownFile(kind, name, await names(kind), folders)
  }
  const resolveFile = async (kind: string, name: string, expected: string) => {
    const path = await resolve(kind, name)
    const found = await stat(path)
    if (found.isDirectory())
      throw new FormatError(
        `${name}: this is ${found.isDirectory() ? 'a folder' : 'no file'}, ${expected} expected`,
      )
    return { path, size: found.size }
  }
  return {
    names,
    resolve,
    async fingerprint(kind, name) {
      const found = await find(kind, name)
      if (found === undefined) return undefined
      if (kind === 'input-folders' && !(await stat(found)).isDirectory()) return undefined
      return fingerprintOf(found)
    },
    async header(kind, name) {
      return readSource(await resolve(kind, name), name)
    },
    async weights(kind, name) {
      const { path } = await resolveFile(kind, name, 'a safetensors file')
      return openSafetensors(path, name)
    },
    async picture(name, kind = 'input') {
      const { path, size } = await resolveFile(kind, name, 'a picture')
      if (size > maxPictureBytes) {
        throw new FormatError(
          `${name}: file has ${size} bytes, at most ${maxPictureBytes} can be read`,
        )
      }
      return readFile(path)
    },
    async folder(name) {
      const path = await resolve('input-folders', name)
      if ((await stat(path)).isDirectory()) return openFolder(path, name)
      throw new WorkflowError(`${name}: this is a file, a folder of pictures expected`)
    },
    async save(pattern, bytes) {
      const path = await saveNumbered(join(folders.output, safeName('output', pattern)), bytes)
      return { name: relative(folders.output, path).split(sep).join('/'), path }
    },
  }
}

function unknownFile(
  kind: string,
  name: string,
  names: readonly string[],
  { models, ...others }: FileFolders,
): WorkflowError {
  const isFolder = kind === 'input-folders'
  const place = isFolder ? 'input' : kind
  const folders = place === 'input' || place === 'output' ? others[place] : models.join(', ')
  const nearest = nearestNames(name, names)
  const advice = nearest.length > 0 ? `; did you mean ${nearest.join(' or ')}` : ''
  const thing = `${kind}: no ${isFolder ? 'folder' : 'file'} ${JSON.stringify(name)}`
  return new WorkflowError(`${thing}, expected one of the ${names.length} in ${folders}${advice}`)
}
