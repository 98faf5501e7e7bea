import { createStore } from 'zustand/vanilla'
import type { Submission } from '../../../engine/protocol/runs.ts'
import { api } from '../../link/api.ts'
import type { EditorDocument } from '../../state/types.ts'

/** A value that an axis of the table gives a param. */
export type AxisValue = number | string | boolean

/** One side of a table: a param, "node.param", and its values. */
export interface Axis {
  readonly place: string
  readonly values: readonly AxisValue[]
}

/** A cell of the table; `run` or why there is none. */
export interface Cell {
  readonly run?: string
  readonly error?: string
}

/** The table that is shown. It outlives the panel. */
export const table = createStore<{
  readonly across: Axis | undefined
  readonly down: Axis | undefined
  /** Row by row. */
  readonly cells: readonly Cell[]
}>(() => ({ across: undefined, down: undefined, cells: [] }))

/** Settings of every cell, row by row. */
export function cellSettings(across: Axis, down: Axis | undefined): Record<string, AxisValue>[] {
  return (down?.values ?? [undefined]).flatMap((below) =>
    across.values.map((value) => ({
      [across.place]: value,
      ...(down && below !== undefined && { [down.place]: below }),
    })),
  )
}

/** Puts one run for each cell into the queue. A cell that is refused says why; others go on. */
export async function makeTable(
  { workflow, name }: EditorDocument,
  across: Axis,
  down: Axis | undefined,
): Promise<void> {
  const all = cellSettings(across, down)
  table.setState({ across, down, cells: all.map(() => ({})) })
  for (const [index, settings] of all.entries()) {
    const cell = await submit({
      workflow: workflow as unknown as Record<string, unknown>,
      settings,
      ...(name !== undefined && { document: name }),
    })
    if (table.getState().across !== across) return
    table.setState(({ cells }) => ({ cells: cells.with(index, cell) }))
  }
}

async function submit(submission: Submission): Promise<Cell> {
  try {
    return { run: (await api.submit(submission, crypto.randomUUID())).id }
  } catch (error) {
    return { error: (error as Error).message }
  }
}
