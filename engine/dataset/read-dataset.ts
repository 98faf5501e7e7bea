import { FormatError, WorkflowError } from '../errors.ts'
import { type PictureHeader, readPictureHeader } from '../formats/picture.ts'
import { sideCaptions } from './captions.ts'
import { datasetKey, hashBytes } from './content-key.ts'
import { attempt, type DatasetEntries, readEntries, shortList } from './entries.ts'
import { findMask, type MaskFile } from './masks.ts'
import type { Dataset, DatasetItem, DatasetSettings, SubsetSettings } from './settings.ts'
import type { DatasetSource } from './source.ts'
import { divideSubsets, parentOf } from './subsets.ts'

/**
 * Reads what a folder holds: pictures by their headers, captions, masks, licences. No picture is
 * decoded. `name` stands for the folder in messages. Throws a FormatError or WorkflowError that
 * names every file that cannot be used, each on a line of its own.
 */
export async function readDataset(
  source: DatasetSource,
  settings: DatasetSettings,
  name = 'dataset',
): Promise<Dataset> {
  const files = await source.list()
  const paths = new Set(files.map(({ path }) => path))
  const divided = divideSubsets(files, settings.subsets)
  checkNotEmpty(name, divided)
  const pictures = divided.flatMap((part) => part.pictures)
  const subsets = divided.map(({ subset }) => subset)
  const entries = await readEntries(source, paths, pictures, subsets)
  const faults = [...entries.faults]
  const found: Found[] = []
  for (const { subset, pictures: own } of divided) {
    for (const path of own) {
      if (entries.masks.has(path)) continue
      const item = await attempt(faults, () => readItem({ source, paths, entries }, path, subset))
      if (item) found.push(item)
    }
  }
  if (faults.length > 0) throw refusal(name, faults)
  const items = found.map(({ item }) => item)
  if (settings.requireLicence) checkLicences(name, items)
  const complete = { ...settings, subsets }
  const problems = [...entries.problems, ...strangeThings(name, found)]
  const key = await datasetKey({ items, settings: complete })
  return { items, settings: complete, key, source, problems }
}

interface Folder {
  readonly source: DatasetSource
  readonly paths: ReadonlySet<string>
  readonly entries: DatasetEntries
}

interface Found {
  readonly item: DatasetItem
  readonly header: PictureHeader
}

async function readItem(folder: Folder, path: string, subset: SubsetSettings): Promise<Found> {
  const { source, paths, entries } = folder
  const entry = entries.byPath.get(path)
  const bytes = await source.read(path)
  const header = await readPictureHeader(path, bytes)
  const mask = await findMask(folder, { path, header, subset, entry })
  const told = entry && entry.captions.length > 0 ? entry.captions : undefined
  const captions = told ?? (await sideCaptions(source, paths, path, subset)) ?? classOf(subset)
  const licence = entry?.licence ?? subset.licence
  const origin = entry?.source ?? subset.source
  const item: DatasetItem = {
    key: await hashBytes(bytes),
    path,
    width: header.width,
    height: header.height,
    caption: captions[0] ?? '',
    captions,
    repeats: subset.numRepeats,
    isRegularisation: subset.isReg,
    subset,
    ...maskKeys(mask),
    ...(licence && { licence }),
    ...(origin && { source: origin }),
  }
  return { item, header }
}

function classOf({ classTokens }: SubsetSettings): readonly string[] {
  return classTokens ? [classTokens] : []
}

function maskKeys(mask: MaskFile | undefined): Pick<DatasetItem, 'maskPath' | 'maskKey'> {
  return mask ? { maskPath: mask.path, maskKey: mask.key } : {}
}

function checkNotEmpty(name: string, divided: ReturnType<typeof divideSubsets>): void {
  const kinds = 'PNG, JPEG, WebP or AVIF expected'
  if (divided.every(({ pictures }) => pictures.length === 0)) {
    throw new FormatError(`${name}: no picture in it, at least one ${kinds}`)
  }
  const empty = divided.filter(({ pictures }) => pictures.length === 0)
  if (empty.length > 0) {
    const folders = shortList(empty.map(({ subset }) => subset.imageDir || 'the folder itself'))
    throw new FormatError(`${name}: no picture in ${folders}, at least one ${kinds}`)
  }
  if (divided.every(({ subset }) => subset.isReg)) {
    throw new WorkflowError(`${name}: only pictures of the class, others expected to be learned`)
  }
}

function checkLicences(name: string, items: readonly DatasetItem[]): void {
  const without = items.filter(({ licence }) => !licence).map(({ path }) => path)
  if (without.length === 0) return
  const remedy = 'give licence in metadata.jsonl or for the subset'
  throw new WorkflowError(
    `${name}: no licence for ${shortList(without)}, one for each picture expected; ${remedy}`,
  )
}

/** Nobody reads more lines than these; they are enough to see what is wrong. */
const mostFaults = 40

function refusal(name: string, faults: readonly string[]): FormatError {
  const lines = faults.flatMap((fault) => fault.split('\n'))
  const shown = lines.slice(0, mostFaults)
  if (lines.length > shown.length) shown.push(`and ${lines.length - shown.length} more`)
  const head = `${name}: ${lines.length} fault${lines.length > 1 ? 's' : ''}, none expected`
  return new FormatError([head, ...shown].join('\n  '))
}

function strangeThings(name: string, found: readonly Found[]): string[] {
  const learned = found.filter(({ item }) => !item.isRegularisation)
  const wordless = found.filter(({ item }) => item.caption === '')
  const seeThrough = found.filter(({ item, header }) => header.hasAlpha && !item.subset.alphaMask)
  const idle = found.filter(({ item }) => item.repeats === 0)
  const pathsOf = (some: readonly Found[]) => shortList(some.map(({ item }) => item.path))
  const problems: string[] = []
  if (learned.length === 1) {
    problems.push(`${name}: 1 picture, 10 or more give a LoRA something to generalise from`)
  }
  if (wordless.length > 0) problems.push(`no caption for ${pathsOf(wordless)}`)
  if (seeThrough.length > 0) {
    problems.push(`transparency is not used in ${pathsOf(seeThrough)}; see alphaMask`)
  }
  if (idle.length > 0) {
    const folders = new Set(idle.map(({ item }) => parentOf(item.path) || 'the folder itself'))
    problems.push(`never seen, numRepeats is 0: pictures in ${shortList([...folders])}`)
  }
  return problems
}
