import { nameList } from '../closest.ts'
import { WorkflowError } from '../errors.ts'
import type { Catalogue } from './catalogue.ts'
import type { Hints } from './hints.ts'
import { parseParams } from './params.ts'
import type { Problem } from './problem.ts'
import { type NodeEntry, type Place, parsePlace } from './schema.ts'
import { type NodeShape, paramNames, portOf, socketNamesOf } from './shape.ts'
import { type Bindings, printSocketType, type SocketType } from './socket-type.ts'

/** A node on its way through `check`. */
export interface Draft {
  readonly id: string
  readonly shape: NodeShape
  readonly items: number
  readonly stored: Readonly<Record<string, unknown>>
  readonly params: Readonly<Record<string, unknown>>
  /** Links into inputs and params that exist. */
  readonly links: ReadonlyMap<string, Place>
  readonly files: Record<string, string>
  readonly bindings: Bindings
  outputs: ReadonlyMap<string, SocketType>
  /** False once something is wrong with its params. */
  sound: boolean
}

/** What the parts of a check share. */
export interface DraftTools {
  readonly catalogue: Catalogue
  /** Ids of all nodes of the workflow. */
  readonly ids: readonly string[]
  readonly hints: Hints
  readonly report: (problem: Problem) => void
}

/** Checks what can be said of a node alone. Undefined where its type or version is unknown. */
export function draftNode(id: string, written: NodeEntry, tools: DraftTools): Draft | undefined {
  const { catalogue, hints, report } = tools
  const shape = catalogue.shape(written.type)
  if (!shape) {
    const meant = hints.meant(written.type, catalogue.types) || '; add the package that has it'
    const message = `${id}: type is "${written.type}", expected a known type${meant}`
    report({ code: 'unknown-type', node: id, message })
    return undefined
  }
  let entry: NodeEntry
  try {
    entry = migrateNode(written, shape)
  } catch (error) {
    if (!(error instanceof WorkflowError)) throw error
    report({ code: 'unknown-version', node: id, message: `${id}: ${error.message}` })
    return undefined
  }
  const stored = entry.params ?? {}
  const given = [...Object.keys(entry.inputs ?? {}), ...Object.keys(stored)]
  const items = countItems(id, shape, given, report)
  const links = readLinks(id, shape, entry, items, tools)
  const { values, faults } = parseParams(shape, items, stored, links)
  for (const { param, message } of faults) {
    report({ code: 'bad-param', node: id, param, message: `${id}: ${message}` })
  }
  const unknown = Object.keys(stored).filter((name) => !portOf(shape, name)?.param)
  for (const name of unknown) {
    const names = paramNames(shape, Math.max(1, items))
    const remedy = portOf(shape, name) ? '; link it under inputs' : hints.meant(name, names)
    const message = `${id}: no param "${name}", expected ${nameList(names)}${remedy}`
    report({ code: 'unknown-param', node: id, param: name, message })
  }
  reportMissing(id, shape, items, given, tools)
  const sound = faults.length + unknown.length === 0
  return {
    ...{ id, shape, items, stored, links, sound },
    ...{ params: values, files: {}, bindings: new Map(), outputs: shape.outputs },
  }
}

/** The entry as the current version of its type has it. Throws a WorkflowError where none is. */
export function migrateNode(entry: NodeEntry, { definition }: NodeShape): NodeEntry {
  const { type, version: current } = definition
  const version = entry.version ?? 1
  if (version > current) {
    throw new WorkflowError(
      `version ${version} of ${type}, at most ${current} is known; update the package that has it`,
    )
  }
  let result = entry
  for (let from = version; from < current; from++) {
    const step = definition.migrate[from]
    if (!step) {
      throw new WorkflowError(
        `version ${version} of ${type}, expected ${current}; replace the node by a new one`,
      )
    }
    result = step(result)
  }
  return result
}

function countItems(
  id: string,
  shape: NodeShape,
  given: readonly string[],
  report: DraftTools['report'],
): number {
  if (!shape.repeat) return 0
  const { min, max } = shape.repeat
  const numbers = new Set(given.map((name) => portOf(shape, name)?.item ?? 0))
  const highest = Math.max(0, ...numbers)
  if (highest > max) {
    const message = `${id}: item ${highest} given, expected at most ${max}; remove it`
    report({ code: 'too-many-items', node: id, message })
  }
  const items = Math.min(highest, max)
  for (let item = 1; item < items; item++) {
    if (numbers.has(item)) continue
    const message = `${id}: item ${item} is missing, expected numbers from 1 without gaps; rename item ${highest}`
    report({ code: 'missing-item', node: id, message })
  }
  return Math.max(items, min)
}

function readLinks(
  id: string,
  shape: NodeShape,
  entry: NodeEntry,
  items: number,
  { hints, report }: DraftTools,
): Map<string, Place> {
  const links = new Map<string, Place>()
  for (const [name, from] of Object.entries(entry.inputs ?? {})) {
    const port = portOf(shape, name)
    if (port?.input || port?.param?.socket) {
      if (port.item <= items) links.set(name, parsePlace(from))
      continue
    }
    const names = socketNamesOf(shape, Math.max(1, items))
    const message = port
      ? `${id}: ${name} is fed by a link, expected a value; write it under params`
      : `${id}: no input "${name}", expected ${nameList(names)}${hints.meant(name, names)}`
    report({ code: 'unknown-socket', node: id, socket: name, message })
  }
  return links
}

function reportMissing(
  id: string,
  shape: NodeShape,
  items: number,
  given: readonly string[],
  { hints, report }: DraftTools,
): void {
  const names = new Set(given)
  const missing = (socket: string, type: SocketType) => {
    const producers = hints.producers(type)
    const remedy = producers.length > 0 ? `; connect ${producers.join(' or ')}` : ''
    const message = `${id}: ${socket} is missing, expected a link of type ${printSocketType(type)}${remedy}`
    report({ code: 'missing-input', node: id, socket, message })
  }
  for (const [name, { type, optional }] of shape.inputs) {
    if (!optional && !names.has(name)) missing(name, type)
  }
  if (!shape.repeat) return
  const started = new Set(given.map((name) => portOf(shape, name)?.item ?? 0))
  const highest = Math.max(...started)
  for (let item = 1; item <= items; item++) {
    if (item < highest && !started.has(item)) continue
    for (const [base, { type, optional }] of shape.repeat.inputs) {
      if (!optional && !names.has(`${base}${item}`)) missing(`${base}${item}`, type)
    }
  }
}
