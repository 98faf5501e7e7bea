import { isJsonObject } from '../../formats/strict-json.ts'
import { collect, type Entry, emptyCollection, type KeyTable } from './collect.ts'
import { finishImport, type ImportedTraining, singleDataset } from './finish.ts'
import type { ImportFiles } from './kohya-dataset.ts'
import { snakeCase } from './kohya-options.ts'
import { plainKeys, plainTables } from './plain-keys.ts'
import type { ConfigFile, Table } from './read.ts'
import { readSamplePrompts } from './sample-prompts.ts'

/** A plain list of settings, such as YAML with `learning rate`, `batch size` and `epochs`. */
export async function importPlain(
  file: ConfigFile,
  table: Table,
  files: ImportFiles,
): Promise<ImportedTraining> {
  const paths = entriesOf(table, [], [])
  const optimizer = paths.find(({ key }) => optimizerNames.has(key))?.value
  const keys = plainKeys(optimizer)
  const entries = paths.map((entry) => ({ ...entry, key: known(entry.key, keys) }))
  const collected = emptyCollection()
  const isPrompts = ({ key }: Entry) => promptNames.has(key)
  collect(
    entries.filter((entry) => !isPrompts(entry)),
    keys,
    collected,
  )
  for (const { from = '', value } of entries.filter(isPrompts)) {
    const prompts = await promptsOf(value, files)
    collected.sections.train.set('samplePrompts', { value: prompts, from })
    const line = { from, given: value, to: 'samplePrompts', value: prompts }
    collected.lines.push({ ...line, outcome: 'mapped' })
  }
  return finishImport(file.name, 'plain settings', collected, singleDataset(collected.sections))
}

const optimizerNames = new Set([
  ...['optimizer', 'optimiser', 'optimizer_type', 'optimizer.name', 'optimizer.type'],
])

const promptNames = new Set(['sample_prompts', 'prompts', 'samples.prompts', 'sample_prompt'])

/** Tables that mean something by themselves are opened; keys keep what they stand in. */
function entriesOf(table: Table, place: readonly string[], meaning: readonly string[]): Entry[] {
  return Object.entries(table).flatMap(([key, value]) => {
    const name = snakeCase(key)
    const from = [...place, key]
    if (isJsonObject(value) && Object.hasOwn(plainTables, name)) {
      const inner = plainTables[name]!
      return entriesOf(value, from, inner === '' ? meaning : [inner])
    }
    return [{ key: [...meaning, name].join('.'), from: from.join('.'), value }]
  })
}

/** The key in its table if it means something there, else by itself. */
function known(key: string, keys: KeyTable): string {
  if (Object.hasOwn(keys, key) || promptNames.has(key)) return key
  return key.slice(key.lastIndexOf('.') + 1)
}

async function promptsOf(value: unknown, files: ImportFiles): Promise<unknown> {
  if (typeof value === 'string' && /\.(txt|toml|json)$/.test(value)) {
    return readSamplePrompts({ name: value, text: await files.text(value) }).prompts
  }
  const list = Array.isArray(value) ? value : [value]
  return list.map((prompt: unknown) => (typeof prompt === 'string' ? { prompt } : prompt))
}
