import { isJsonObject } from '../../formats/strict-json.ts'
import { type Collected, collect, type Entry, emptyCollection, type KeyTable } from './collect.ts'
import { finishImport, type ImportedTraining } from './finish.ts'
import { folderDatasets, type ImportFiles, readDatasets } from './kohya-dataset.ts'
import { keyValues, lycorisDefaults, networkArgs } from './kohya-network.ts'
import { optimizerArgs } from './kohya-optimizer.ts'
import { kohyaOptions } from './kohya-options.ts'
import { type ConfigFile, readConfig, type Table } from './read.ts'
import { refuse } from './readers.ts'
import { readSamplePrompts, sampleSampler } from './sample-prompts.ts'

/** A configuration or a command line of sd-scripts, and the dataset file that it may name. */
export async function importKohya(
  file: string,
  options: readonly Entry[],
  files: ImportFiles,
  dataset?: ConfigFile,
): Promise<ImportedTraining> {
  const collected = emptyCollection()
  const all = new Map(options.map(({ key, value }) => [key, value]))
  const special = new Set(Object.keys(specialKeys))
  collect(
    options.filter(({ key }) => !special.has(key)),
    { ...kohyaOptions, ...specialKeys },
    collected,
  )
  collectArguments(all, collected)
  await collectPrompts(all, files, collected)
  const named = all.get('dataset_config')
  const config =
    dataset ?? (named ? { name: String(named), text: await files.text(String(named)) } : undefined)
  const datasets = config
    ? readDatasets(config, readConfig(config, 'toml'), collected, collected.sections)
    : await folderDatasets(all, files, collected)
  return finishImport(file, 'sd-scripts', collected, datasets)
}

/** A configuration file's keys; those in tables count as if they stood outside. */
export function kohyaEntries(table: Table): Entry[] {
  return Object.entries(table).flatMap(([key, value]) =>
    isJsonObject(value)
      ? Object.entries(value).map(([key, value]) => ({ key, value }))
      : [{ key, value }],
  )
}

const isDone = refuse('read elsewhere')

/** Options that are read together with others or with files; here for their names. */
const specialKeys: KeyTable = Object.fromEntries(
  [
    ...['network_args', 'optimizer_args', 'lr_scheduler_args', 'sample_prompts'],
    ...['sample_sampler', 'dataset_config', 'train_data_dir', 'reg_data_dir', 'config_file'],
  ].map((key) => [key, isDone]),
)

function collectArguments(all: ReadonlyMap<string, unknown>, collected: Collected): void {
  const groups: readonly (readonly [string, KeyTable])[] = [
    ['network_args', networkArgs],
    ['optimizer_args', optimizerArgs(all.get('optimizer_type'))],
    ['lr_scheduler_args', {}],
  ]
  for (const [option, table] of groups) {
    const given = keyValues(all.get(option))
    collect(withPlace(given, option), table, collected)
    if (option !== 'network_args') continue
    const usual = lycorisDefaults(all, new Map(given.map(({ key, value }) => [key, value])))
    collect(withPlace(usual, 'network_args, by default'), table, collected)
  }
}

function withPlace(entries: readonly Entry[], option: string): Entry[] {
  return entries.map((entry) => ({ ...entry, from: `${option} ${entry.key}` }))
}

async function collectPrompts(
  all: ReadonlyMap<string, unknown>,
  files: ImportFiles,
  { sections, lines }: Collected,
): Promise<void> {
  const name = all.get('sample_prompts')
  const sampler = String(all.get('sample_sampler') ?? 'ddim')
  const usual = sampleSampler(sampler)
  if (all.has('sample_sampler')) {
    const answer = usual
      ? { outcome: 'mapped' as const, to: 'samplePrompts.sampler', value: usual }
      : { outcome: 'refused' as const, why: 'no such sampler; ddim is used' }
    lines.push({ from: 'sample_sampler', given: sampler, ...answer })
  }
  if (!name) return
  const given = String(name)
  const { prompts, left } = readSamplePrompts({ name: given, text: await files.text(given) })
  const value = prompts.map((prompt) => ({ ...(usual ? { sampler: usual } : {}), ...prompt }))
  const from = 'sample_prompts'
  sections.train.set('samplePrompts', { value, from })
  lines.push({ from, given, outcome: 'mapped', to: 'samplePrompts', value })
  for (const flag of new Set(left)) {
    const why = 'not part of a sample here'
    lines.push({ from: `${from} ${flag}`, given: true, outcome: 'refused', why })
  }
}
