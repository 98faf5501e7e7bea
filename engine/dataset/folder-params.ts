import { z } from 'zod'
import { readDataset } from './read-dataset.ts'
import {
  type Dataset,
  type DatasetSettings,
  datasetKeys,
  parseDatasetSettings,
  subsetSchema,
} from './settings.ts'
import { type DatasetSource, joinSources } from './source.ts'
import { folderPath } from './subsets.ts'

/** What the dataset node asks for: one folder, a folder of the class, one of masks. */

const inputFolder = () => z.string().meta({ file: 'input-folders' })

/** Params of the dataset node. Keys that a dataset has too mean the same. */
export const folderParams = z.object({
  folder: inputFolder().describe('pictures and captions, below the input folder'),
  classFolder: inputFolder()
    .default('')
    .describe('pictures of the class for prior preservation, below the input folder'),
  classCaption: z.string().default('').describe('caption of pictures of the class without one'),
  maskFolder: inputFolder()
    .default('')
    .describe('masks named as their pictures, below the input folder'),
  ...datasetKeys,
  resolution: z.int().min(8).max(8192).default(512).describe('pixels: side, or width'),
  resolutionHeight: z.int().min(0).max(8192).default(0).describe('pixels; 0 is the width'),
  enableBucket: z.boolean().default(true).describe('sizes by aspect instead of one size'),
  ...captionParams(),
  subsets: z
    .array(subsetSchema)
    .default([])
    .describe('folders in the folder with settings of their own'),
})
/** The params, complete. */
export type FolderParams = z.output<typeof folderParams>

function captionParams() {
  const { imageDir, isReg, conditioningDataDir, customAttributes, ...shared } = subsetSchema.shape
  return shared
}

/** The names of the folders that the params need, each once. */
export function foldersOfParams({ folder, classFolder, maskFolder }: FolderParams): string[] {
  return [...new Set([folder, classFolder, maskFolder].filter((name) => name !== ''))]
}

/** The settings that the params mean. Throws a WorkflowError where they contradict each other. */
export function settingsOfParams(params: FolderParams): DatasetSettings {
  const { folder, classFolder, classCaption, maskFolder, subsets, ...shared } = params
  const { resolution, resolutionHeight } = params
  const masks = maskFolder === '' ? {} : { conditioningDataDir: maskFolder }
  const own = pick(shared, Object.keys(captionParams()))
  const main = { ...own, ...masks, imageDir: folder }
  const inner = subsets.map((subset) => ({
    ...subset,
    imageDir: folderPath(folder, subset.imageDir),
    ...(subset.conditioningDataDir && {
      conditioningDataDir: folderPath(folder, subset.conditioningDataDir),
    }),
  }))
  const ofClass = { ...own, imageDir: classFolder, isReg: true, classTokens: classCaption }
  const all = [
    ...(inner.some(({ imageDir }) => imageDir === folder) ? [] : [main]),
    ...inner,
    ...(classFolder === '' ? [] : [{ ...ofClass, numRepeats: 1 }]),
  ]
  return parseDatasetSettings({
    ...pick(shared, Object.keys(datasetKeys)),
    resolution: [resolution, resolutionHeight || resolution],
    subsets: all,
  })
}

/** Reads the dataset that the params mean; `open` gives a folder below the input folder. */
export async function readFolders(
  params: FolderParams,
  open: (name: string) => Promise<DatasetSource>,
): Promise<Dataset> {
  const settings = settingsOfParams(params)
  const sources = new Map<string, DatasetSource>()
  for (const name of foldersOfParams(params)) sources.set(folderPath(name), await open(name))
  return readDataset(joinSources(sources), settings, params.folder)
}

function pick(values: Readonly<Record<string, unknown>>, keys: readonly string[]) {
  return Object.fromEntries(keys.flatMap((key) => (key in values ? [[key, values[key]]] : [])))
}
