import { FormatError } from '../../errors.ts'
import { isJsonObject } from '../../formats/strict-json.ts'
import { processKeysFor, toolkitDatasetKeys } from './ai-toolkit-keys.ts'
import {
  type Collected,
  collect,
  type Entry,
  emptyCollection,
  emptySections,
  valuesOf,
} from './collect.ts'
import { type DatasetSections, finishImport, type ImportedTraining, inherit } from './finish.ts'
import type { ConfigFile, Table } from './read.ts'

/** The YAML of ai-toolkit: its first process, with network, save, train, model, sample. */
export function importAiToolkit(file: ConfigFile, table: Table): ImportedTraining {
  const config = isJsonObject(table.config) ? table.config : {}
  const list = Array.isArray(config.process) ? config.process : []
  const process: unknown = list[0]
  if (!isJsonObject(process)) {
    throw new FormatError(`${file.name}: config.process is no list, one process expected`)
  }
  const collected = emptyCollection()
  const { datasets = [], ...own } = process
  const train = isJsonObject(own.train) ? own.train : {}
  const entries = [
    ...flat({ ...table, config: { ...config, process: undefined } }),
    ...flat(own),
  ].filter(({ value }) => value !== undefined)
  collect(entries, processKeysFor(train.optimizer), collected)
  placePrompts(collected)
  const read = Array.isArray(datasets) ? datasets.filter(isJsonObject) : []
  return finishImport(
    file.name,
    'ai-toolkit',
    collected,
    read.flatMap((dataset, index) => datasetsOf(dataset, `datasets ${index + 1}`, collected)),
  )
}

/** One dataset for each resolution, as ai-toolkit makes them. */
function datasetsOf(dataset: Table, place: string, collected: Collected): DatasetSections[] {
  const sections = { ...emptySections(), train: collected.sections.train }
  const entries = flat(dataset).map((entry) => ({ ...entry, from: `${place}: ${entry.key}` }))
  collect(entries, toolkitDatasetKeys, { ...collected, sections })
  const from = `${place}: resolution`
  const buckets = sections.dataset.get('enableBucket') ?? { value: true, from: `${place}: buckets` }
  return [dataset.resolution ?? 512].flat().map((resolution) => ({
    dataset: inherit(
      collected.sections.dataset,
      sections.dataset,
      new Map([
        ['enableBucket', buckets],
        ['resolution', { value: resolution, from }],
        // The largest picture of a bucket is as large as the resolution asks for.
        ['maxBucketReso', { value: Math.max(1024, 2 * Number(resolution)), from }],
        ['minBucketReso', { value: Math.min(256, Number(resolution)), from }],
      ]),
    ),
    subsets: [sections.subset],
  }))
}

/** The texts of `sample` share one size, seed and so on; `walk_seed` counts the seed up. */
function placePrompts({ sections }: Collected): void {
  const { prompts, walk, ...common } = valuesOf(sections.sample)
  if (!Array.isArray(prompts)) return
  const seed = Number(common.seed ?? 0)
  const value = prompts.map((prompt: unknown, index) => ({
    ...common,
    seed: walk === true ? seed + index : seed,
    prompt,
  }))
  sections.train.set('samplePrompts', { value, from: 'sample.prompts' })
}

/** Keys of tables within tables, with dots. */
function flat(table: Table, place = ''): Entry[] {
  return Object.entries(table).flatMap(([key, value]) =>
    isJsonObject(value) ? flat(value, `${place}${key}.`) : [{ key: place + key, value }],
  )
}
