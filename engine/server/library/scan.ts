import { realpath, stat } from 'node:fs/promises'
import { join, sep } from 'node:path'
import { type FileFolders, fileKinds, findIn, listPlace, placesOf } from '../../files/places.ts'
import type { AssetKind } from '../../protocol/index.ts'
import { pathInside, visibleName } from './inside.ts'

/** A file of a kind, found on the disk. */
export interface FoundFile {
  readonly kind: AssetKind
  readonly name: string
  readonly path: string
  readonly bytes: number
  /** Milliseconds since 1970. */
  readonly modified: number
  readonly stamp: string
  /** A picture that shows it: itself, or one that lies beside it. */
  readonly picture: string | undefined
  /** True in the folder of its kind; elsewhere it may be of another. */
  readonly isOwn: boolean
}

/** Folders of pictures: what is in them is shown to browsers and taken from them. */
export function isPictureKind(kind: AssetKind): kind is 'input' | 'output' {
  return kind === 'input' || kind === 'output'
}

const pictureEndings = fileKinds.input.endings
/** What lies beside `a.safetensors` and shows it. */
const beside = [...pictureEndings, ...pictureEndings.map((ending) => `.preview${ending}`)]

/** All files of a kind. The first place that has a name counts. */
export async function scanKind(folders: FileFolders, kind: AssetKind): Promise<FoundFile[]> {
  const found = new Map<string, FoundFile>()
  for (const place of placesOf(folders, kind)) {
    const { endings } = fileKinds[kind]
    const all = await listPlace(place, [...new Set([...endings, ...pictureEndings])])
    const names = new Set(all)
    const root = await realpath(place.folder).catch(() => place.folder)
    const wanted = all.filter((name) => !found.has(name) && (isOfKind(name) || !hasEnding(name)))
    function isOfKind(name: string): boolean {
      return endings.some((ending) => name.toLowerCase().endsWith(ending))
    }
    for (let at = 0; at < wanted.length; at += 64) {
      const batch = wanted.slice(at, at + 64).map((name) => look(name))
      for (const file of await Promise.all(batch)) if (file) found.set(file.name, file)
    }
    async function look(name: string): Promise<FoundFile | undefined> {
      const path = join(place.folder, name)
      const state = await stat(path).catch(() => undefined)
      if (!state) return undefined
      // Big models are often linked in from elsewhere; pictures that leave are not shown.
      if (isPictureKind(kind)) {
        const real = await realpath(path).catch(() => '')
        if (!real.startsWith(root + sep)) return undefined
      }
      return {
        ...{ kind, name, path },
        bytes: state.isFile() ? state.size : 0,
        modified: state.mtimeMs,
        stamp: `${state.size}-${state.mtimeMs}`,
        picture: isPictureKind(kind) ? path : pictureOf(place.folder, name, names),
        isOwn: place.except.size === 0,
      }
    }
  }
  return [...found.values()]
}

/** Absolute path of a file of a kind. Throws a WorkflowError for names that leave its folders. */
export async function findFile(
  folders: FileFolders,
  kind: AssetKind,
  name: string,
): Promise<string | undefined> {
  const safe = visibleName(kind, name)
  for (const place of placesOf(folders, kind)) {
    if (isPictureKind(kind)) await pathInside(place.folder, kind, safe)
    const path = await findIn(place, safe)
    const { endings } = fileKinds[kind]
    const fits = endings.some((ending) => safe.toLowerCase().endsWith(ending))
    if (path !== undefined && (fits || !isPictureKind(kind))) return path
  }
  return undefined
}

function hasEnding(name: string): boolean {
  return [...pictureEndings, '.safetensors'].some((ending) => name.toLowerCase().endsWith(ending))
}

function pictureOf(folder: string, name: string, names: ReadonlySet<string>) {
  const stem = name.replace(/\.[^./]+$/, '')
  const found = beside.map((ending) => stem + ending).find((picture) => names.has(picture))
  return found && join(folder, found)
}
