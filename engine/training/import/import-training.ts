import { FormatError } from '../../errors.ts'
import { importAiToolkit } from './ai-toolkit.ts'
import type { ImportedTraining } from './finish.ts'
import { importKohya, kohyaEntries } from './kohya.ts'
import { type ImportFiles, importKohyaDataset } from './kohya-dataset.ts'
import { importOneTrainer } from './one-trainer.ts'
import { importPlain } from './plain.ts'
import { type ConfigFile, type ConfigForm, readConfig, type Table } from './read.ts'
import { commandLineOptions } from './words.ts'

/**
 * Reads the configuration of another training tool: a TOML file of sd-scripts (options or
 * dataset), a command line of it in a text or script, JSON of OneTrainer, YAML of ai-toolkit, or
 * plain settings in YAML or JSON. `dataset` is a dataset file of sd-scripts beside the options.
 * Throws a FormatError where the file cannot be read, has keys that nobody knows, or values that
 * are not allowed; all of them are listed.
 */
export async function importTraining(
  file: ConfigFile,
  files: ImportFiles,
  dataset?: ConfigFile,
): Promise<ImportedTraining> {
  const ending = /\.([^./\\]+)$/.exec(file.name)?.[1]?.toLowerCase() ?? ''
  const form = forms[ending]
  if (!form) {
    return await importKohya(file.name, commandLineOptions(file.name, file.text), files, dataset)
  }
  const table = readConfig(file, form)
  const found = kinds.find(({ recognise }) => recognise(table, form))
  if (!found) throw new FormatError(`${file.name}: no settings in it, a training expected`)
  return await found.read({ file, table, files, dataset })
}

const forms: Readonly<Record<string, ConfigForm>> = {
  toml: 'toml',
  yaml: 'yaml',
  yml: 'yaml',
  json: 'json',
}

interface Request {
  readonly file: ConfigFile
  readonly table: Table
  readonly files: ImportFiles
  readonly dataset: ConfigFile | undefined
}

interface Kind {
  readonly recognise: (table: Table, form: ConfigForm) => boolean
  readonly read: (request: Request) => ImportedTraining | Promise<ImportedTraining>
}

/** The first that recognises a file reads it. */
const kinds: readonly Kind[] = [
  {
    recognise: (table) => has(table, 'training_method'),
    read: ({ file, table, files }) => importOneTrainer(file, table, files),
  },
  {
    recognise: ({ config }) => has(config, 'process'),
    read: ({ file, table }) => importAiToolkit(file, table),
  },
  {
    recognise: (table, form) => form === 'toml' && has(table, 'datasets'),
    read: ({ file, table }) => importKohyaDataset(file, table),
  },
  {
    recognise: (table, form) => form === 'toml' || has(table, 'pretrained_model_name_or_path'),
    read: ({ file, table, files, dataset }) =>
      importKohya(file.name, kohyaEntries(table), files, dataset),
  },
  {
    recognise: (table) => Object.keys(table).length > 0,
    read: ({ file, table, files }) => importPlain(file, table, files),
  },
]

function has(table: unknown, key: string): boolean {
  return typeof table === 'object' && table !== null && Object.hasOwn(table, key)
}
