import { type NodeInfos, placeOf, printPlace } from '../ports.ts'
import { catalogue } from '../stores.ts'
import { subgraphNamed, subgraphType } from '../subgraphs.ts'
import type { NodeEntry, PatchOp, Workflow } from '../types.ts'
import { freeName, op, setInSection, takenIds } from './names.ts'

/** Nodes put into a definition of their own, and taken out again. */

type Entries = Readonly<Record<string, NodeEntry>>
type Definition = NonNullable<Workflow['subgraphs']>[string]

/**
 * Puts nodes into a new subgraph, with one node in their place. Links that came in become its
 * inputs, links that went out its outputs. Undefined where fewer than one node is given or a link
 * leaves them and comes back, which would make a circle.
 */
export function groupIntoSubgraph(
  workflow: Workflow,
  ids: Iterable<string>,
  _infos: NodeInfos = catalogue.getState().nodes,
  wanted = 'group',
): { readonly ops: PatchOp[]; readonly id: string; readonly name: string } | undefined {
  const all = new Set(ids)
  const inner = pickEntries(workflow.nodes, (id) => all.has(id))
  const members = new Set(Object.keys(inner))
  if (members.size === 0 || comesBack(workflow, members)) return undefined
  const name = freeName(wanted, new Set(Object.keys(workflow.subgraphs ?? {})))
  const id = freeName(name, takenIds(workflow))
  const ends = new Map<string, string>()
  const taken = new Set<string>()
  const inputs: Record<string, { to: string[] }> = {}
  const links: Record<string, string> = {}
  const outputs: Record<string, string> = {}
  const outputOf = (from: string): string => {
    const known = ends.get(from)
    if (known !== undefined) return known
    const output = freeName(placeOf(from).socket, new Set(Object.keys(outputs)))
    outputs[output] = from
    ends.set(from, `${id}.${output}`)
    return `${id}.${output}`
  }
  const nodes = mapEntries(inner, (node, entry) => {
    const kept: Record<string, string> = {}
    for (const [socket, from] of Object.entries(entry.inputs ?? {})) {
      if (members.has(placeOf(from).node)) kept[socket] = from
      else {
        const input = freeName(socket, taken)
        taken.add(input)
        inputs[input] = { to: [printPlace({ node, socket })] }
        links[input] = from
      }
    }
    return entry.inputs ? { ...entry, inputs: kept } : entry
  })
  const outside = Object.entries(workflow.nodes).flatMap(([node, entry]) =>
    members.has(node) ? [] : led(['nodes', node, 'inputs'], entry.inputs, members, outputOf),
  )
  const named = led(['outputs'], workflow.outputs, members, outputOf)
  const params: string[] = []
  const exposed = Object.entries(workflow.inputs ?? {}).flatMap(([input, { to }]) => {
    const next = to.map((place) => {
      if (!members.has(placeOf(place).node)) return place
      const promoted = freeName(placeOf(place).socket, taken)
      taken.add(promoted)
      inputs[promoted] = { to: [place] }
      params.push(promoted)
      return `${id}.${promoted}`
    })
    return next.join() === to.join() ? [] : [op(['inputs', input, 'to'], next)]
  })
  const layout = pickEntries(workflow.layout ?? {}, (entry) => members.has(entry))
  const definition = {
    ...(Object.keys(inputs).length > 0 && { inputs }),
    ...(Object.keys(outputs).length > 0 && { outputs }),
    nodes,
    ...(Object.keys(layout).length > 0 && { layout }),
  }
  const entry = {
    ...{ type: subgraphType, subgraph: name },
    ...(Object.keys(links).length > 0 && { inputs: links }),
  }
  const ops = [
    ...addDefinition(workflow, name, definition),
    op(['nodes', id], entry),
    ...outside,
    ...named,
    ...exposed,
    ...[...members].map((member) => op(['nodes', member])),
    ...Object.keys(layout).map((member) => op(['layout', member])),
    ...setInSection(workflow, 'layout', { [id]: middleOf(layout) }),
  ]
  return { ops, id, name }
}

/**
 * Puts the nodes of a subgraph in place of the node that stands for it. The definition stays while
 * another node uses it. Undefined where the node stands for none.
 */
export function ungroup(
  workflow: Workflow,
  instance: string,
): { readonly ops: PatchOp[]; readonly ids: readonly string[] } | undefined {
  const entry = Object.hasOwn(workflow.nodes, instance) ? workflow.nodes[instance] : undefined
  const found = entry && subgraphNamed(workflow, entry.subgraph)
  if (!entry || !found || entry.type !== subgraphType) return undefined
  const taken = takenIds(workflow)
  const ids = new Map<string, string>()
  for (const id of Object.keys(found.nodes)) {
    const name = freeName(id, taken)
    taken.add(name)
    ids.set(id, name)
  }
  const renamed = (text: string) => {
    const { node, socket } = placeOf(text)
    return printPlace({ node: ids.get(node) ?? node, socket })
  }
  const outer = new Map<string, string>()
  const values = new Map<string, unknown>()
  for (const [input, { to }] of Object.entries(found.inputs ?? {})) {
    const [from, value] = [entry.inputs?.[input], entry.params?.[input]]
    for (const place of to) {
      if (from !== undefined) outer.set(place, from)
      else if (value !== undefined) values.set(place, value)
    }
  }
  const nodes = Object.entries(found.nodes).map(([id, node]) => {
    const own = <T>(map: ReadonlyMap<string, T>) =>
      [...map].flatMap(([text, value]) => {
        const place = placeOf(text)
        return place.node === id ? [[place.socket, value] as const] : []
      })
    const inner = Object.entries(node.inputs ?? {}).map(([k, from]) => [k, renamed(from)] as const)
    const inputs = Object.fromEntries([...inner, ...own(outer)])
    const params = { ...node.params, ...Object.fromEntries(own(values)) }
    const { inputs: _, params: __, ...rest } = node
    const made = {
      ...rest,
      ...((node.params || own(values).length > 0) && { params }),
      ...((node.inputs || own(outer).length > 0) && { inputs }),
    }
    return op(['nodes', ids.get(id)!], made)
  })
  const given = (text: string) => {
    const from = found.outputs?.[placeOf(text).socket]
    return from === undefined ? text : renamed(from)
  }
  const self = new Set([instance])
  const ledOut = Object.entries(workflow.nodes).flatMap(([node, { inputs }]) =>
    node === instance ? [] : led(['nodes', node, 'inputs'], inputs, self, given),
  )
  const exposed = Object.entries(workflow.inputs ?? {}).flatMap(([input, { to }]) => {
    const next = to.flatMap((text) => {
      const { node, socket } = placeOf(text)
      return node === instance ? (found.inputs?.[socket]?.to.map(renamed) ?? []) : [text]
    })
    if (next.join() === to.join()) return []
    return [next.length > 0 ? op(['inputs', input, 'to'], next) : op(['inputs', input])]
  })
  const others = Object.entries(workflow.nodes).some(
    ([id, node]) => id !== instance && node.subgraph === entry.subgraph,
  )
  const shared = others || usedInside(workflow, entry.subgraph!)
  const at = workflow.layout?.[instance] ?? { x: 0, y: 0 }
  const corner = middleOf(found.layout ?? {})
  const layout = Object.entries(found.layout ?? {}).map(([id, place]) => [
    ids.get(id) ?? id,
    { ...place, x: at.x + place.x - corner.x, y: at.y + place.y - corner.y },
  ])
  return {
    ids: [...ids.values()],
    ops: [
      ...nodes,
      ...ledOut,
      ...led(['outputs'], workflow.outputs, self, given),
      ...exposed,
      op(['nodes', instance]),
      ...(workflow.layout && instance in workflow.layout ? [op(['layout', instance])] : []),
      ...setInSection(workflow, 'layout', Object.fromEntries(layout)),
      ...(shared ? [] : [op(['subgraphs', entry.subgraph!])]),
    ],
  }
}

function usedInside({ subgraphs }: Workflow, name: string): boolean {
  return Object.values(subgraphs ?? {}).some(({ nodes }) =>
    Object.values(nodes).some(({ subgraph }) => subgraph === name),
  )
}

function addDefinition(workflow: Workflow, name: string, definition: unknown): PatchOp[] {
  if (workflow.subgraphs) return [op(['subgraphs', name], definition)]
  return [op(['subgraphs'], { [name]: definition }, workflow.layout && 'layout')]
}

/** Ops for the links of one record that come from the nodes. */
function led(
  path: readonly string[],
  links: Readonly<Record<string, string>> | undefined,
  nodes: ReadonlySet<string>,
  to: (from: string) => string,
): PatchOp[] {
  return Object.entries(links ?? {})
    .filter(([, from]) => nodes.has(placeOf(from).node))
    .map(([name, from]) => op([...path, name], to(from)))
}

/** True where a path leaves the nodes and leads into them again. */
function comesBack({ nodes }: Workflow, members: ReadonlySet<string>): boolean {
  const seen = new Set<string>()
  const open = [...members].flatMap((id) => sourcesOutside(nodes[id]!, members))
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    if (members.has(id)) return true
    if (seen.has(id) || !Object.hasOwn(nodes, id)) continue
    seen.add(id)
    open.push(...Object.values(nodes[id]!.inputs ?? {}).map((from) => placeOf(from).node))
  }
  return false
}

function sourcesOutside(entry: NodeEntry, members: ReadonlySet<string>): string[] {
  const sources = Object.values(entry.inputs ?? {}).map((from) => placeOf(from).node)
  return sources.filter((id) => !members.has(id))
}

function middleOf(layout: NonNullable<Definition['layout']>): { x: number; y: number } {
  const places = Object.values(layout)
  if (places.length === 0) return { x: 0, y: 0 }
  const [xs, ys] = [places.map(({ x }) => x), places.map(({ y }) => y)]
  return {
    x: Math.round((Math.min(...xs) + Math.max(...xs)) / 2),
    y: Math.round((Math.min(...ys) + Math.max(...ys)) / 2),
  }
}

function pickEntries<T>(record: Readonly<Record<string, T>>, test: (id: string) => boolean) {
  return Object.fromEntries(Object.entries(record).filter(([id]) => test(id)))
}

function mapEntries(entries: Entries, map: (id: string, entry: NodeEntry) => NodeEntry) {
  return Object.fromEntries(Object.entries(entries).map(([id, entry]) => [id, map(id, entry)]))
}
