import { FormatError } from '../errors.ts'
import { type PictureHeader, readPictureHeader } from '../formats/picture.ts'
import { hashBytes } from './content-key.ts'
import type { PictureEntry } from './metadata-jsonl.ts'
import type { SubsetSettings } from './settings.ts'
import type { DatasetSource } from './source.ts'
import { folderPath, isBelow, isPicture, withoutEnding } from './subsets.ts'

/** A mask of a picture. */
export interface MaskFile {
  readonly path: string
  /** SHA-256 of its bytes. */
  readonly key: string
}

/** A picture whose mask is wanted. */
export interface MaskedPicture {
  readonly path: string
  readonly header: PictureHeader
  readonly subset: SubsetSettings
  /** With the folder that names in it are below. */
  readonly entry: (PictureEntry & { readonly folder: string }) | undefined
}

/** Masks are drawn at other sizes, so sides may be off by this share of the aspect. */
const aspectTolerance = 0.02

/**
 * The mask that metadata names, else the file in `conditioningDataDir` named as the picture, with
 * whatever ending. Undefined where the subset has no masks. Throws a FormatError for one that is
 * missing, no picture, or of another aspect.
 */
export async function findMask(
  { source, paths }: { readonly source: DatasetSource; readonly paths: ReadonlySet<string> },
  { path, header, subset, entry }: MaskedPicture,
): Promise<MaskFile | undefined> {
  const folder = subset.conditioningDataDir
  if (!entry?.mask && !folder) return undefined
  const mask = entry?.mask
    ? [folderPath(entry.folder, entry.mask)].find((named) => paths.has(named))
    : sameName(paths, path, subset)
  if (mask === undefined) {
    const place = entry?.mask ?? `a picture of its name in ${folder}`
    throw new FormatError(`${path}: no mask, ${place} expected`)
  }
  const bytes = await source.read(mask)
  const size = await readPictureHeader(mask, bytes)
  const aspects = (size.width / size.height) * (header.height / header.width)
  if (Math.abs(Math.log(aspects)) > aspectTolerance) {
    const wanted = `the aspect of ${header.width} x ${header.height} of ${path}`
    throw new FormatError(`${mask}: mask is ${size.width} x ${size.height}, ${wanted} expected`)
  }
  return { path: mask, key: await hashBytes(bytes) }
}

/** `masks/a/cat.png` for `pictures/a/cat.jpg`. */
function sameName(
  paths: ReadonlySet<string>,
  picture: string,
  { imageDir, conditioningDataDir = '' }: SubsetSettings,
): string | undefined {
  const below = imageDir === '' ? picture : picture.slice(imageDir.length + 1)
  const folder = folderPath(conditioningDataDir)
  const exact = folderPath(folder, below)
  if (paths.has(exact)) return exact
  const stem = withoutEnding(exact)
  const alike = [...paths].filter((path) => isBelow(path, folder) && isPicture(path))
  return alike.find((path) => withoutEnding(path) === stem)
}
