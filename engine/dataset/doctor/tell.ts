import { FormatError } from '../../errors.ts'
import type { Finding, Severity } from './findings.ts'
import type { DoctorReport } from './report.ts'

/** From which severity on a set is refused. */
export const refusals = ['never', 'errors', 'warnings'] as const
export type Refusal = (typeof refusals)[number]

const refused: Readonly<Record<Refusal, readonly Severity[]>> = {
  never: [],
  errors: ['error'],
  warnings: ['error', 'warning'],
}

/** Findings that are listed in a refusal; the report has them all. */
const mostListed = 12

/** The report for a person: a line a finding, what the set counts as, a sum at the end. */
export function reportLines({ findings, counts, diversity, balance }: DoctorReport): string[] {
  const { pictures, errors, warnings, notes } = counts
  const unlike = diversity.effectiveNumber.toFixed(1)
  const suggested = Object.entries(balance.suggestedRepeats)
  return [
    ...findings.map(({ severity, message, remedy }) => `${severity}: ${message}; ${remedy}`),
    ...(diversity.advice ? [diversity.advice] : []),
    ...suggested.map(([path, repeats]) => `suggested repeats of ${path}: ${repeats}`),
    `${pictures} pictures that count as ${unlike} different ones: ` +
      [counted(errors, 'error'), counted(warnings, 'warning'), counted(notes, 'note')].join(', '),
  ]
}

/** Throws a FormatError with what stands against the set, if anything does. */
export function checkAccepted({ findings }: DoctorReport, refuse: Refusal): void {
  const against = findings.filter(({ severity }) => refused[refuse].includes(severity))
  if (against.length === 0) return
  const lines = against.slice(0, mostListed).map(findingLine)
  if (against.length > mostListed) lines.push(`and ${against.length - mostListed} more`)
  const expected = 'none expected; mend them, or set refuse to never'
  throw new FormatError(`dataset: ${against.length} findings, ${expected}\n  ${lines.join('\n  ')}`)
}

function findingLine({ message, remedy }: Finding): string {
  return `${message}; ${remedy}`
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
