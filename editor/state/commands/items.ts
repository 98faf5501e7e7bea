import { itemsOf, type NodeInfos, partsOf, placeOf, printPlace } from '../shapes.ts'
import { catalogue } from '../stores.ts'
import type { NodeEntry, NodeInfo, PatchOp, Workflow } from '../types.ts'
import { op, setInNode } from './names.ts'

/** Commands on the repeated group of a node: `lora1`, `ratio1`, `lora2` … without gaps. */

/**
 * Adds an item by writing its first param, with the values given or what that param is by default.
 * A group without params grows by a link into its free slot alone: then there are no ops.
 */
export function addItem(
  workflow: Workflow,
  node: string,
  values: Readonly<Record<string, unknown>> = {},
  infos: NodeInfos = catalogue.getState().nodes,
): { readonly ops: PatchOp[]; readonly item: number } {
  const { entry, info } = found(workflow, node, infos)
  const item = info?.repeat && entry ? itemsOf(entry, info) + 1 : 0
  const first = info?.repeat?.params[0]
  if (!info?.repeat || item > info.repeat.max) return { ops: [], item: 0 }
  const given = Object.keys(values).length > 0 || !first
  const wanted = given ? values : { [first.name]: plainValue(first.schema) }
  const named = Object.entries(wanted).map(([base, value]) => [`${base}${item}`, value] as const)
  return { ops: setInNode(workflow, node, 'params', Object.fromEntries(named)), item }
}

/** Takes an item away, its links and params with it; those after it move up. */
export function removeItem(
  workflow: Workflow,
  node: string,
  item: number,
  infos: NodeInfos = catalogue.getState().nodes,
): PatchOp[] {
  const { entry, info } = found(workflow, node, infos)
  if (!entry || !info?.repeat) return []
  const order = range(itemsOf(entry, info)).filter((number) => number !== item)
  return reorderItems(workflow, node, info, order)
}

/** Moves an item to another place in its group. */
export function moveItem(
  workflow: Workflow,
  node: string,
  from: number,
  to: number,
  infos: NodeInfos = catalogue.getState().nodes,
): PatchOp[] {
  const { entry, info } = found(workflow, node, infos)
  if (!entry || !info?.repeat) return []
  const count = itemsOf(entry, info)
  if (from < 1 || to < 1 || from > count || to > count || from === to) return []
  const order = range(count).filter((number) => number !== from)
  order.splice(to - 1, 0, from)
  return reorderItems(workflow, node, info, order)
}

/** Ops that give a node the entry, and the named inputs of the workflow its new item numbers. */
export function reorderItems(
  workflow: Workflow,
  node: string,
  info: NodeInfo,
  order: readonly number[],
): PatchOp[] {
  const entry = workflow.nodes[node]!
  const { params, inputs } = renumbered(entry, info, order)
  return [
    ...differences(['nodes', node, 'params'], entry.params, params),
    ...differences(['nodes', node, 'inputs'], entry.inputs, inputs),
    ...namedInputs(workflow, node, info, order),
  ]
}

/** Params and inputs of an entry whose items stand in another order; items left out are gone. */
export function renumbered(
  entry: NodeEntry,
  info: NodeInfo,
  order: readonly number[],
): {
  readonly params: Readonly<Record<string, unknown>>
  readonly inputs: Readonly<Record<string, string>>
} {
  const rename = renaming(info, order)
  const renamed = <T>(record: Readonly<Record<string, T>> = {}): Record<string, T> =>
    Object.fromEntries(
      Object.entries(record).flatMap(([name, value]) => {
        const next = rename(name)
        return next === undefined ? [] : [[next, value] as const]
      }),
    )
  return { params: renamed(entry.params), inputs: renamed(entry.inputs) }
}

/** Numbers of the items that have a param or a link, ascending. */
export function namedItems(entry: NodeEntry, info: NodeInfo): number[] {
  const names = [...Object.keys(entry.params ?? {}), ...Object.keys(entry.inputs ?? {})]
  const numbers = new Set(names.map((name) => partsOf(info, name)?.item ?? 0))
  numbers.delete(0)
  return [...numbers].sort((a, b) => a - b)
}

function renaming(info: NodeInfo, order: readonly number[]) {
  const places = new Map(order.map((old, index) => [old, index + 1]))
  return (name: string): string | undefined => {
    const parts = partsOf(info, name)
    if (!parts || parts.item === 0) return name
    const place = places.get(parts.item)
    return place === undefined ? undefined : `${parts.base}${place}`
  }
}

function differences(
  path: readonly string[],
  former: Readonly<Record<string, unknown>> | undefined,
  next: Readonly<Record<string, unknown>>,
): PatchOp[] {
  if (!former) return []
  const gone = Object.keys(former).filter((name) => !Object.hasOwn(next, name))
  const other = Object.keys(next).filter((name) => former[name] !== next[name])
  return [
    ...gone.map((name) => op([...path, name])),
    ...other.map((name) => op([...path, name], next[name])),
  ]
}

function namedInputs(
  workflow: Workflow,
  node: string,
  info: NodeInfo,
  order: readonly number[],
): PatchOp[] {
  const rename = renaming(info, order)
  return Object.entries(workflow.inputs ?? {}).flatMap(([name, { to }]) => {
    const next = to.flatMap((text) => {
      const place = placeOf(text)
      const socket = place.node === node ? rename(place.socket) : place.socket
      return socket === undefined ? [] : [printPlace({ node: place.node, socket })]
    })
    if (next.join() === to.join()) return []
    return next.length > 0 ? [op(['inputs', name, 'to'], next)] : [op(['inputs', name])]
  })
}

function found(workflow: Workflow, node: string, infos: NodeInfos) {
  const entry = Object.hasOwn(workflow.nodes, node) ? workflow.nodes[node] : undefined
  return { entry, info: entry && infos.get(entry.type) }
}

function plainValue(schema: Readonly<Record<string, unknown>>): unknown {
  if (schema.default !== undefined) return schema.default
  const byType: Readonly<Record<string, unknown>> = { string: '', boolean: false, array: [] }
  return byType[String(schema.type)] ?? schema.minimum ?? 0
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1)
}
