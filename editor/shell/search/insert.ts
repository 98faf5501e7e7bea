import { edit, shownGraph } from '../../graph/open-graph.ts'
import { view } from '../../graph/view.ts'
import { addNode, connect } from '../../state/commands/index.ts'
import { offers } from '../../state/fits.ts'
import { noteUsed } from '../../state/preferences.ts'
import { catalogue, notify, type SearchRequest, selection } from '../../state/stores.ts'
import type { Workflow } from '../../state/types.ts'
import { dialogWords } from '../../words/dialogs.ts'
import { titleOf } from '../../words/nodes.ts'
import { say } from '../../words/words.ts'

const half = { x: 120, y: 40 }

/** Adds a node where the search was opened, with its first fitting socket linked: one step. */
export function insertNode(type: string, { at, from }: SearchRequest): string {
  const { nodes } = catalogue.getState()
  const place = at ?? free(shownGraph().workflow, middle())
  const label = say(dialogWords)('added', { name: titleOf(type, nodes.get(type)?.title) })
  let added = ''
  edit(label, (workflow) => {
    const { ops, id } = addNode(workflow, { type, ...place })
    added = id
    const socket = from && offers(nodes, from.type, from.side).get(type)
    if (!from || !socket) return ops
    const here = { node: id, socket }
    const there = { node: from.node, socket: from.socket }
    const grown: Workflow = { ...workflow, nodes: { ...workflow.nodes, [id]: { type } } }
    const link = from.side === 'output' ? connect(grown, there, here) : connect(grown, here, there)
    return [...ops, ...link]
  })
  noteUsed(type)
  selection.setState({ ids: new Set([added]), links: new Set() })
  notify(label)
  return added
}

/** The middle of what the canvas shows, for a node's left upper corner. */
function middle(): { readonly x: number; readonly y: number } {
  const { x, y, k, width, height } = view.state()
  return {
    x: Math.round((width / 2 - x) / k - half.x),
    y: Math.round((height / 2 - y) / k - half.y),
  }
}

const stepAside = 32

/** Steps aside from nodes that lie exactly there. */
function free(
  { layout = {} }: Workflow,
  start: { readonly x: number; readonly y: number },
): { readonly x: number; readonly y: number } {
  let { x, y } = start
  const taken = () =>
    Object.values(layout).some((entry) => Math.hypot(entry.x - x, entry.y - y) < stepAside)
  while (taken()) [x, y] = [x + stepAside, y + stepAside]
  return { x, y }
}
