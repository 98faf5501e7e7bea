import { bringSubgraphs, subgraphsOf } from './clip-subgraphs.ts'
import { namedItems, renumbered } from './commands/items.ts'
import { freeName, isName, op, setInSection, takenIds } from './commands/names.ts'
import { itemsOf, type NodeInfos, placeOf, printPlace } from './shapes.ts'
import { catalogue } from './stores.ts'
import { infoOf } from './subgraphs.ts'
import type { NodeEntry, PatchOp, Workflow } from './types.ts'

/** Parts of a graph as text, so that they can be pasted here, in another tab or in a letter. */

interface Clip {
  readonly mazeru: 'nodes'
  readonly version: number
  readonly nodes: Workflow['nodes']
  readonly layout: NonNullable<Workflow['layout']>
  readonly subgraphs?: Workflow['subgraphs']
}

/** Nodes, frames and notes with their links and places, as JSON. Empty where there are none. */
export function copyText(workflow: Workflow, ids: Iterable<string>): string {
  const wanted = new Set(ids)
  const nodes = picked(workflow.nodes, wanted)
  const layout = picked(workflow.layout ?? {}, wanted)
  if (Object.keys(nodes).length + Object.keys(layout).length === 0) return ''
  const subgraphs = subgraphsOf(nodes, workflow.subgraphs)
  const clip: Clip = {
    ...{ mazeru: 'nodes', version: workflow.version, nodes, layout },
    ...(Object.keys(subgraphs).length > 0 && { subgraphs }),
  }
  return JSON.stringify(clip)
}

/**
 * Ops that add what `copyText` or a whole workflow file gave, its upper left corner at the point,
 * and the new ids. Links among the pasted stay; with `reconnect` also those from nodes that are
 * here. Undefined where the text is neither.
 */
export function pasteOps(
  workflow: Workflow,
  text: string,
  at: { readonly x: number; readonly y: number },
  { reconnect = false }: { readonly reconnect?: boolean } = {},
  infos: NodeInfos = catalogue.getState().nodes,
): { readonly ops: PatchOp[]; readonly ids: string[] } | undefined {
  const clip = readClip(text)
  if (!clip) return undefined
  const taken = takenIds(workflow)
  const renamed = new Map<string, string>()
  for (const id of [...Object.keys(clip.nodes), ...Object.keys(clip.layout)]) {
    if (renamed.has(id)) continue
    const name = freeName(id, taken)
    taken.add(name)
    renamed.set(id, name)
  }
  const brought = bringSubgraphs(workflow, clip.nodes, clip.subgraphs)
  const whole = { ...workflow, subgraphs: brought.subgraphs }
  const nodes = Object.entries(brought.nodes).map(([id, entry]) => {
    const inputs = Object.entries(entry.inputs ?? {}).flatMap(([name, from]) => {
      const { node, socket } = placeOf(from)
      const inner = Object.hasOwn(clip.nodes, node) ? renamed.get(node) : undefined
      if (inner !== undefined) return [[name, printPlace({ node: inner, socket })] as const]
      return reconnect && Object.hasOwn(workflow.nodes, node) ? [[name, from] as const] : []
    })
    const { inputs: _, ...rest } = entry
    const kept = inputs.length > 0 ? { ...rest, inputs: Object.fromEntries(inputs) } : rest
    return op(['nodes', renamed.get(id)!], withoutGaps(whole, kept, infos))
  })
  const corner = cornerOf(clip)
  const layout = Object.keys(clip.layout).map((id) => {
    const place = clip.layout[id]!
    const moved = { ...place, x: at.x + place.x - corner.x, y: at.y + place.y - corner.y }
    return [renamed.get(id)!, moved] as const
  })
  const ops = [
    ...brought.ops,
    ...nodes,
    ...setInSection(workflow, 'layout', Object.fromEntries(layout)),
  ]
  return { ops, ids: [...renamed.values()] }
}

/** True for what `pasteOps` can paste. */
export function isClip(text: string): boolean {
  return readClip(text) !== undefined
}

function readClip(text: string): Clip | undefined {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    return undefined
  }
  if (!isRecord(json) || !isRecord(json.nodes)) return undefined
  const file = typeof json.version === 'number'
  if (json.mazeru !== 'nodes' && !file) return undefined
  const nodes = Object.entries(json.nodes).filter(([id, entry]) => isName(id) && isEntry(entry))
  const layout = Object.entries(isRecord(json.layout) ? json.layout : {}).filter(
    ([id, place]) => isName(id) && isRecord(place) && isPoint(place),
  )
  if (nodes.length !== Object.keys(json.nodes).length) return undefined
  return {
    ...{ mazeru: 'nodes', version: Number(json.version) },
    nodes: Object.fromEntries(nodes) as Clip['nodes'],
    layout: Object.fromEntries(layout) as Clip['layout'],
    ...(isRecord(json.subgraphs) && { subgraphs: json.subgraphs as Clip['subgraphs'] }),
  } as Clip
}

function isEntry(entry: unknown): entry is NodeEntry {
  if (!isRecord(entry) || typeof entry.type !== 'string') return false
  const { inputs = {}, params = {} } = entry
  if (!isRecord(inputs) || !isRecord(params)) return false
  return Object.values(inputs).every((from) => typeof from === 'string' && from.includes('.'))
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isPoint({ x, y }: Record<string, unknown>): boolean {
  return Number.isFinite(x) && Number.isFinite(y)
}

function picked<T>(record: Readonly<Record<string, T>>, ids: ReadonlySet<string>) {
  return Object.fromEntries(Object.entries(record).filter(([id]) => ids.has(id)))
}

function cornerOf({ layout }: Clip): { readonly x: number; readonly y: number } {
  const places = Object.values(layout)
  if (places.length === 0) return { x: 0, y: 0 }
  return {
    x: Math.min(...places.map(({ x }) => x)),
    y: Math.min(...places.map(({ y }) => y)),
  }
}

/** An entry whose items stand without gaps after links of it were left out. */
function withoutGaps(workflow: Workflow, entry: NodeEntry, infos: NodeInfos): NodeEntry {
  const info = infoOf(workflow, entry, infos)
  if (!info?.repeat || itemsOf(entry, info) === 0) return entry
  const { params, inputs } = renumbered(entry, info, namedItems(entry, info))
  return {
    ...entry,
    ...(entry.params && { params }),
    ...(entry.inputs && { inputs }),
  }
}
