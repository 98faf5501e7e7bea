import { applyPatch } from '../../engine/protocol/apply-patch.ts'
import { colourSelected } from '../graph/layout-commands.ts'
import { edit, shownGraph } from '../graph/open-graph.ts'
import { isInstance, isShown, toggleInput, toggleOutput } from '../graph/subgraph-commands.ts'
import { addNode, connect, disconnect } from '../state/commands/index.ts'
import { inputsOf, outputsOf, paramsOf, placeOf, printPlace } from '../state/shapes.ts'
import { catalogue, surface } from '../state/stores.ts'
import { infoOf } from '../state/subgraphs.ts'
import { actionWords } from '../words/actions.ts'
import { labelOf } from '../words/nodes.ts'
import { subgraphWords } from '../words/subgraphs.ts'
import { say } from '../words/words.ts'
import { actionNamed } from './actions.ts'
import { printKeys } from './shortcuts.ts'
import type { ContextItem } from './ui/context-menu.tsx'

/** What the menus on the canvas offer: for a node, a link, a frame or note, and for the canvas. */

/** What a menu was opened on. */
export interface MenuTarget {
  readonly item: string | undefined
  readonly link: string | undefined
  /** In the graph. */
  readonly at: { readonly x: number; readonly y: number }
}

const divider: ContextItem = { label: '' }

/** The lines of the menu. */
export function menuFor(target: MenuTarget): readonly ContextItem[] {
  if (target.link !== undefined) return linkMenu(target.link, target.at)
  if (target.item === undefined) return canvasMenu(target)
  const isNode = Object.hasOwn(shownGraph().workflow.nodes, target.item)
  return isNode ? nodeMenu(target.item) : drawnMenu()
}

function nodeMenu(id: string): ContextItem[] {
  const words = say(subgraphWords)
  const parts = isInstance(id) ? [act('enterSubgraph'), act('ungroup')] : []
  return [
    ...parts,
    act('rename'),
    colours(),
    act('collapse'),
    act('mute'),
    act('bypass'),
    divider,
    act('duplicate'),
    act('group'),
    act('frame'),
    { label: words('inputs'), items: inputLines(id) },
    { label: words('outputs'), items: outputLines(id) },
    divider,
    act('runSelected'),
    act('remove'),
  ]
}

function drawnMenu(): ContextItem[] {
  return [act('rename'), colours(), act('duplicate'), divider, act('remove')]
}

function canvasMenu({ at }: MenuTarget): ContextItem[] {
  const { path } = surface.getState()
  return [
    { ...act('search'), run: () => surface.setState({ search: { at } }) },
    act('note'),
    act('frame'),
    divider,
    act('arrange'),
    act('selectAll'),
    act('fit'),
    divider,
    act('interface'),
    ...(path.length > 0 ? [act('leaveSubgraph')] : []),
  ]
}

function linkMenu(link: string, at: MenuTarget['at']): ContextItem[] {
  const words = say(subgraphWords)
  const to = placeOf(link)
  const from = shownGraph().workflow.nodes[to.node]?.inputs?.[to.socket]
  return [
    { label: words('deleteLink'), run: () => removeLink(link) },
    { label: words('reroute'), disabled: from === undefined, run: () => rerouteAt(link, at) },
  ]
}

function removeLink(link: string): void {
  edit(say(subgraphWords)('deleteLink'), (workflow) => disconnect(workflow, placeOf(link)))
}

/** Leads a link through a point, as one step. */
function rerouteAt(link: string, { x, y }: MenuTarget['at']): void {
  const to = placeOf(link)
  edit(say(subgraphWords)('reroute'), (workflow) => {
    const from = workflow.nodes[to.node]?.inputs?.[to.socket]
    if (from === undefined) return []
    const place = { x: Math.round(x) - 14, y: Math.round(y) - 14 }
    const { ops, id } = addNode(workflow, { type: 'reroute', ...place })
    const added = applyPatch(workflow, ops)
    const first = connect(added, placeOf(from), { node: id, socket: 'value' })
    const second = connect(applyPatch(added, first), { node: id, socket: 'value' }, to)
    return [...ops, ...first, ...second]
  })
}

function inputLines(node: string): ContextItem[] {
  const { workflow, name } = shownGraph()
  const entry = workflow.nodes[node]
  const info = entry && infoOf(workflow, entry, catalogue.getState().nodes)
  if (!entry || !info) return []
  // Sockets can be given from outside only where a graph is used as a node.
  const sockets = name === undefined ? [] : inputsOf(entry, info).filter(({ free }) => !free)
  const names = [...paramsOf(entry, info), ...sockets].map((part) => part.name)
  return [...new Set(names)]
    .filter((socket) => !Object.hasOwn(entry.inputs ?? {}, socket))
    .map((socket) => ({
      label: labelOf(socket),
      checked: isShown(workflow, { node, socket }),
      run: () => toggleInput({ node, socket }),
    }))
}

function outputLines(node: string): ContextItem[] {
  const { workflow } = shownGraph()
  const entry = workflow.nodes[node]
  const info = entry && infoOf(workflow, entry, catalogue.getState().nodes)
  if (!entry || !info) return []
  const shown = new Set(Object.values(workflow.outputs ?? {}))
  return outputsOf(entry, info).map(({ name: socket }) => ({
    label: labelOf(socket),
    checked: shown.has(printPlace({ node, socket })),
    run: () => toggleOutput({ node, socket }),
  }))
}

const palette = {
  red: '#c0504d',
  amber: '#b8860b',
  green: '#4f8a4f',
  blue: '#4a78b5',
  violet: '#8064a2',
} as const

function colours(): ContextItem {
  const words = say(subgraphWords)
  const names = Object.keys(palette) as (keyof typeof palette)[]
  return {
    label: words('colour'),
    items: [
      ...names.map((name) => ({ label: words(name), run: () => colourSelected(palette[name]) })),
      { label: words('noColour'), run: () => colourSelected(undefined) },
    ],
  }
}

function act(name: string): ContextItem {
  const { word, keys, enabled, run } = actionNamed(name)
  const shown = keys?.[0] && printKeys(keys[0])
  return {
    label: say(actionWords)(word),
    disabled: !enabled(),
    run: () => void run(),
    ...(shown && { keys: shown }),
  }
}
