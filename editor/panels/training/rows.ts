import type { Workflow } from '../../state/types.ts'

/** What the metrics of a training run say, ready to be drawn. */

export type Row = Readonly<Record<string, unknown>>
export type Rows = readonly Row[]

/** Columns of the chart, all of one length; null where a curve has no point at a step. */
export interface Curves {
  readonly steps: readonly number[]
  readonly loss: readonly (number | null)[]
  readonly average: readonly (number | null)[]
  readonly validation: readonly (number | null)[]
  readonly trainLoss: readonly (number | null)[]
}

/** More points than a chart has pixels for are thinned to about this many. */
const mostPoints = 2000

/** The curves of a run. A step that came twice, after a resume, counts as it came last. */
export function curvesOf(steps: Rows, validations: Rows): Curves {
  const points = new Map<number, Partial<Record<keyof Omit<Curves, 'steps'>, number>>>()
  const at = (row: Row) => {
    const step = Number(row.step)
    const point = points.get(step) ?? {}
    points.set(step, point)
    return point
  }
  const every = Math.max(1, Math.ceil(steps.length / mostPoints))
  steps.forEach((row, index) => {
    if (index % every !== 0 && index !== steps.length - 1) return
    Object.assign(at(row), { loss: numberOf(row.loss), average: numberOf(row.average) })
  })
  for (const row of validations) {
    const inner = (row.validation ?? row) as Row
    Object.assign(at(inner), {
      validation: numberOf(inner.loss),
      trainLoss: numberOf(inner.trainLoss),
    })
  }
  const sorted = [...points].sort(([a], [b]) => a - b)
  const column = (name: keyof Omit<Curves, 'steps'>) =>
    sorted.map(([, point]) => point[name] ?? null)
  return {
    steps: sorted.map(([step]) => step),
    loss: column('loss'),
    average: column('average'),
    validation: column('validation'),
    trainLoss: column('trainLoss'),
  }
}

/** A picture that was drawn while training. */
export interface Sample {
  readonly step: number
  readonly index: number
  /** Below the output folder. */
  readonly name: string
}

/** The samples in the order of their steps. */
export function samplesOf(rows: Rows): readonly Sample[] {
  const samples = rows.flatMap(({ step, index, file }) => {
    const name = belowOutput(String(file))
    return name === undefined ? [] : [{ step: Number(step), index: Number(index), name }]
  })
  return samples.sort((a, b) => a.step - b.step || a.index - b.index)
}

/** `training/NAME/samples/a.png` of an absolute path. */
function belowOutput(path: string): string | undefined {
  const plain = path.replaceAll('\\', '/')
  const at = plain.lastIndexOf('/training/')
  return at < 0 ? undefined : plain.slice(at + 1)
}

/** Ids of the nodes that train, in the order of the file. */
export function trainingNodes(workflow: Workflow): readonly string[] {
  const trains = new Set(['train', 'train-new-model', 'sweep'])
  return Object.entries(workflow.nodes).flatMap(([id, { type }]) => (trains.has(type) ? [id] : []))
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}
