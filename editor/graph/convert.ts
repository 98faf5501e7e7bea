import { placeOf, printPlace } from '../state/shapes.ts'
import type { NodeEntry, Workflow } from '../state/types.ts'

/** A node as rete holds it: the entry of the document without its links. */
export interface ReteNode {
  readonly id: string
  readonly label: string
  readonly entry: Omit<NodeEntry, 'inputs'>
  /** Present where the file has an `inputs` section, even an empty one. */
  readonly linked: boolean
}

/** A link as rete holds it; its id is its input, "node.socket". */
export interface ReteConnection {
  readonly id: string
  readonly source: string
  readonly sourceOutput: string
  readonly target: string
  readonly targetInput: string
}

/** What rete holds of a graph. */
export interface ReteGraph {
  readonly nodes: readonly ReteNode[]
  readonly connections: readonly ReteConnection[]
}

/** The graph as rete's nodes and connections. */
export function toRete({ nodes }: Workflow): ReteGraph {
  return {
    nodes: Object.keys(nodes).map((id) => reteNode(id, nodes[id]!)),
    connections: Object.entries(nodes).flatMap(([id, entry]) => reteConnections(id, entry)),
  }
}

/** The exact inverse: the nodes of the graph that `toRete` was given. */
export function fromRete({ nodes, connections }: ReteGraph): Workflow['nodes'] {
  const inputs = Map.groupBy(connections, ({ target }) => target)
  return Object.fromEntries(
    nodes.map(({ id, entry, linked }) => {
      const links = (inputs.get(id) ?? []).map(
        ({ targetInput, source, sourceOutput }) =>
          [targetInput, printPlace({ node: source, socket: sourceOutput })] as const,
      )
      return [id, { ...entry, ...(linked && { inputs: Object.fromEntries(links) }) }]
    }),
  )
}

/** One node of the document for rete. */
export function reteNode(id: string, { inputs, ...entry }: NodeEntry): ReteNode {
  return { id, label: entry.type, entry, linked: inputs !== undefined }
}

/** The links into one node for rete. */
export function reteConnections(id: string, { inputs }: NodeEntry): ReteConnection[] {
  return Object.entries(inputs ?? {}).map(([socket, from]) => {
    const { node, socket: output } = placeOf(from)
    return {
      id: printPlace({ node: id, socket }),
      source: node,
      sourceOutput: output,
      target: id,
      targetInput: socket,
    }
  })
}
