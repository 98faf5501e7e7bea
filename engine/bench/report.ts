import { availableParallelism, cpus, totalmem } from 'node:os'
import { boundOf, type FigureName, figureNames, figures, holds, type Measured } from './figures.ts'

/** What `--json` writes. */
export interface BenchReport {
  readonly version: 1
  /** The size of the model that was measured. */
  readonly size: string
  readonly machine: {
    readonly cpu: string
    readonly cores: number
    readonly memoryBytes: number
    readonly platform: string
    readonly node: string
  }
  /** Every figure; `value` is null where it was not measured. */
  readonly figures: Readonly<Record<FigureName, ReportedFigure>>
}

/** One figure with what it is held to. */
export interface ReportedFigure {
  readonly title: string
  readonly unit: string
  readonly value: number | null
  readonly samples: readonly number[]
  readonly bound?: string
  readonly holds?: boolean
}

/** Gathers what was measured, in the order of the table. */
export function reportOf(
  size: string,
  measured: Partial<Record<FigureName, Measured>>,
): BenchReport {
  const entries = figureNames.map((name) => [name, reported(name, measured[name])] as const)
  return {
    version: 1,
    size,
    machine: {
      cpu: cpus()[0]?.model.trim() ?? 'unknown',
      cores: availableParallelism(),
      memoryBytes: totalmem(),
      platform: `${process.platform}-${process.arch}`,
      node: process.version,
    },
    figures: Object.fromEntries(entries) as Record<FigureName, ReportedFigure>,
  }
}

function reported(name: FigureName, measured: Measured | undefined): ReportedFigure {
  const { title, unit } = figures[name]
  const bound = boundOf(name)
  const within = measured && holds(name, measured.value)
  return {
    title,
    unit,
    value: measured?.value ?? null,
    samples: measured?.samples ?? [],
    ...(bound && { bound }),
    ...(within !== undefined && { holds: within }),
  }
}

/** The report as a table of text; figures that were not measured are named below it. */
export function tableOf({ machine, size, figures: list }: BenchReport): string {
  const measured = Object.entries(list).filter(([, { value }]) => value !== null)
  const missing = Object.entries(list).filter(([, { value }]) => value === null)
  const rows = measured.map(([name, { value, unit, bound = '', holds: within, title }]) => [
    name,
    `${shown(value!)} ${unit}`,
    within === undefined ? '' : `${within ? 'holds' : 'MISSES'}: ${bound}`,
    title,
  ])
  const widths = [0, 1, 2].map((column) => Math.max(0, ...rows.map((row) => row[column]!.length)))
  const lines = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
  const memory = `${Math.round(machine.memoryBytes / 2 ** 30)} GiB`
  return [
    `${machine.cpu}, ${machine.cores} cores, ${memory}, ${machine.platform}, Node ${machine.node}; ${size} model`,
    '',
    ...lines,
    ...(missing.length ? ['', `not measured: ${missing.map(([name]) => name).join(', ')}`] : []),
    '',
  ].join('\n')
}

/** A value with as many digits as say something. */
export function shown(value: number): string {
  if (Number.isInteger(value)) return String(value)
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3)
}
