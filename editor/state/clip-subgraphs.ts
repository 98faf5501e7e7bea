import { freeName, op } from './commands/names.ts'
import type { NodeEntry, PatchOp, Workflow } from './types.ts'

/** Definitions that travel with copied nodes, and how they arrive in another document. */

type Nodes = Workflow['nodes']
type Subgraphs = NonNullable<Workflow['subgraphs']>

/** The definitions that nodes stand for, and those inside of them. */
export function subgraphsOf(nodes: Nodes, all: Subgraphs = {}): Subgraphs {
  const found: Record<string, Subgraphs[string]> = {}
  const open = [nodes]
  for (let graph = open.pop(); graph; graph = open.pop()) {
    for (const { subgraph: name } of Object.values(graph)) {
      if (name === undefined || Object.hasOwn(found, name) || !Object.hasOwn(all, name)) continue
      found[name] = all[name]!
      open.push(all[name]!.nodes)
    }
  }
  return found
}

/**
 * The ops that add what is not there, and the nodes as they stand for it. A definition that is
 * there with the same content is used; one of the same name with other content gets a new name.
 */
export function bringSubgraphs(
  workflow: Workflow,
  nodes: Nodes,
  brought: Subgraphs = {},
): { readonly ops: PatchOp[]; readonly nodes: Nodes; readonly subgraphs: Subgraphs } {
  const there = workflow.subgraphs ?? {}
  const taken = new Set([...Object.keys(there), ...Object.keys(brought)])
  const names = new Map<string, string>()
  for (const name of differing(there, brought)) {
    const fresh = freeName(name, taken)
    taken.add(fresh)
    names.set(name, fresh)
  }
  const fresh = Object.entries(brought)
    .filter(([name]) => names.has(name) || !Object.hasOwn(there, name))
    .map(([name, graph]) => {
      return [names.get(name) ?? name, { ...graph, nodes: led(graph.nodes, names) }] as const
    })
  const subgraphs = { ...there, ...Object.fromEntries(fresh) }
  const ops = workflow.subgraphs
    ? fresh.map(([name, graph]) => op(['subgraphs', name], graph))
    : fresh.length > 0
      ? [op(['subgraphs'], Object.fromEntries(fresh), workflow.layout && 'layout')]
      : []
  return { ops, nodes: led(nodes, names), subgraphs }
}

/** Names whose content here is another, and of all that hold one of those. */
function differing(there: Subgraphs, brought: Subgraphs): Set<string> {
  const found = new Set<string>()
  for (let size = -1; size !== found.size; ) {
    size = found.size
    for (const [name, graph] of Object.entries(brought)) {
      if (!Object.hasOwn(there, name)) continue
      const holds = Object.values(graph.nodes).some(({ subgraph = '' }) => found.has(subgraph))
      if (holds || JSON.stringify(there[name]) !== JSON.stringify(graph)) found.add(name)
    }
  }
  return found
}

function led(nodes: Nodes, names: ReadonlyMap<string, string>): Nodes {
  if (names.size === 0) return nodes
  const entries = Object.entries(nodes).map(([id, entry]): [string, NodeEntry] => {
    const name = entry.subgraph === undefined ? undefined : names.get(entry.subgraph)
    return [id, name === undefined ? entry : { ...entry, subgraph: name }]
  })
  return Object.fromEntries(entries)
}
