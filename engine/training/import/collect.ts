import { didYouMean } from '../../closest.ts'
import { datasetSchema, subsetSchema } from '../../dataset/settings.ts'
import { FormatError } from '../../errors.ts'
import { jsonSchemaOf, schemaAt } from '../settings/parse.ts'
import { trainSchema } from '../settings.ts'
import type { ImportLine, ImportOutcome } from './report.ts'

/** Where settings go: the training, its data, the model, what all sample pictures share. */
export type Section = 'train' | 'dataset' | 'subset' | 'model' | 'sample'

/** What a reader says about a key. `to` is `section.name`; nothing is set without it. */
export interface Answer {
  readonly outcome: ImportOutcome
  readonly to?: string
  readonly value?: unknown
  readonly why?: string
}

/** A key of a file with its value. */
export interface Entry {
  readonly key: string
  /** As the report calls it; the key where absent. */
  readonly from?: string
  readonly value: unknown
}

/** Reads one key. Others may matter to it: they are given too. */
export type Reader = (
  value: unknown,
  all: ReadonlyMap<string, unknown>,
) => Answer | readonly Answer[]

/** The keys that a kind of file may have. */
export type KeyTable = Readonly<Record<string, Reader>>

/** Settings by section: name -> value and the key that it is from. */
export type Sections = Readonly<Record<Section, Map<string, Placed>>>

/** A value with the key that it is from. */
export interface Placed {
  readonly value: unknown
  readonly from: string
}

/** What was found, told and not understood. */
export interface Collected {
  readonly sections: Sections
  readonly lines: ImportLine[]
  /** A sentence for each key that no table knows. */
  readonly unknown: string[]
}

/** Nothing found yet. */
export function emptyCollection(): Collected {
  return { sections: emptySections(), lines: [], unknown: [] }
}

/** Sections without a setting. */
export function emptySections(): Sections {
  return {
    train: new Map(),
    dataset: new Map(),
    subset: new Map(),
    model: new Map(),
    sample: new Map(),
  }
}

/** Reads keys into `collected`. A setting given twice keeps the value of the last. */
export function collect(entries: readonly Entry[], table: KeyTable, collected: Collected): void {
  const all = new Map(entries.map(({ key, value }) => [key, value]))
  for (const { key, from = key, value } of entries) {
    const reader = Object.hasOwn(table, key) ? table[key] : undefined
    if (!reader) {
      collected.unknown.push(`${from}: no such key${didYouMean(key, Object.keys(table))}`)
      continue
    }
    for (const answer of [reader(value, all)].flat()) {
      collected.lines.push(place(answer, { from, given: value }, collected.sections))
    }
  }
}

/** Throws a FormatError that lists every key that was not understood. */
export function refuseUnknown(file: string, unknown: readonly string[]): void {
  if (unknown.length === 0) return
  const [first] = unknown
  if (unknown.length === 1) throw new FormatError(`${file}: ${first}`)
  throw new FormatError(`${file}: ${unknown.length} unknown keys\n  ${unknown.join('\n  ')}`)
}

/** The values of a section; `a.b` is put into a table `a`. */
export function valuesOf(section: ReadonlyMap<string, Placed>): Record<string, unknown> {
  const values: Record<string, unknown> = {}
  for (const [name, { value }] of section) {
    const parts = name.split('.')
    const last = parts.pop()!
    let table = values
    for (const part of parts) {
      table[part] ??= {}
      table = table[part] as Record<string, unknown>
    }
    table[last] = value
  }
  return values
}

function place(
  answer: Answer,
  { from, given }: { from: string; given: unknown },
  sections: Sections,
): ImportLine {
  const { to, value, why, outcome } = answer
  const line = { from, given, outcome, ...(why === undefined ? {} : { why }) }
  if (to === undefined) return line
  const dot = to.indexOf('.')
  const section = to.slice(0, dot) as Section
  const name = to.slice(dot + 1)
  const typed = coerced(section, name, value)
  sections[section].set(name, { value: typed, from })
  return { ...line, to: section === 'train' ? name : to, value: typed }
}

/** Texts of command lines and of loose files become the numbers and truths that are wanted. */
function coerced(section: Section, name: string, value: unknown): unknown {
  if (section === 'model' || section === 'sample') return value
  const schema = schemas[section]
  const wanted = schemaAt(schema, name.split('.'))
  const types = [wanted, ...((wanted.anyOf as (typeof wanted)[] | undefined) ?? [])].map(
    ({ type, const: constant }) => type ?? typeof constant,
  )
  if (typeof value === 'string') {
    if (types.includes('string')) return value
    if (types.includes('number') || types.includes('integer')) return numberOr(value)
    if (types.includes('boolean')) return truths.get(value.trim().toLowerCase()) ?? value
  }
  const scalar = typeof value === 'number' || typeof value === 'boolean'
  return scalar && wanted.type === 'string' ? String(value) : value
}

const schemas = {
  train: jsonSchemaOf(trainSchema),
  dataset: jsonSchemaOf(datasetSchema),
  subset: jsonSchemaOf(subsetSchema),
}

const truths: ReadonlyMap<string, boolean> = new Map([
  ...(['true', 'yes', 'on', '1'] as const).map((word) => [word, true] as const),
  ...(['false', 'no', 'off', '0'] as const).map((word) => [word, false] as const),
])

function numberOr(text: string): number | string {
  const number = Number(text)
  return text.trim() === '' || Number.isNaN(number) ? text : number
}
