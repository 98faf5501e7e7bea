import { stat } from 'node:fs/promises'
import { sideCaptions } from '../../dataset/captions.ts'
import { readEntries } from '../../dataset/entries.ts'
import { datasetSchema } from '../../dataset/settings.ts'
import { isPicture } from '../../dataset/subsets.ts'
import { FormatError, WorkflowError } from '../../errors.ts'
import { shownPlaces } from '../../executor/shown-dataset.ts'
import type { Workbench } from '../../executor/types.ts'
import { foldersOf, openFolder } from '../../files/folder.ts'
import { replaceFile } from '../../files/save.ts'
import type { DatasetReply } from '../../protocol/index.ts'
import { pathInside, visibleName } from '../library/inside.ts'
import { pictureSize } from '../library/picture-size.ts'
import { sideFile, withRows } from './captions-file.ts'

/** A folder of pictures below the input folder. */
export interface DatasetFolder {
  readonly folder: string
  readonly pictures: number
}

/** Folders of training pictures and their captions. */
export interface Datasets {
  list(): Promise<readonly DatasetFolder[]>
  /**
   * With buckets and crops, from the heads of the files; faults of captions become findings.
   * Throws a WorkflowError where there is no such folder.
   */
  read(folder: string): Promise<DatasetReply>
  /** As the doctor sees it, who looks at every picture: some seconds for a large folder. */
  check(folder: string): Promise<DatasetReply>
  /** Captions by picture below the folder; an empty one is written too. */
  writeCaptions(folder: string, captions: Readonly<Record<string, string>>): Promise<void>
}

/** Opens the datasets of an input folder. */
export function openDatasets({
  input,
  workbench,
}: {
  readonly input: string
  readonly workbench: Pick<Workbench, 'dataset'>
}): Datasets {
  const present = async (folder: string) => {
    const name = visibleName('input', folder)
    const path = await pathInside(input, 'input', name)
    const found = await stat(path).catch(() => undefined)
    if (found?.isDirectory()) return { name, path }
    throw new WorkflowError(`input: no folder ${JSON.stringify(name)}, an existing one expected`)
  }
  return {
    list: () => listDatasets(input),
    read: async (folder) => {
      const { name, path } = await present(folder)
      return readDatasetFolder(path, name)
    },
    check: async (folder) => {
      const { name, path } = await present(folder)
      return { ...((await workbench.dataset(path)) as DatasetReply), folder: name }
    },
    writeCaptions: async (folder, captions) =>
      writeCaptions(await pathInside(input, 'input', folder), captions),
  }
}

/** Folders below the input folder that hold pictures, directly or deeper. */
export async function listDatasets(input: string): Promise<DatasetFolder[]> {
  const pictures = (await openFolder(input, 'input').list()).filter(({ path }) => isPicture(path))
  const paths = pictures.map(({ path }) => path)
  return foldersOf(paths).map((folder) => ({
    folder,
    pictures: paths.filter((path) => path.startsWith(`${folder}/`)).length,
  }))
}

/** Pictures, captions, buckets and crops of a folder without the doctor; faults are findings. */
export async function readDatasetFolder(path: string, name: string): Promise<DatasetReply> {
  const { source, paths, pictures, entries, subset } = await opened(path, name)
  const placeOf = shownPlaces()
  const found: DatasetReply['entries'] = []
  for (const file of pictures) {
    const told = entries.byPath.get(file)?.captions ?? []
    const size = pictureSize(await source.read(file))
    if (!size || entries.masks.has(file)) continue
    const beside = await sideCaptions(source, paths, file, subset).catch(() => undefined)
    const caption = told[0] ?? beside?.[0]
    found.push({ file, ...size, ...(caption !== undefined && { caption }), ...placeOf(size) })
  }
  const faults = [...entries.faults, ...entries.problems]
  return {
    folder: name,
    entries: found,
    findings: faults.map((message) => ({ severity: 'error', message })),
    tags: tagCounts(found.map(({ caption = '' }) => caption)),
  }
}

/**
 * Writes captions where they are read from: into the row of `metadata.jsonl` that describes the
 * picture, else into the text beside it. Each file whole. Throws a FormatError before anything is
 * written where a picture is not there, and a WorkflowError for names that leave the folder.
 */
export async function writeCaptions(
  folder: string,
  captions: Readonly<Record<string, string>>,
): Promise<void> {
  const { source, paths, pictures, entries } = await opened(folder, 'captions')
  const known = new Set(pictures)
  const rows = new Map<string, Map<string, string>>()
  const writes: [path: string, text: string][] = []
  for (const [name, caption] of Object.entries(captions)) {
    const file = visibleName('captions', name)
    if (!known.has(file))
      throw new FormatError(`${name}: no such picture, one of the folder expected`)
    const entry = entries.byPath.get(file)
    if (entry && entry.captions.length > 0) {
      const metadata = entry.folder === '' ? 'metadata.jsonl' : `${entry.folder}/metadata.jsonl`
      const row = rows.get(metadata) ?? new Map<string, string>()
      rows.set(metadata, row.set(entry.file, caption))
    } else writes.push([sideFile(file, paths), caption === '' ? '' : `${caption.trimEnd()}\n`])
  }
  for (const [file, changes] of rows) {
    writes.push([file, withRows(file, await source.read(file), changes)])
  }
  const targets: [string, string][] = []
  for (const [file, text] of writes)
    targets.push([await pathInside(folder, 'captions', file), text])
  for (const [path, text] of targets) await replaceFile(path, Buffer.from(text))
}

async function opened(folder: string, name: string) {
  const source = openFolder(folder, name)
  const files = await source.list()
  const paths = new Set(files.map(({ path }) => path))
  const pictures = [...paths].filter(isPicture)
  const { subsets } = datasetSchema.parse({ subsets: [{}] })
  const entries = await readEntries(source, paths, pictures, subsets)
  return { source, paths, pictures, entries, subset: subsets[0]! }
}

/** Comma-separated parts with how many captions carry them, the most common first. */
function tagCounts(captions: readonly string[]): DatasetReply['tags'] {
  const counts = new Map<string, number>()
  for (const caption of captions) {
    const tags = caption.split(',').map((tag) => tag.trim())
    for (const tag of new Set(tags.filter(Boolean))) counts.set(tag, (counts.get(tag) ?? 0) + 1)
  }
  const tags = [...counts].map(([tag, count]) => ({ tag, count }))
  return tags.sort((a, b) => b.count - a.count || Number(a.tag > b.tag) - Number(a.tag < b.tag))
}
