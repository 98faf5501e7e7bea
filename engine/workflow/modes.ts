import type { Catalogue } from './catalogue.ts'
import { type NodeEntry, parsePlace } from './schema.ts'
import { portOf } from './shape.ts'
import { unify } from './socket-type.ts'

/** The nodes that are left, and where what led to the others leads now. */
export interface Active {
  readonly nodes: ReadonlyMap<string, NodeEntry>
  /** The place that gives what stood at another; undefined where nothing does. */
  leadOn(from: string): string | undefined
  /** The param that was written at a place; undefined where its node or its item is gone. */
  paramAt(place: string): string | undefined
}

/**
 * Takes out muted and bypassed nodes. An output of a bypassed node is what comes to its first input
 * of a type that fits. Of a muted one nothing comes: a repeated item that needs it goes, and so
 * does a node that cannot do without.
 */
export function withoutInactive(
  nodes: ReadonlyMap<string, NodeEntry>,
  catalogue: Catalogue,
): Active {
  const removed = new Set([...nodes].filter(([, { mode }]) => mode).map(([id]) => id))
  const leadOn = (from: string): string | undefined => {
    const seen = new Set<string>()
    let place: string | undefined = from
    while (place !== undefined && !seen.has(place)) {
      seen.add(place)
      const { node, socket } = parsePlace(place)
      if (!removed.has(node)) return place
      place = passedOn(nodes.get(node)!, socket, catalogue)
    }
    return undefined
  }
  for (let before = -1; before !== removed.size; ) {
    before = removed.size
    for (const [id, entry] of nodes) {
      if (!removed.has(id) && namesOf(entry, catalogue, leadOn) === undefined) removed.add(id)
    }
  }
  const names = new Map<string, Names>()
  for (const [id, entry] of nodes) {
    if (!removed.has(id)) names.set(id, namesOf(entry, catalogue, leadOn)!)
  }
  return {
    nodes: new Map([...names].map(([id, name]) => [id, renamed(nodes.get(id)!, name, leadOn)])),
    leadOn,
    paramAt(place) {
      const { node, socket } = parsePlace(place)
      const name = names.get(node)?.(socket)
      return name === undefined ? undefined : `${node}.${name}`
    },
  }
}

/** The present name of an input or param; undefined where its item is gone. */
type Names = (name: string) => string | undefined

/** Where a bypassed node gets what it gives on. */
function passedOn(
  { mode, type, inputs = {} }: NodeEntry,
  output: string,
  catalogue: Catalogue,
): string | undefined {
  const shape = mode === 'bypass' ? catalogue.shape(type) : undefined
  const given = shape?.outputs.get(output)
  if (!shape || !given) return undefined
  const fits = ([name]: [string, string]) => {
    const port = portOf(shape, name)
    return port?.input !== undefined && unify(port.input.type, given, new Map())
  }
  return Object.entries(inputs).find(fits)?.[1]
}

/** How items are numbered without those that lack a link; undefined where the node lacks one. */
function namesOf(
  { type, inputs = {} }: NodeEntry,
  catalogue: Catalogue,
  leadOn: Active['leadOn'],
): Names | undefined {
  const shape = catalogue.shape(type)
  const gone = new Set<number>()
  const all = new Set<number>()
  for (const [name, from] of Object.entries(inputs)) {
    const port = shape && portOf(shape, name)
    if (!port?.input) continue
    all.add(port.item)
    if (port.input.optional || leadOn(from) !== undefined) continue
    gone.add(port.item)
  }
  if (gone.has(0)) return undefined
  if (!shape || gone.size === 0) return (name) => name
  if (all.size - (all.has(0) ? 1 : 0) - gone.size < shape.repeat!.min) return undefined
  return (name) => {
    const port = portOf(shape, name)
    if (!port || port.item === 0) return name
    if (gone.has(port.item)) return undefined
    return `${port.base}${port.item - [...gone].filter((item) => item < port.item).length}`
  }
}

function renamed(entry: NodeEntry, nameOf: Names, leadOn: Active['leadOn']): NodeEntry {
  const params = Object.entries(entry.params ?? {}).flatMap(([name, value]) => {
    const present = nameOf(name)
    return present === undefined ? [] : [[present, value]]
  })
  const inputs = Object.entries(entry.inputs ?? {}).flatMap(([name, from]) => {
    const present = nameOf(name)
    const end = leadOn(from)
    return present === undefined || end === undefined ? [] : [[present, end]]
  })
  return {
    ...entry,
    ...(entry.params && { params: Object.fromEntries(params) }),
    ...(entry.inputs && { inputs: Object.fromEntries(inputs) }),
  }
}
