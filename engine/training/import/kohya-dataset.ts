import { FormatError } from '../../errors.ts'
import { isJsonObject } from '../../formats/strict-json.ts'
import {
  type Collected,
  collect,
  type Entry,
  emptyCollection,
  emptySections,
  type KeyTable,
  type Sections,
} from './collect.ts'
import { type DatasetSections, finishImport, type ImportedTraining, inherit } from './finish.ts'
import { datasetKeys, subsetKeys, subsetOnlyKeys } from './kohya-dataset-keys.ts'
import type { ConfigFile, Table } from './read.ts'
import { refuse } from './readers.ts'

/** A dataset file of sd-scripts alone. */
export function importKohyaDataset(file: ConfigFile, table: Table): ImportedTraining {
  const collected = emptyCollection()
  const datasets = readDatasets(file, table, collected, emptySections())
  return finishImport(file.name, 'dataset of sd-scripts', collected, datasets)
}

/** What an import reaches beside the file itself. */
export interface ImportFiles {
  /** A file that another one names. Throws where it cannot be read. */
  text(name: string): Promise<string>
  /** Names of the folders in a folder. Throws where it cannot be read. */
  folders(name: string): Promise<readonly string[]>
}

/** `[general]`, then `[[datasets]]`, then their subsets: what is nearer to a picture wins. */
export function readDatasets(
  file: ConfigFile,
  table: Table,
  collected: Collected,
  options: Sections,
): DatasetSections[] {
  const { general = {}, datasets = [], ...rest } = table
  const isDone = refuse('read elsewhere')
  collect(entriesOf(rest, file.name), { general: isDone, datasets: isDone }, collected)
  const shared = { ...datasetKeys, ...subsetKeys }
  const outer = part(tableOf(file, 'general', general), shared, 'general', collected)
  const read = tablesOf(file, 'datasets', datasets).map((dataset, index) => {
    const place = `datasets ${index + 1}`
    const { subsets = [], ...keys } = dataset
    const own = part(keys, shared, place, collected)
    const inner = tablesOf(file, `${place}.subsets`, subsets).map((subset, number) =>
      part(subset, { ...subsetKeys, ...subsetOnlyKeys }, `${place}.${number + 1}`, collected),
    )
    return {
      dataset: inherit(options.dataset, outer.dataset, own.dataset),
      subsets: inner.map((subset) =>
        inherit(options.subset, outer.subset, own.subset, subset.subset),
      ),
    }
  })
  setBatchSize(read, collected)
  return read
}

/** The dataset's batch size is that of the run; the run has one for all. */
function setBatchSize(datasets: readonly DatasetSections[], { sections, lines }: Collected): void {
  const given = datasets.map(({ dataset }) => dataset.get('batchSize'))
  const first = given.find((size) => size !== undefined)
  if (!first) return
  sections.train.set('trainBatchSize', first)
  const values = given.map((size) => size?.value ?? 1)
  if (values.every((value) => value === first.value)) return
  const why = 'a run has one batch size; that of the first dataset'
  const answer = { outcome: 'approximated', to: 'trainBatchSize', value: first.value } as const
  lines.push({ from: 'batch_size', given: values, ...answer, why })
}

/** Reads one table of a dataset file by itself; its lines and unknown keys join the others. */
function part(keys: Table, table: KeyTable, place: string, collected: Collected): Sections {
  const sections = emptySections()
  collect(entriesOf(keys, place), table, { ...collected, sections })
  return sections
}

function entriesOf(table: Table, place: string): Entry[] {
  return Object.entries(table).map(([key, value]) => ({ key, from: `${place}: ${key}`, value }))
}

function tableOf({ name }: ConfigFile, key: string, value: unknown): Table {
  if (isJsonObject(value)) return value
  throw new FormatError(`${name}: ${key} is no table, [${key}] expected`)
}

function tablesOf({ name }: ConfigFile, key: string, value: unknown): Table[] {
  if (Array.isArray(value) && value.every(isJsonObject)) return value
  throw new FormatError(`${name}: ${key} is no list of tables, [[${key}]] expected`)
}

/** `train_data_dir/10_shs cat`: repeats and class tokens are in the folders' names. */
export async function folderDatasets(
  all: ReadonlyMap<string, unknown>,
  files: ImportFiles,
  collected: Collected,
): Promise<DatasetSections[]> {
  const { sections, lines } = collected
  const subsets: Sections['subset'][] = []
  for (const [option, isReg] of [
    ['train_data_dir', false],
    ['reg_data_dir', true],
  ] as const) {
    const parent = all.get(option)
    if (!parent) continue
    for (const folder of await files.folders(String(parent))) {
      const [, repeats, classTokens] = /^(\d+)_(.*)$/.exec(folder) ?? []
      const from = `${option} ${folder}`
      if (repeats === undefined) {
        const why = 'no repeats in its name, as in 10_cat'
        lines.push({ from, given: folder, outcome: 'refused', why })
        continue
      }
      const value = { imageDir: `${parent}/${folder}`, numRepeats: Number(repeats), classTokens }
      lines.push({ from, given: folder, outcome: 'mapped', to: 'subset', value })
      const own = Object.entries({ ...value, isReg }).map(
        ([name, value]) => [name, { value, from }] as const,
      )
      subsets.push(inherit(sections.subset, new Map(own)))
    }
  }
  return subsets.length === 0 ? [] : [{ dataset: sections.dataset, subsets }]
}
