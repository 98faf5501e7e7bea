import { type NodeInfos, placeOf, printPlace } from '../shapes.ts'
import { catalogue } from '../stores.ts'
import type { PatchOp, Place, Workflow } from '../types.ts'
import { namedItems, reorderItems } from './items.ts'
import { op, setInNode } from './names.ts'

/** Links an output to an input. A link that the input had goes. Neither end is checked. */
export function connect(workflow: Workflow, from: Place, to: Place): PatchOp[] {
  const text = printPlace(from)
  if (workflow.nodes[to.node]?.inputs?.[to.socket] === text) return []
  return setInNode(workflow, to.node, 'inputs', { [to.socket]: text })
}

/**
 * Takes the link of an input away. An item of a repeated group of which nothing is left goes too,
 * and those after it move up.
 */
export function disconnect(
  workflow: Workflow,
  to: Place,
  infos: NodeInfos = catalogue.getState().nodes,
): PatchOp[] {
  return disconnectAll(workflow, [to], infos)
}

/** As `disconnect`, of several inputs. */
export function disconnectAll(
  workflow: Workflow,
  places: readonly Place[],
  infos: NodeInfos = catalogue.getState().nodes,
): PatchOp[] {
  const byNode = Map.groupBy(places, ({ node }) => node)
  return [...byNode].flatMap(([node, ends]) => {
    const entry = Object.hasOwn(workflow.nodes, node) ? workflow.nodes[node] : undefined
    const sockets = new Set(ends.map(({ socket }) => socket))
    const links = Object.entries(entry?.inputs ?? {})
    const kept = links.filter(([name]) => !sockets.has(name))
    if (!entry || kept.length === links.length) return []
    const gone = links.filter(([name]) => sockets.has(name))
    const removals = gone.map(([name]) => op(['nodes', node, 'inputs', name]))
    const info = infos.get(entry.type)
    if (!info?.repeat) return removals
    const rest = { ...entry, inputs: Object.fromEntries(kept) }
    const order = namedItems(rest, info)
    if (order.every((item, index) => item === index + 1)) return removals
    const after = { ...workflow, nodes: { ...workflow.nodes, [node]: rest } }
    return [...removals, ...reorderItems(after, node, info, order)]
  })
}

/** Inputs of other nodes that the outputs of these nodes feed. */
export function linksFrom(workflow: Workflow, ids: ReadonlySet<string>): Place[] {
  return Object.entries(workflow.nodes).flatMap(([node, { inputs }]) =>
    Object.entries(inputs ?? {})
      .filter(([, from]) => ids.has(placeOf(from).node))
      .map(([socket]) => ({ node, socket })),
  )
}
