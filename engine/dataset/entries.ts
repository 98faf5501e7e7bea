import { isUserError, messageOf } from '../errors.ts'
import { type PictureEntry, readMetadata } from './metadata-jsonl.ts'
import type { SubsetSettings } from './settings.ts'
import type { DatasetSource } from './source.ts'
import { folderPath, parentOf, withoutEnding } from './subsets.ts'

/** What the metadata files of a dataset say, by the path of the picture. */
export interface DatasetEntries {
  readonly byPath: ReadonlyMap<string, PictureEntry & { readonly folder: string }>
  /** Files that are masks of others. */
  readonly masks: ReadonlySet<string>
  readonly faults: readonly string[]
  readonly problems: readonly string[]
}

/**
 * Reads every `metadata.jsonl` of the folder and the `metadataFile` of every subset. A name in one
 * is looked for below its folder, then below the subset's; a whole path of another machine or a
 * name without ending counts by its last part where that is found once.
 */
export async function readEntries(
  source: DatasetSource,
  paths: ReadonlySet<string>,
  pictures: readonly string[],
  subsets: readonly SubsetSettings[],
): Promise<DatasetEntries> {
  const byPath = new Map<string, PictureEntry & { folder: string }>()
  const faults: string[] = []
  const problems: string[] = []
  const find = finder(pictures)
  for (const { path, folders } of metadataFiles(paths, subsets, faults)) {
    const entries = await attempt(faults, async () => readMetadata(path, await source.read(path)))
    const lost: string[] = []
    for (const entry of entries ?? []) {
      const picture = find(entry.file, folders)
      if (picture === undefined) lost.push(entry.file)
      else byPath.set(picture, { ...entry, folder: parentOf(path) })
    }
    if (lost.length > 0) problems.push(`${path}: no picture for ${shortList(lost)}`)
  }
  const masks = [...byPath.values()].flatMap(({ folder, mask }) =>
    mask ? [folderPath(folder, mask)] : [],
  )
  return { byPath, masks: new Set(masks), faults, problems }
}

/** Up to five names and how many more there are. */
export function shortList(names: readonly string[]): string {
  const more = names.length > 5 ? ` and ${names.length - 5} more` : ''
  return names.slice(0, 5).join(', ') + more
}

/** Runs something and notes what a user can mend; undefined where that failed. */
export async function attempt<T>(faults: string[], run: () => Promise<T>): Promise<T | undefined> {
  try {
    return await run()
  } catch (cause) {
    if (!isUserError(cause)) throw cause
    faults.push(messageOf(cause))
    return undefined
  }
}

function metadataFiles(
  paths: ReadonlySet<string>,
  subsets: readonly SubsetSettings[],
  faults: string[],
): Iterable<{ path: string; folders: string[] }> {
  const files = new Map<string, string[]>()
  for (const path of paths) {
    if (/(^|\/)metadata\.jsonl$/.test(path)) files.set(path, [parentOf(path)])
  }
  for (const { metadataFile, imageDir } of subsets) {
    if (!metadataFile) continue
    const candidates = [folderPath(metadataFile), folderPath(imageDir, metadataFile)]
    const path = candidates.find((candidate) => paths.has(candidate))
    if (path === undefined) faults.push(`${metadataFile}: no such file, metadata expected`)
    else files.set(path, [parentOf(path), imageDir, ...(files.get(path) ?? [])])
  }
  return [...files].map(([path, folders]) => ({ path, folders }))
}

function finder(pictures: readonly string[]) {
  const known = new Set(pictures)
  const byName = Map.groupBy(pictures, (path) => path.slice(path.lastIndexOf('/') + 1))
  const byStem = Map.groupBy(pictures, (path) =>
    withoutEnding(path.slice(path.lastIndexOf('/') + 1)),
  )
  return (file: string, folders: readonly string[]): string | undefined => {
    const direct = folders.map((folder) => folderPath(folder, file))
    const found = direct.find((path) => known.has(path))
    if (found !== undefined) return found
    const name = folderPath(file).split('/').at(-1) ?? ''
    const alike = byName.get(name) ?? byStem.get(name) ?? []
    return alike.length === 1 ? alike[0] : undefined
  }
}
