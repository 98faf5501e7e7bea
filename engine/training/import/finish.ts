import { type DatasetInput, type DatasetSettings, datasetSchema } from '../../dataset/settings.ts'
import { FormatError } from '../../errors.ts'
import { parseSettings } from '../settings/parse.ts'
import { datasetProblems } from '../settings/with-dataset.ts'
import { type TrainSettings, type TrainSettingsInput, trainSchema } from '../settings.ts'
import { type Collected, type Placed, refuseUnknown, type Sections, valuesOf } from './collect.ts'
import type { ImportReport } from './report.ts'

/** A folder of pictures and how they are read. */
export interface ImportedDataset {
  /** The folder that all folders of the settings are below; as the file has it. */
  readonly folder: string
  readonly settings: DatasetInput
}

/** The model that is trained, as the file names it. */
export interface ImportedModel {
  readonly checkpoint?: string
  readonly vae?: string
  readonly prediction?: 'v'
}

/** A configuration of another tool in mazeru's words. What the file leaves out is left out. */
export interface ImportedTraining {
  readonly settings: TrainSettingsInput
  readonly datasets: readonly ImportedDataset[]
  readonly model: ImportedModel
  readonly report: ImportReport
}

/** Values of one dataset: its own and its subsets'. */
export interface DatasetSections {
  readonly dataset: ReadonlyMap<string, Placed>
  readonly subsets: readonly ReadonlyMap<string, Placed>[]
}

/** Settings that sd-scripts leaves to chance or to the picture's folder, and mazeru does not. */
const otherDefaults = [
  { setting: 'seed', from: 'seed', value: 0, why: 'a seed is drawn there; here it is 0' },
] as const

/**
 * Checks what was collected and puts it together. Throws a FormatError that lists every unknown
 * key, or else every value that is not allowed, with the key that it is from.
 */
export function finishImport(
  file: string,
  kind: string,
  collected: Collected,
  datasets: readonly DatasetSections[],
): ImportedTraining {
  refuseUnknown(file, collected.unknown)
  const { sections, lines } = collected
  const settings = valuesOf(sections.train) as TrainSettingsInput
  const faults: string[] = []
  const parsed = parseSettings(trainSchema, settings)
  for (const { setting, message } of parsed.faults ?? []) {
    faults.push(said(setting, message, sections.train))
  }
  const imported = datasets.map((sections) => importedDataset(sections, faults, parsed.settings))
  if (faults.length > 0) throw new FormatError(faultText(file, faults))
  const missing = otherDefaults
    .filter(({ setting }) => !sections.train.has(setting))
    .map(({ setting, from, value, why }) => {
      return { from, given: undefined, outcome: 'approximated' as const, to: setting, value, why }
    })
  return {
    settings,
    datasets: imported,
    model: valuesOf(sections.model) as ImportedModel,
    report: { file, kind, lines: [...lines, ...missing] },
  }
}

/** Later sections win over earlier ones. */
export function inherit(...sections: readonly ReadonlyMap<string, Placed>[]): Map<string, Placed> {
  return new Map(sections.flatMap((section) => [...section]))
}

/** A dataset of options alone: one subset. Undefined where no folder is named. */
export function singleDataset({ dataset, subset }: Sections): DatasetSections[] {
  return subset.has('imageDir') ? [{ dataset, subsets: [subset] }] : []
}

function importedDataset(
  { dataset, subsets }: DatasetSections,
  faults: string[],
  train: TrainSettings | undefined,
): ImportedDataset {
  const written = subsets.map((subset) => valuesOf(subset))
  const folder = commonFolder(written.flatMap(foldersOf))
  const settings = {
    ...valuesOf(dataset),
    subsets: written.map((subset) => ({ ...subset, ...belowFolder(subset, folder) })),
  } as DatasetInput
  const parsed = parseSettings(datasetSchema, settings)
  const placed = inherit(dataset, ...subsets)
  for (const { setting, message } of parsed.faults ?? []) {
    faults.push(said(setting, message, placed))
  }
  const complete: DatasetSettings | undefined = parsed.settings
  if (train && complete) faults.push(...datasetProblems(train, complete))
  return { folder, settings }
}

function foldersOf({ imageDir, conditioningDataDir, metadataFile }: Record<string, unknown>) {
  const files = metadataFile === undefined ? [] : [partsOf(String(metadataFile)).slice(0, -1)]
  const folders = [imageDir ?? '', conditioningDataDir].filter((path) => path !== undefined)
  return [...folders.map((path) => partsOf(String(path))), ...files]
}

const pathKeys = ['imageDir', 'metadataFile', 'conditioningDataDir'] as const

function belowFolder(subset: Readonly<Record<string, unknown>>, folder: string) {
  const named = pathKeys.filter((key) => subset[key] !== undefined)
  return Object.fromEntries(named.map((key) => [key, relative(String(subset[key]), folder)]))
}

/** The longest folder that all of them are in, or are. */
function commonFolder(folders: readonly (readonly string[])[]): string {
  const [first = [], ...others] = folders
  const length = others.reduce((common, parts) => {
    let same = 0
    while (same < common && parts[same] === first[same]) same++
    return same
  }, first.length)
  return first.slice(0, length).join('/') || (first[0] === '' ? '/' : '.')
}

/** From the folder to a path: `..` leads out of it where the path lies beside. */
function relative(path: string, folder: string): string {
  const parts = partsOf(path)
  const base = folder === '.' ? [] : partsOf(folder)
  let same = 0
  while (same < base.length && base[same] === parts[same]) same++
  return [...base.slice(same).map(() => '..'), ...parts.slice(same)].join('/')
}

/** `./a//b/` -> a, b; of an absolute path the first part is empty. */
function partsOf(path: string): string[] {
  const [first = '', ...rest] = path.replaceAll('\\', '/').split('/')
  const parts = rest.filter((part) => part !== '' && part !== '.')
  const isRelative = first === '.' || (first === '' && rest.length === 0)
  return isRelative ? parts : [first, ...parts]
}

function said(setting: string, message: string, section: ReadonlyMap<string, Placed>): string {
  const found = [...section].find(([name]) => name.split('.')[0] === setting)
  const from = found?.[1].from
  return from === undefined || from === setting ? message : `${from}: ${message}`
}

function faultText(file: string, faults: readonly string[]): string {
  if (faults.length === 1) return `${file}: ${faults[0]}`
  return `${file}: ${faults.length} settings that are not allowed\n  ${faults.join('\n  ')}`
}
