import {
  exposeOutput,
  exposeParam,
  freeName,
  groupIntoSubgraph,
  hideOutput,
  hideParam,
  removeUnused,
  tidied,
  ungroup,
} from '../state/commands/index.ts'
import { printPlace } from '../state/ports.ts'
import { activeDocument, notify, selection, surface } from '../state/stores.ts'
import { inside } from '../state/subgraphs.ts'
import type { PatchOp, Place, Workflow } from '../state/types.ts'
import { subgraphWords } from '../words/subgraphs.ts'
import { say } from '../words/words.ts'
import { edit, shownGraph } from './open-graph.ts'

/** What is done with subgraphs, by menu and key. Each is one step of undo. */

/** Puts the selected nodes into a subgraph, and selects the node in their place. */
export function groupSelected(): void {
  const words = say(subgraphWords)
  const { ids } = selection.getState()
  const made = groupIntoSubgraph(shownGraph().workflow, ids)
  if (!made) {
    notify(words('cannotGroup'), 'bad')
    return
  }
  edit(words('group'), () => made.ops)
  selection.setState({ ids: new Set([made.id]), links: new Set() })
}

/** Puts the nodes of the selected subgraphs in their place. */
export function ungroupSelected(): void {
  const chosen = [...selection.getState().ids].filter((id) => isInstance(id))
  const fresh: string[] = []
  for (const id of chosen) {
    const made = ungroup(shownGraph().workflow, id)
    if (!made) continue
    edit(say(subgraphWords)('ungroup'), () => made.ops)
    fresh.push(...made.ids)
  }
  if (fresh.length > 0) selection.setState({ ids: new Set(fresh), links: new Set() })
}

/** True for a node of the open graph that stands for a subgraph. */
export function isInstance(id: string | undefined): boolean {
  const { nodes } = shownGraph().workflow
  return id !== undefined && Object.hasOwn(nodes, id) && nodes[id]?.subgraph !== undefined
}

/** Shows what is inside of a node. */
export function enterSubgraph(id: string): void {
  if (!isInstance(id)) return
  goTo([...surface.getState().path, id])
}

/** Shows the graph at this path of instances. */
export function goTo(path: readonly string[]): void {
  selection.setState({ ids: new Set(), links: new Set() })
  surface.setState({ path })
}

/** Takes definitions away that no node stands for. */
export function deleteUnused(): void {
  const words = say(subgraphWords)
  const document = activeDocument()
  const ops = removeUnused(document.workflow)
  if (ops.length === 0) notify(words('noneUnused'))
  document.transact(words('deleteUnused'), ops)
}

/** Whether a param or input can be set from outside of the open graph. */
export function isShown(workflow: Workflow, place: Place): boolean {
  const text = printPlace(place)
  return Object.values(workflow.inputs ?? {}).some(({ to }) => to.includes(text))
}

/** Shows a param or input on the outside, or no longer. */
export function toggleInput(place: Place): void {
  edit(say(subgraphWords)('showInput', { name: place.socket }), (workflow) =>
    isShown(workflow, place)
      ? hideParam(workflow, place)
      : exposeParam(workflow, freeIn(workflow.inputs, place.socket), place),
  )
}

/** Shows an output on the outside, or no longer. */
export function toggleOutput(place: Place): void {
  const text = printPlace(place)
  edit(say(subgraphWords)('showOutput', { name: place.socket }), (workflow) => {
    const names = Object.entries(workflow.outputs ?? {}).filter(([, from]) => from === text)
    if (names.length > 0) return names.flatMap(([name]) => hideOutput(workflow, name))
    return exposeOutput(workflow, freeIn(workflow.outputs, place.socket), place)
  })
}

/** As `edit`, for commands that take and change the whole workflow. */
export function editRoot(label: string, command: (root: Workflow) => readonly PatchOp[]): void {
  const document = activeDocument()
  document.transact(label, tidied(document.workflow, command(document.workflow)))
}

/** Ops on the open graph as ops on the whole workflow. */
export function fromHere(ops: readonly PatchOp[]): readonly PatchOp[] {
  const { name } = shownGraph()
  return name === undefined ? ops : inside(name, ops)
}

function freeIn(record: object | undefined, wanted: string): string {
  return freeName(wanted, new Set(Object.keys(record ?? {})))
}
