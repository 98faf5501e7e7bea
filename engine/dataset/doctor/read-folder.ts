import { isUserError } from '../../errors.ts'
import { readPictureHeader } from '../../formats/picture.ts'
import { readDataset } from '../read-dataset.ts'
import type { Dataset, DatasetSettings } from '../settings.ts'
import type { DatasetSource } from '../source.ts'
import { isPicture } from '../subsets.ts'
import { unreadableFinding } from './examine.ts'
import type { Finding } from './findings.ts'

/** A folder as far as it can be read, and what of it cannot. */
export interface ReadableDataset {
  readonly dataset: Dataset
  readonly unreadable: readonly Finding[]
}

/**
 * Reads a folder that may hold broken pictures, or none: reading one for training refuses those.
 * Throws a FormatError or WorkflowError for captions and metadata that cannot be read.
 */
export async function readableDataset(
  source: DatasetSource,
  settings: DatasetSettings,
  name: string,
): Promise<ReadableDataset> {
  const files = await source.list()
  const unreadable: Finding[] = []
  const broken = new Set<string>()
  for (const { path } of files.filter((file) => isPicture(file.path))) {
    try {
      await readPictureHeader(path, await source.read(path))
    } catch (cause) {
      if (!isUserError(cause)) throw cause
      broken.add(path)
      unreadable.push(unreadableFinding(path, cause))
    }
  }
  const usable = { ...source, list: async () => files.filter(({ path }) => !broken.has(path)) }
  const left = files.filter(({ path }) => isPicture(path) && !broken.has(path))
  // The doctor tells about licences itself.
  const lenient = { ...settings, requireLicence: false }
  const dataset =
    left.length > 0
      ? await readDataset(usable, lenient, name)
      : { items: [], settings, key: 'empty', source: usable, problems: [] }
  return { dataset, unreadable }
}
