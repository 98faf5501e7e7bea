import { FormatError, messageOf } from '../../errors.ts'
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
import { finishImport, type ImportedTraining, inherit } from './finish.ts'
import type { ImportFiles } from './kohya-dataset.ts'
import { oneTrainerIgnored, oneTrainerKeys } from './one-trainer-keys.ts'
import type { ConfigFile, Table } from './read.ts'
import { noted, refuse, to, toUnlessEmpty } from './readers.ts'

/** OneTrainer's JSON; its concepts are in the file or in one that it names. */
export async function importOneTrainer(
  file: ConfigFile,
  table: Table,
  files: ImportFiles,
): Promise<ImportedTraining> {
  const collected = emptyCollection()
  const { concepts, concept_file_name: conceptFile, samples, ...rest } = table
  const optimizer = isJsonObject(rest.optimizer) ? rest.optimizer.optimizer : undefined
  const entries = Object.entries(rest).flatMap(([key, value]) => flat(key, value, collected))
  collect(entries, oneTrainerKeys(optimizer), collected)
  placeSamples(samples, collected)
  const list = Array.isArray(concepts) ? concepts : await conceptsOf(conceptFile, files)
  const subsets = list
    .filter(isJsonObject)
    .flatMap((concept, index) => subsetOf(concept, `concepts ${index + 1}`, collected))
  const { dataset } = collected.sections
  const datasets = subsets.length === 0 ? [] : [{ dataset, subsets }]
  return finishImport(file.name, 'OneTrainer', collected, datasets)
}

/** Null is what OneTrainer writes for "as usual"; tables of other models are told in one line. */
function flat(key: string, value: unknown, collected: Collected): Entry[] {
  const why = Object.hasOwn(oneTrainerIgnored, key) ? oneTrainerIgnored[key] : undefined
  if (why !== undefined) {
    collected.lines.push({ from: key, given: value, outcome: 'approximated', why })
    return []
  }
  if (isJsonObject(value)) {
    return Object.entries(value).flatMap(([inner, own]) => flat(`${key}.${inner}`, own, collected))
  }
  if (value !== null) return [{ key, value }]
  collected.lines.push({ from: key, given: null, outcome: 'mapped', why: 'as usual' })
  return []
}

async function conceptsOf(name: unknown, files: ImportFiles): Promise<unknown[]> {
  if (typeof name !== 'string' || name === '') return []
  const text = await files.text(name)
  try {
    const list: unknown = JSON.parse(text)
    if (Array.isArray(list)) return list
  } catch (cause) {
    throw new FormatError(`${name}: not JSON, a list of concepts expected (${messageOf(cause)})`, {
      cause,
    })
  }
  throw new FormatError(`${name}: no list, a list of concepts expected`)
}

const randomPicture = refuse('of changes to pictures there are flips, crops and colours')

const conceptKeys: KeyTable = {
  name: noted('only a name'),
  path: to('subset.imageDir'),
  include_subdirectories: to('subset.recursive'),
  balancing: to('subset.numRepeats'),
  seed: noted('drawn from the seed of the run'),
  image_variations: noted('drawn anew at every step'),
  text_variations: noted('drawn anew at every step'),
  balancing_strategy: (value) =>
    value === 'REPEATS'
      ? { outcome: 'mapped', why: 'the only way' }
      : { outcome: 'refused', why: 'pictures are balanced by repeats' },
  loss_weight: (value) =>
    Number(value) === 1
      ? { outcome: 'mapped', why: 'the same for all' }
      : { outcome: 'refused', why: 'every folder weighs the same' },
  type: (value) =>
    value === 'STANDARD' || value === 'PRIOR_PREDICTION'
      ? { outcome: 'mapped', to: 'subset.isReg', value: value === 'PRIOR_PREDICTION' }
      : { outcome: 'refused', why: 'set validationSplit: a share of the pictures' },
  'text.prompt_path': refuse('captions beside the pictures are read'),
  'text.prompt_source': (value) =>
    value === 'sample'
      ? { outcome: 'mapped', why: 'beside the pictures' }
      : { outcome: 'refused', why: 'captions beside the pictures are read' },
  'text.enable_tag_shuffling': to('subset.shuffleCaption'),
  'text.tag_delimiter': toUnlessEmpty('subset.captionSeparator'),
  'text.keep_tags_count': to('subset.keepTokens'),
  'image.enable_random_flip': to('subset.flipAug'),
  'image.enable_crop_jitter': to('subset.randomCrop'),
}

/** One folder; a concept that is switched off is left out. */
function subsetOf(concept: Table, place: string, collected: Collected): Sections['subset'][] {
  const { enabled = true, ...rest } = concept
  if (enabled !== true) {
    collected.lines.push({ from: place, given: false, outcome: 'mapped', why: 'switched off' })
    return []
  }
  const sections = emptySections()
  const entries = Object.entries(rest).flatMap(([key, value]) => flat(key, value, collected))
  const known = entries.map((entry) => ({ ...entry, from: `${place}: ${entry.key}` }))
  const others = known.filter(({ key }) => /^(image|text)\./.test(key) && !conceptKeys[key])
  const table = Object.fromEntries(others.map(({ key }) => [key, randomPicture]))
  collect(known, { ...table, ...conceptKeys }, { ...collected, sections })
  return [inherit(collected.sections.subset, sections.subset)]
}

function placeSamples(samples: unknown, { sections, lines }: Collected): void {
  if (!Array.isArray(samples)) return
  const from = 'samples'
  const value = samples.filter(isJsonObject).map((sample) => ({
    prompt: String(sample.prompt ?? ''),
    negative: String(sample.negative_prompt ?? ''),
    seed: Number(sample.seed ?? 0),
    steps: Number(sample.diffusion_steps ?? 20),
    guidance: Number(sample.cfg_scale ?? 7),
    width: Number(sample.width ?? 512),
    height: Number(sample.height ?? 512),
  }))
  sections.train.set('samplePrompts', { value, from })
  const why = 'with the sampler ddim'
  lines.push({ from, given: samples, outcome: 'approximated', to: 'samplePrompts', value, why })
}
