import { tidied } from '../state/commands/index.ts'
import { activeDocument, surface } from '../state/stores.ts'
import { graphInside, inside } from '../state/subgraphs.ts'
import type { EditorDocument, PatchOp, Workflow } from '../state/types.ts'

/** The graph that the canvas shows: the document's own, or a subgraph that was gone into. */
export interface OpenGraph {
  readonly workflow: Workflow
  /** Name of the subgraph; undefined at the root. */
  readonly name: string | undefined
  /** What ids of its nodes begin with in events of a run. */
  readonly prefix: string
  /** Instances of the path that are there. */
  readonly depth: number
}

/** Follows the path of instances from the root; stops where one is gone. */
export function openGraph(root: Workflow, path: readonly string[]): OpenGraph {
  let graph: OpenGraph = { workflow: root, name: undefined, prefix: '', depth: 0 }
  for (const instance of path) {
    const { nodes } = graph.workflow
    const name = Object.hasOwn(nodes, instance) ? nodes[instance]?.subgraph : undefined
    const workflow = name === undefined ? undefined : graphInside(root, name)
    if (!workflow) return graph
    graph = { workflow, name, prefix: `${graph.prefix}${instance}:`, depth: graph.depth + 1 }
  }
  return graph
}

/** The graph on the canvas now. */
export function shownGraph(document: EditorDocument = activeDocument()): OpenGraph {
  return openGraph(document.workflow, surface.getState().path)
}

/** Carries a command out on the graph that the canvas shows, as one step of undo. */
export function edit(
  label: string,
  command: (workflow: Workflow) => readonly PatchOp[],
  options?: { merge?: string },
): void {
  const document = activeDocument()
  const { workflow, name } = shownGraph(document)
  const ops = command(workflow)
  const led = name === undefined ? ops : tidied(document.workflow, inside(name, ops))
  document.transact(label, led, options)
}
