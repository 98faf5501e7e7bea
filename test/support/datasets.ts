import { createHash } from 'node:crypto'
import {
  type Dataset,
  type DatasetItem,
  datasetSchema,
  subsetSchema,
} from '../../engine/dataset/settings.ts'
import type { DatasetSource } from '../../engine/dataset/source.ts'

/** A folder in memory: files by path. */
export function memoryFolder(files: Readonly<Record<string, Uint8Array | string>>): DatasetSource {
  const bytesOf = (path: string) => {
    const content = files[path]
    if (content === undefined) throw new Error(`${path} is not there`)
    return typeof content === 'string' ? new TextEncoder().encode(content) : content
  }
  return {
    list: async () =>
      Object.keys(files)
        .sort()
        .map((path) => ({ path, size: bytesOf(path).length, modified: 0 })),
    read: async (path) => bytesOf(path),
    hash: async (path) => createHash('sha256').update(bytesOf(path)).digest('hex'),
  }
}

/** An item without a file, for what looks at sizes and captions only. */
export function itemOf(
  width: number,
  height: number,
  { subset = {}, ...rest }: Partial<Omit<DatasetItem, 'subset'>> & { subset?: object } = {},
): DatasetItem {
  return {
    key: `${width}x${height}`,
    path: `${width}x${height}.png`,
    width,
    height,
    caption: rest.captions?.[0] ?? '',
    captions: [],
    repeats: 1,
    isRegularisation: false,
    subset: subsetSchema.parse(subset),
    ...rest,
  }
}

/** A dataset of items that share one subset. */
export function datasetOf(items: readonly DatasetItem[], settings: object = {}): Dataset {
  const subset = items[0]?.subset ?? subsetSchema.parse({})
  return {
    items: items.map((item) => ({ ...item, subset })),
    settings: { ...datasetSchema.parse(settings), subsets: [subset] },
    key: 'key',
    source: memoryFolder({}),
    problems: [],
  }
}
