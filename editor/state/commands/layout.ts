import type { FrameLayout, NodeLayout, NoteLayout, PatchOp, Workflow } from '../types.ts'
import { freeName, op, setInSection, takenIds } from './names.ts'

type Point = { readonly x: number; readonly y: number }
type Partly<T> = { readonly [Key in keyof T]?: T[Key] | undefined }

/** Moves nodes, frames and notes to new places. */
export function moveItems(workflow: Workflow, places: ReadonlyMap<string, Point>): PatchOp[] {
  const { layout } = workflow
  const fresh: Record<string, Point> = {}
  const ops: PatchOp[] = []
  for (const [id, { x, y }] of places) {
    const now = layout && Object.hasOwn(layout, id) ? layout[id] : undefined
    if (!now) {
      fresh[id] = { x, y }
      continue
    }
    if (now.x !== x) ops.push(op(['layout', id, 'x'], x))
    if (now.y !== y) ops.push(op(['layout', id, 'y'], y))
  }
  return [...ops, ...setInSection(workflow, 'layout', fresh)]
}

/** Changes what is given of an item's layout; undefined takes an entry out. */
export function setLayout(
  workflow: Workflow,
  id: string,
  partial: Partly<NodeLayout & FrameLayout & NoteLayout> | Partly<NodeLayout>,
): PatchOp[] {
  const now =
    workflow.layout && Object.hasOwn(workflow.layout, id) ? workflow.layout[id] : undefined
  const entries = Object.entries(partial)
  if (!now) {
    const given = Object.fromEntries(entries.filter(([, value]) => value !== undefined))
    return setInSection(workflow, 'layout', { [id]: { x: 0, y: 0, ...given } })
  }
  return entries
    .filter(([key, value]) => now[key] !== value)
    .map(([key, value]) => op(['layout', id, key], value))
}

/** Adds a frame behind the nodes. */
export function addFrame(
  workflow: Workflow,
  frame: Omit<FrameLayout, 'kind'> & { readonly id?: string },
): { readonly ops: PatchOp[]; readonly id: string } {
  return addDrawn(workflow, 'frame', frame)
}

/** Adds a note on the canvas. */
export function addNote(
  workflow: Workflow,
  note: Omit<NoteLayout, 'kind'> & { readonly id?: string },
): { readonly ops: PatchOp[]; readonly id: string } {
  return addDrawn(workflow, 'note', note)
}

function addDrawn(
  workflow: Workflow,
  kind: 'frame' | 'note',
  { id: wanted = kind, ...layout }: { readonly id?: string },
) {
  const id = freeName(wanted, takenIds(workflow))
  return { ops: setInSection(workflow, 'layout', { [id]: { kind, ...layout } }), id }
}
