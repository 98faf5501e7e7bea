import { foldDataset } from '../dataset/split.ts'
import { WorkflowError } from '../errors.ts'
import type { Lora } from '../lora/load.ts'
import type { TrainingResult } from './result.ts'
import type { TrainedLora } from './run.ts'
import type { TrainLoraInputs } from './train-lora.ts'

/** One training of several that are compared. */
export interface SweepVariant {
  /** Ends the name of its run: `rank-8`. */
  readonly label: string
  /** What the training begins from; the networks and the store are shared. */
  readonly inputs: TrainLoraInputs
  /** In place of that of the optimizer, which also takes the place of those of its groups. */
  readonly learningRate?: number
}

/** A line of the table of a sweep. */
export interface SweepRow {
  readonly label: string
  readonly step: number
  /** Average loss at the end; absent where the run was stopped before its first step. */
  readonly loss?: number
  /** The lowest validation loss and where it was; absent without validation. */
  readonly validation?: number
  readonly bestStep?: number
  /** Over-fitting at the end, see `LoggedValidation`. */
  readonly gap?: number
}

/** What a sweep comes to. */
export interface SweepResult {
  readonly rows: readonly SweepRow[]
  /** Of the lowest validation loss, else of the lowest average loss. */
  readonly best: { readonly label: string; readonly lora: Lora; readonly result: TrainingResult }
  /** Mean validation loss over all, for k-fold; absent without validation. */
  readonly meanValidation?: number
}

/** The folds of a dataset as variants: every picture is held back once. */
export function foldVariants(
  inputs: TrainLoraInputs,
  { folds, seed }: { readonly folds: number; readonly seed: number },
): SweepVariant[] {
  return Array.from({ length: folds }, (_, fold) => ({
    label: `fold-${fold + 1}`,
    inputs: { ...inputs, split: foldDataset(inputs.dataset, { folds, fold, seed }) },
  }))
}

/**
 * Trains every variant, one after another, and compares them. A sweep that was interrupted goes on:
 * each run resumes from its own folder. A run that a person stops is the last one. Throws a
 * WorkflowError without variants or with two of one name.
 */
export async function sweep(
  variants: readonly SweepVariant[],
  train: (variant: SweepVariant) => Promise<TrainedLora>,
): Promise<SweepResult> {
  const labels = new Set(variants.map(({ label }) => label))
  if (variants.length === 0 || labels.size < variants.length) {
    throw new WorkflowError(
      `sweep: ${variants.length} values of which ${labels.size} differ, at least 1 expected, all different`,
    )
  }
  const rows: SweepRow[] = []
  let best: (SweepResult['best'] & { readonly score: number }) | undefined
  for (const variant of variants) {
    const { lora, result } = await train(variant)
    const row = rowOf(variant.label, result)
    const score = row.validation ?? row.loss ?? Number.POSITIVE_INFINITY
    rows.push(row)
    if (!best || score < best.score) best = { label: variant.label, lora, result, score }
    if (result.status === 'stopped') break
  }
  const known = rows.flatMap(({ validation }) => (validation === undefined ? [] : [validation]))
  const mean = known.reduce((sum, value) => sum + value, 0) / known.length
  return { rows, best: best!, ...(known.length > 0 && { meanValidation: mean }) }
}

function rowOf(label: string, { step, log, validations, best }: TrainingResult): SweepRow {
  const last = validations.at(-1)
  const loss = log.at(-1)?.average
  return {
    ...{ label, step },
    ...(loss !== undefined && { loss }),
    ...(best && { validation: best.loss, bestStep: best.step }),
    ...(last && { gap: last.gap }),
  }
}

/** The table as Markdown, the best line marked. */
export function sweepTable({ rows, best, meanValidation }: SweepResult): string {
  const number = (value: number | undefined) => (value === undefined ? '' : value.toPrecision(4))
  const lines = rows.map((row) => {
    const mark = row.label === best.label ? ' (best)' : ''
    const cells = [number(row.loss), number(row.validation), row.bestStep ?? '', number(row.gap)]
    return `| ${row.label}${mark} | ${row.step} | ${cells.join(' | ')} |`
  })
  const mean =
    meanValidation === undefined ? [] : ['', `Mean validation loss: ${number(meanValidation)}`]
  return [
    '| run | steps | loss | validation | best step | gap |',
    '|---|---|---|---|---|---|',
    ...lines,
    ...mean,
  ].join('\n')
}
