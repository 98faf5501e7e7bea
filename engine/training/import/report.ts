import { found } from '../../expected.ts'

/** What became of a key of the file. */
export type ImportOutcome = 'mapped' | 'approximated' | 'refused'

/** One key of the file and what became of it. */
export interface ImportLine {
  /** The key as written, with the part of the file before it. */
  readonly from: string
  readonly given: unknown
  readonly outcome: ImportOutcome
  /** The setting of mazeru, where there is one. */
  readonly to?: string
  readonly value?: unknown
  /** Why it is not the same, in a sentence. */
  readonly why?: string
}

/** What became of every key of a file. */
export interface ImportReport {
  readonly file: string
  /** Whose file it is. */
  readonly kind: string
  readonly lines: readonly ImportLine[]
}

const outcomes: readonly ImportOutcome[] = ['mapped', 'approximated', 'refused']

/** The report for people: a heading and a line for each key, by outcome. */
export function reportText({ file, kind, lines }: ImportReport): string {
  const counts = outcomes.map((outcome) => `${countOf(lines, outcome)} ${outcome}`).join(', ')
  const parts = outcomes.flatMap((outcome) => {
    const own = lines.filter((line) => line.outcome === outcome)
    return own.length === 0 ? [] : ['', `${outcome}:`, ...own.map((line) => `  ${lineText(line)}`)]
  })
  return [`${file} (${kind}): ${counts}`, ...parts].join('\n')
}

/** How many keys ended so. */
export function countOf(lines: readonly ImportLine[], outcome: ImportOutcome): number {
  return lines.filter((line) => line.outcome === outcome).length
}

function lineText({ from, given, to, value, why }: ImportLine): string {
  const target = to === undefined ? '' : ` -> ${to}`
  const became = value === undefined || same(given, value) ? '' : ` = ${shown(value)}`
  const source = given === undefined ? `${from} left out` : `${from} = ${shown(given)}`
  return `${source}${target}${became}${why ? ` (${why})` : ''}`
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}

/** Short lists are shown whole. */
function shown(value: unknown): string {
  if (Array.isArray(value) && value.length <= 4) return `[${value.map(shown).join(', ')}]`
  return found(value)
}
