import { type NodeInfos, placeOf, printPlace } from '../shapes.ts'
import { catalogue } from '../stores.ts'
import type { Json, NodeLayout, PatchOp, Place, Workflow } from '../types.ts'
import { disconnectAll, linksFrom } from './links.ts'
import { freeName, isName, op, setInNode, setInSection, takenIds } from './names.ts'

/** What a new node is. Its id is made of its type unless given; a taken one gets a number. */
export interface NewNode {
  readonly type: string
  readonly x: number
  readonly y: number
  readonly id?: string
  readonly params?: Readonly<Record<string, Json>>
}

/** Adds a node, in the present version of its type. */
export function addNode(
  workflow: Workflow,
  { type, x, y, id: wanted = type, params }: NewNode,
  infos: NodeInfos = catalogue.getState().nodes,
): { readonly ops: PatchOp[]; readonly id: string } {
  const id = freeName(wanted, takenIds(workflow))
  const version = infos.get(type)?.version ?? 1
  const entry = { type, ...(version > 1 && { version }), ...(params && { params }) }
  const ops = [op(['nodes', id], entry), ...setInSection(workflow, 'layout', { [id]: { x, y } })]
  return { ops, id }
}

/** Takes nodes, frames and notes away, with all links and named inputs and outputs of theirs. */
export function removeItems(
  workflow: Workflow,
  ids: Iterable<string>,
  infos: NodeInfos = catalogue.getState().nodes,
): PatchOp[] {
  const gone = new Set(ids)
  const links = linksFrom(workflow, gone).filter(({ node }) => !gone.has(node))
  const lost = (text: string) => gone.has(placeOf(text).node)
  const named = Object.entries(workflow.inputs ?? {}).flatMap(([name, { to }]) => {
    const rest = to.filter((place) => !lost(place))
    if (rest.length === to.length) return []
    return rest.length > 0 ? [op(['inputs', name, 'to'], rest)] : [op(['inputs', name])]
  })
  const outputs = Object.entries(workflow.outputs ?? {}).filter(([, from]) => lost(from))
  const has = (section: object | undefined, id: string) => section && Object.hasOwn(section, id)
  return [
    ...named,
    ...disconnectAll(withNamed(workflow, named), links, infos),
    ...outputs.map(([name]) => op(['outputs', name])),
    ...[...gone].filter((id) => has(workflow.nodes, id)).map((id) => op(['nodes', id])),
    ...[...gone].filter((id) => has(workflow.layout, id)).map((id) => op(['layout', id])),
  ]
}

/** Sets a param; undefined takes it out of the file, so that its default holds. */
export function setParam(
  workflow: Workflow,
  node: string,
  name: string,
  value: Json | undefined,
): PatchOp[] {
  const params = workflow.nodes[node]?.params
  if (value !== undefined) return setInNode(workflow, node, 'params', { [name]: value })
  return params && Object.hasOwn(params, name) ? [op(['nodes', node, 'params', name])] : []
}

/** Mutes or bypasses nodes; undefined lets them run again. */
export function setMode(
  workflow: Workflow,
  ids: Iterable<string>,
  mode: 'mute' | 'bypass' | undefined,
): PatchOp[] {
  return [...ids].flatMap((id) => {
    if (!Object.hasOwn(workflow.nodes, id)) return []
    const entry = workflow.nodes[id]!
    if (entry.mode === mode) return []
    const before = mode && (['params', 'inputs'] as const).find((key) => key in entry)
    return [op(['nodes', id, 'mode'], mode, before)]
  })
}

/** Gives a node, frame or note another id, in all that names it. A taken or bad id: no ops. */
export function renameItem(workflow: Workflow, id: string, to: string): PatchOp[] {
  if (!isName(to) || takenIds(workflow).has(to)) return []
  const renamed = (text: string) => {
    const { node, socket } = placeOf(text)
    return node === id ? printPlace({ node: to, socket }) : text
  }
  const moved = (section: 'nodes' | 'layout') => {
    const entries: Readonly<Record<string, unknown>> = workflow[section] ?? {}
    if (!Object.hasOwn(entries, id)) return []
    return [op([section, to], entries[id], id), op([section, id])]
  }
  const links = linksFrom(workflow, new Set([id]))
  return [
    ...links.map(({ node, socket }) =>
      op(['nodes', node, 'inputs', socket], renamed(workflow.nodes[node]!.inputs![socket]!)),
    ),
    ...moved('nodes'),
    ...moved('layout'),
    ...Object.entries(workflow.inputs ?? {})
      .filter(([, input]) => input.to.some((place) => placeOf(place).node === id))
      .map(([name, input]) => op(['inputs', name, 'to'], input.to.map(renamed))),
    ...Object.entries(workflow.outputs ?? {})
      .filter(([, from]) => placeOf(from).node === id)
      .map(([name, from]) => op(['outputs', name], renamed(from))),
  ]
}

/** Where an item lies; undefined where the file does not say. */
export function layoutOf(workflow: Workflow, id: string): NodeLayout | undefined {
  const { layout } = workflow
  return layout && Object.hasOwn(layout, id) ? (layout[id] as NodeLayout) : undefined
}

/** Named inputs as they are after ops on them, so that item numbers change in what is left. */
function withNamed(workflow: Workflow, ops: readonly PatchOp[]): Workflow {
  if (!workflow.inputs || ops.length === 0) return workflow
  const inputs: Record<string, NonNullable<Workflow['inputs']>[string]> = { ...workflow.inputs }
  for (const { path, value } of ops) {
    const name = path[1]!
    if (value === undefined) delete inputs[name]
    else inputs[name] = { ...inputs[name]!, to: value as readonly string[] as string[] }
  }
  return { ...workflow, inputs }
}

/** One end of a link as a named thing, for those that only have the text. */
export function sourceOf(workflow: Workflow, { node, socket }: Place): Place | undefined {
  const inputs = Object.hasOwn(workflow.nodes, node) ? workflow.nodes[node]?.inputs : undefined
  const from = inputs && Object.hasOwn(inputs, socket) ? inputs[socket] : undefined
  return from === undefined ? undefined : placeOf(from)
}
