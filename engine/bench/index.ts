import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CancelledError, WorkflowError } from '../errors.ts'
import { replaceFile } from '../files/save.ts'
import { randomCheckpoint, randomPresets } from '../models/random-checkpoint.ts'
import { type Bench, type BenchIo, checkpointPath, type Measurement } from './bench.ts'
import { editor } from './editor.ts'
import {
  benchParts,
  type FigureName,
  figureNames,
  figures,
  type Measured,
  partOf,
} from './figures.ts'
import { graphEngine } from './graph.ts'
import { loraSteps } from './lora-steps.ts'
import { memory } from './memory.ts'
import { picture } from './picture.ts'
import { probe } from './probe.ts'
import { type BenchReport, reportOf, shown, tableOf } from './report.ts'
import { trainings } from './train.ts'
import { vaeDecode } from './vae-decode.ts'
import { versus } from './versus.ts'

export type { BenchIo } from './bench.ts'
export { type FigureName, figureNames } from './figures.ts'
export type { BenchReport } from './report.ts'

export interface BenchOptions {
  /** `draw` where absent; figures named in `only` are measured whatever their part. */
  readonly part?: string
  /** Measure at the size of SD 1.5; else the tiny model stands in where that says something. */
  readonly full?: boolean
  /** Absolute path of the JSON file to write. */
  readonly json?: string
  /** Figures to measure, of all. Those measured with them come along. */
  readonly only?: readonly string[]
  /** A command that prints the milliseconds of a step of the same network in another program. */
  readonly versus?: string
  /** A checkpoint of SD 1.x at full size to use instead of random weights. */
  readonly checkpoint?: string
  /** Keep the folder with the random checkpoint. */
  readonly keep?: boolean
  /** Rounds of each measurement, 8 where absent. */
  readonly rounds?: number
  /** Ends the bench before the next measurement; what it wrote goes. */
  readonly signal?: AbortSignal
}

/** In this order; those that need the most memory at the end. */
const measurements: readonly Measurement[] = [
  graphEngine,
  picture,
  memory,
  vaeDecode,
  versus,
  loraSteps,
  ...trainings,
  probe,
  editor,
]

/**
 * Measures this machine: prints a table and gives the same as data. Nothing is judged but shown
 * beside its bound. Throws a WorkflowError for the name of a figure that does not exist, a
 * CancelledError where it was ended.
 */
export async function runBench(options: BenchOptions, io: BenchIo): Promise<BenchReport> {
  const { full = options.checkpoint !== undefined, rounds = 8 } = options
  const size = full ? 'full' : 'tiny'
  const names = options.only ?? figuresOf(options.part)
  const wanted = wantedFigures(names, full, options.versus !== undefined)
  const folder = await mkdtemp(join(tmpdir(), 'mazeru-bench-'))
  const measured: Partial<Record<FigureName, Measured>> = {}
  try {
    const chosen = measurements.filter(({ gives }) => gives.some((name) => wanted.has(name)))
    const file = options.checkpoint ?? checkpointPath(folder)
    if (options.checkpoint === undefined && chosen.some(({ opensCheckpoint }) => opensCheckpoint)) {
      io.print(`writing a checkpoint with the sizes of ${randomPresets[size].title} …`)
      await replaceFile(file, until(options.signal, randomCheckpoint(randomPresets[size], 7)))
    }
    const bench: Bench = {
      io,
      folder,
      file,
      size,
      rounds,
      ...(options.versus !== undefined && { versus: options.versus }),
    }
    for (const measurement of until(options.signal, chosen)) {
      const names = measurement.gives.filter((name) => wanted.has(name))
      io.print(`measuring ${names.join(', ')} …`)
      const found = await measurement.measure(bench)
      for (const name of names) {
        const figure = found[name]
        if (!figure) continue
        measured[name] = figure
        io.print(`  ${name}: ${shown(figure.value)} ${figures[name].unit}`)
      }
    }
    if (options.keep) io.print(`kept: ${file}`)
  } catch (thrown) {
    // An interrupted child fails first.
    throw options.signal?.aborted ? new CancelledError() : thrown
  } finally {
    if (!options.keep) await rm(folder, { recursive: true, force: true })
  }
  const report = reportOf(size, measured)
  io.print(tableOf(report))
  if (options.json !== undefined) {
    await replaceFile(options.json, Buffer.from(`${JSON.stringify(report, null, 2)}\n`))
  }
  return report
}

/** The items as long as nobody ends it. */
function* until<Item>(signal: AbortSignal | undefined, items: Iterable<Item>): Generator<Item> {
  for (const item of items) {
    if (signal?.aborted) throw new CancelledError()
    yield item
  }
}

function figuresOf(given = 'draw'): readonly FigureName[] {
  const part = benchParts.find((one) => one === given)
  if (part) return figureNames.filter((name) => partOf(name) === part)
  throw new WorkflowError(`bench: no part ${given}, expected one of ${benchParts.join(', ')}`)
}

/** Figures that need another program's command. */
const rivalFigures: readonly FigureName[] = ['versus_ratio', 'train_versus_ratio']

function wantedFigures(
  names: readonly string[],
  full: boolean,
  hasRival: boolean,
): ReadonlySet<FigureName> {
  const known: readonly string[] = figureNames
  const unknown = names.find((name) => !known.includes(name))
  if (unknown !== undefined) {
    throw new WorkflowError(`--only: no figure ${unknown}, expected one of ${known.join(', ')}`)
  }
  return new Set(
    (names as readonly FigureName[]).filter(
      (name) =>
        (full || figures[name].needs === 'any') && (hasRival || !rivalFigures.includes(name)),
    ),
  )
}
