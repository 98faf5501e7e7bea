import { WorkflowError } from '../errors.ts'
import type { SubsetSettings } from './settings.ts'
import type { DatasetFile } from './source.ts'

/** Which files of a folder are the pictures of which subset. */

/** Endings of pictures, small letters. */
export const pictureEndings: readonly string[] = [
  ...['.png', '.jpg', '.jpeg', '.webp', '.avif'],
  // Not read: listed so that such a file is told about instead of being passed over.
  ...['.bmp', '.gif', '.tif', '.tiff', '.jxl', '.heic'],
]

/** A subset and the pictures in it, sorted by path. */
export interface SubsetFiles {
  readonly subset: SubsetSettings
  readonly pictures: readonly string[]
}

/**
 * Gives every picture to the subset with the deepest folder above it. Folders named
 * `<repeats>_<class tokens>`, as kohya's scripts expect, become subsets of their own: the number
 * multiplies `numRepeats`, the rest describes pictures without a caption. Folders of masks hold no
 * pictures. Throws a WorkflowError for two subsets in one folder.
 */
export function divideSubsets(
  files: readonly DatasetFile[],
  subsets: readonly SubsetSettings[],
): SubsetFiles[] {
  const masks = subsets.flatMap(({ conditioningDataDir: dir }) => (dir ? [folderPath(dir)] : []))
  const pictures = files
    .map(({ path }) => path)
    .filter((path) => isPicture(path) && !masks.some((folder) => isBelow(path, folder)))
  const named = subsets.map((subset) => ({ ...subset, imageDir: folderPath(subset.imageDir) }))
  checkFolders(named)
  const all = named.flatMap((subset) => [subset, ...countedFolders(subset, pictures, named)])
  const owners = all.map((subset) => ({ subset, pictures: [] as string[] }))
  const deepest = [...owners].sort((a, b) => b.subset.imageDir.length - a.subset.imageDir.length)
  for (const path of pictures) {
    const owner = deepest.find(({ subset }) => isBelow(path, subset.imageDir))
    if (owner && (owner.subset.recursive || parentOf(path) === owner.subset.imageDir)) {
      owner.pictures.push(path)
    }
  }
  return owners.filter(
    ({ subset, pictures: own }) =>
      own.length > 0 || !owners.some((other) => isInside(other.subset, subset)),
  )
}

/** True for a file that looks like a picture by its name. */
export function isPicture(path: string): boolean {
  const lower = path.toLowerCase()
  return pictureEndings.some((ending) => lower.endsWith(ending))
}

/** The path without its last ending. */
export function withoutEnding(path: string): string {
  return path.replace(/\.[^./]+$/, '')
}

/** The folder of a path, empty at the top. */
export function parentOf(path: string): string {
  return path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : ''
}

/** Parts joined with `/`, without empty ones and those that mean the same folder. */
export function folderPath(...parts: readonly string[]): string {
  return parts
    .flatMap((part) => part.replaceAll('\\', '/').split('/'))
    .filter((part) => part !== '' && part !== '.')
    .join('/')
}

/** True for a path in a folder, however deep; the empty folder holds everything. */
export function isBelow(path: string, folder: string): boolean {
  return folder === '' || path.startsWith(`${folder}/`)
}

function isInside(inner: SubsetSettings, outer: SubsetSettings): boolean {
  return inner.imageDir !== outer.imageDir && isBelow(inner.imageDir, outer.imageDir)
}

/** A subset for each `<repeats>_<class tokens>` folder with pictures right below a subset's. */
function countedFolders(
  subset: SubsetSettings,
  pictures: readonly string[],
  given: readonly SubsetSettings[],
): SubsetSettings[] {
  const depth = subset.imageDir === '' ? 0 : subset.imageDir.length + 1
  const children = pictures
    .filter((path) => isBelow(path, subset.imageDir))
    .map((path) => path.slice(depth).split('/'))
    .flatMap((parts) => (parts.length > 1 ? [parts[0]!] : []))
  return [...new Set(children)].flatMap((name) => {
    const [, count, tokens] = /^(\d{1,5})_(.+)$/.exec(name) ?? []
    const imageDir = folderPath(subset.imageDir, name)
    if (!count || !tokens || given.some((other) => other.imageDir === imageDir)) return []
    const numRepeats = subset.numRepeats * Number(count)
    return [{ ...subset, imageDir, numRepeats, classTokens: tokens }]
  })
}

function checkFolders(subsets: readonly SubsetSettings[]): void {
  const seen = new Set<string>()
  for (const { imageDir } of subsets) {
    if (seen.has(imageDir)) {
      const thing = `dataset: two subsets have the folder ${JSON.stringify(imageDir)}`
      throw new WorkflowError(`${thing}, one expected; give numRepeats instead`)
    }
    seen.add(imageDir)
  }
}
