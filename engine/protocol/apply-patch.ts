import type { Json } from './json.ts'
import type { PatchOp } from './patch.ts'
import type { Workflow } from './workflow.ts'

/**
 * Applies ops to a document and finds what takes them back. Objects that no op touches are shared
 * with the given document, which is not modified. Lists are values: no path leads into one.
 */

/** What a set of ops touches. */
export interface Touched {
  /** Ids of nodes, and of what else has a place in the layout. */
  readonly nodes: ReadonlySet<string>
  /** True where anything but nodes and the layout is touched. */
  readonly others: boolean
}

/** A document after ops, with the ops that restore it and those that found no place. */
export interface Patched {
  readonly workflow: Workflow
  readonly inverse: readonly PatchOp[]
  /** Ops whose parent is absent. */
  readonly skipped: readonly PatchOp[]
}

/**
 * The document after all ops. Taking away what is absent changes nothing.
 * Throws an Error that names the path where a parent is absent or no object.
 */
export function applyPatch(workflow: Workflow, ops: readonly PatchOp[]): Workflow {
  return patch(workflow, ops, refuse).workflow
}

/** The ops that restore the document exactly, order of keys included. Throws as `applyPatch`. */
export function invertPatch(workflow: Workflow, ops: readonly PatchOp[]): PatchOp[] {
  return [...patch(workflow, ops, refuse).inverse]
}

/** `applyPatch` and `invertPatch` at once. Throws as they do. */
export function applyAndInvert(workflow: Workflow, ops: readonly PatchOp[]): Patched {
  return patch(workflow, ops, refuse)
}

/** As `applyAndInvert`, but what has lost its parent is left out and reported. */
export function applyWhatFits(workflow: Workflow, ops: readonly PatchOp[]): Patched {
  return patch(workflow, ops, () => undefined)
}

/** Which nodes ops touch. */
export function touchedBy(ops: readonly PatchOp[]): Touched {
  const nodes = new Set<string>()
  let others = false
  for (const { path } of ops) {
    const [section, id] = path
    if ((section === 'nodes' || section === 'layout') && id !== undefined) nodes.add(id)
    else others = true
  }
  return { nodes, others }
}

function refuse({ path }: PatchOp, depth: number): void {
  const parent = path.slice(0, depth + 1).join('.')
  throw new Error(`${path.join('.')}: no object at "${parent}", expected one to change`)
}

function patch(
  workflow: Workflow,
  ops: readonly PatchOp[],
  onSkip: (op: PatchOp, depth: number) => void,
): Patched {
  const root = branch(workflow as unknown as JsonRecord)
  const inverse: PatchOp[] = []
  const skipped: PatchOp[] = []
  for (const op of ops) {
    const { parent, depth } = parentOf(root, op.path)
    if (parent) {
      const back = change(parent, op)
      if (back) inverse.push(back)
    } else if (op.value !== undefined) {
      onSkip(op, depth)
      skipped.push(op)
    }
  }
  return { workflow: plain(root) as unknown as Workflow, inverse: inverse.reverse(), skipped }
}

type JsonRecord = Readonly<Record<string, Json>>

/** An object that is being changed: its entries in order, as a list that is linked both ways. */
interface Branch {
  readonly cells: Map<string, Cell>
  first: Cell | undefined
  last: Cell | undefined
}

interface Cell {
  readonly key: string
  value: Json | undefined
  /** In place of the value, once something in it was touched. */
  branch: Branch | undefined
  earlier: Cell | undefined
  later: Cell | undefined
}

function branch(record: JsonRecord): Branch {
  const result: Branch = { cells: new Map(), first: undefined, last: undefined }
  for (const key of Object.keys(record)) insert(result, key, record[key]!, undefined)
  return result
}

function insert(target: Branch, key: string, value: Json, later: Cell | undefined): void {
  const earlier = later ? later.earlier : target.last
  const cell: Cell = { key, value, branch: undefined, earlier, later }
  if (earlier) earlier.later = cell
  else target.first = cell
  if (later) later.earlier = cell
  else target.last = cell
  target.cells.set(key, cell)
}

function remove(target: Branch, cell: Cell): void {
  if (cell.earlier) cell.earlier.later = cell.later
  else target.first = cell.later
  if (cell.later) cell.later.earlier = cell.earlier
  else target.last = cell.earlier
  target.cells.delete(cell.key)
}

/** The branch that holds the last key of a path; `depth` is that of the part that is missing. */
function parentOf(
  root: Branch,
  path: readonly string[],
): { readonly parent: Branch | undefined; readonly depth: number } {
  if (path.length === 0) throw new Error('op with an empty path, expected the path of an entry')
  if (path.includes('__proto__')) throw new Error('"__proto__" in a path, expected another name')
  let at = root
  for (let depth = 0; depth < path.length - 1; depth++) {
    const cell = at.cells.get(path[depth]!)
    if (!cell) return { parent: undefined, depth }
    if (!cell.branch) {
      if (!isRecord(cell.value)) return { parent: undefined, depth }
      cell.branch = branch(cell.value)
      cell.value = undefined
    }
    at = cell.branch
  }
  return { parent: at, depth: path.length - 1 }
}

function isRecord(value: Json | undefined): value is JsonRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Carries out one op; gives what takes it back, or undefined where nothing happened. */
function change(parent: Branch, { path, value, before }: PatchOp): PatchOp | undefined {
  const key = path[path.length - 1]!
  const cell = parent.cells.get(key)
  if (value === undefined) {
    if (!cell) return undefined
    remove(parent, cell)
    const former = { path, value: contentOf(cell) }
    return cell.later ? { ...former, before: cell.later.key } : former
  }
  if (!cell) {
    insert(parent, key, value, before === undefined ? undefined : parent.cells.get(before))
    return { path }
  }
  const former = contentOf(cell)
  cell.value = value
  cell.branch = undefined
  return { path, value: former }
}

function contentOf(cell: Cell): Json {
  return cell.branch ? plain(cell.branch) : cell.value!
}

function plain(source: Branch): JsonRecord {
  const result: Record<string, Json> = {}
  for (let cell = source.first; cell; cell = cell.later) result[cell.key] = contentOf(cell)
  return result
}
