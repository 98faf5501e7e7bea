import { applyPatch } from '../../../engine/protocol/apply-patch.ts'
import { placeOf, printPlace } from '../ports.ts'
import { graphInside, inside, subgraphNamed } from '../subgraphs.ts'
import type { NodeEntry, PatchOp, Workflow } from '../types.ts'
import { renameInput, renameOutput } from './interface.ts'
import { isName, op } from './names.ts'

/**
 * Commands on definitions of subgraphs and on what a graph shows on the outside. All take and
 * change the whole workflow, since the nodes that stand for a definition may be in any graph.
 */

export type PortSide = 'inputs' | 'outputs'

/** New names by the former ones; undefined where a port is gone. */
type PortChange = ReadonlyMap<string, string | undefined>

/** A graph of the workflow: the root, or a definition. */
interface Graph {
  readonly path: readonly string[]
  readonly nodes: Workflow['nodes']
  readonly inputs?: Workflow['inputs']
  readonly outputs?: Workflow['outputs']
}

/**
 * The ops, and those that take links and values of nodes away whose definition lost the input or
 * output that they are for.
 */
export function tidied(workflow: Workflow, ops: readonly PatchOp[]): readonly PatchOp[] {
  const written = ops.filter(({ path }) => path[0] === 'subgraphs')
  const names = new Set(written.flatMap(({ path }) => path.slice(1, 2)))
  if (names.size === 0) return ops
  const next = applyPatch(workflow, ops)
  const more = [...names].flatMap((name) => {
    const before = subgraphNamed(workflow, name)
    const after = subgraphNamed(next, name)
    if (!before || !after) return []
    const lost = (side: PortSide): PortChange =>
      new Map(
        Object.keys(before[side] ?? {})
          .filter((port) => !Object.hasOwn(after[side] ?? {}, port))
          .map((port) => [port, undefined]),
      )
    return followPorts(next, name, { inputs: lost('inputs'), outputs: lost('outputs') })
  })
  return more.length === 0 ? ops : [...ops, ...tidied(next, more)]
}

/** Gives an input or output another name, and all that uses it. A taken or bad name: no ops. */
export function renamePort(
  workflow: Workflow,
  definition: string | undefined,
  side: PortSide,
  { from, to }: { readonly from: string; readonly to: string },
): PatchOp[] {
  const graph = definition === undefined ? workflow : graphInside(workflow, definition)
  const ops = graph ? (side === 'inputs' ? renameInput : renameOutput)(graph, from, to) : []
  if (definition === undefined || ops.length === 0) return ops
  const change = { inputs: new Map(), outputs: new Map(), [side]: new Map([[from, to]]) }
  return [...inside(definition, ops), ...followPorts(workflow, definition, change)]
}

/** Takes an input or output away, with the links and values for it. */
export function removePort(
  workflow: Workflow,
  definition: string | undefined,
  side: PortSide,
  name: string,
): readonly PatchOp[] {
  const ops = [op([side, name])]
  return definition === undefined ? ops : tidied(workflow, inside(definition, ops))
}

/** Moves an input or output by places in its list; at the end of the list: no ops. */
export function movePort(graph: Workflow, side: PortSide, name: string, by: number): PatchOp[] {
  const ports: Readonly<Record<string, unknown>> = graph[side] ?? {}
  const rest = Object.keys(ports).filter((port) => port !== name)
  const index = Object.keys(ports).indexOf(name)
  const target = Math.max(0, Math.min(rest.length, index + by))
  if (index < 0 || target === index) return []
  return [op([side, name]), op([side, name], ports[name], rest[target])]
}

/** Gives a definition another name, and all nodes that stand for it. A taken name: no ops. */
export function renameSubgraph(workflow: Workflow, from: string, to: string): PatchOp[] {
  const found = subgraphNamed(workflow, from)
  if (!found || !isName(to) || subgraphNamed(workflow, to)) return []
  const led = graphsOf(workflow).flatMap(({ path, nodes }) =>
    instancesOf(nodes, from).map(([id]) => op([...path, 'nodes', id, 'subgraph'], to)),
  )
  const changed = applyPatch(workflow, led).subgraphs![from]
  return [
    ...led.filter(({ path }) => path[0] !== 'subgraphs' || path[1] !== from),
    op(['subgraphs', to], changed, from),
    op(['subgraphs', from]),
  ]
}

/** Names of definitions that no node stands for, nor one inside those in use. */
export function unusedSubgraphs(workflow: Workflow): string[] {
  const used = new Set<string>()
  const open = namesIn(workflow.nodes)
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    const found = used.has(name) ? undefined : subgraphNamed(workflow, name)
    used.add(name)
    if (found) open.push(...namesIn(found.nodes))
  }
  return Object.keys(workflow.subgraphs ?? {}).filter((name) => !used.has(name))
}

/** Takes definitions away that nothing uses; with the last one the section goes. */
export function removeUnused(workflow: Workflow): PatchOp[] {
  const unused = unusedSubgraphs(workflow)
  if (unused.length === 0) return []
  if (unused.length === Object.keys(workflow.subgraphs ?? {}).length) return [op(['subgraphs'])]
  return unused.map((name) => op(['subgraphs', name]))
}

/** Ops on all that uses ports of a definition, after the ports were renamed or went. */
function followPorts(
  workflow: Workflow,
  definition: string,
  { inputs, outputs }: Readonly<Record<PortSide, PortChange>>,
): PatchOp[] {
  if (inputs.size + outputs.size === 0) return []
  return graphsOf(workflow).flatMap(({ path, ...graph }) => {
    const ids = new Map(instancesOf(graph.nodes, definition))
    if (ids.size === 0) return []
    const led = (text: string, change: PortChange): string | undefined => {
      const { node, socket } = placeOf(text)
      if (!ids.has(node) || !change.has(socket)) return text
      const name = change.get(socket)
      return name === undefined ? undefined : printPlace({ node, socket: name })
    }
    const own = [...ids].flatMap(([id, entry]) =>
      (['params', 'inputs'] as const).flatMap((part) =>
        renamedKeys([...path, 'nodes', id, part], entry[part], inputs),
      ),
    )
    const places = [
      ...Object.entries(graph.nodes).map(([id, entry]) => [['nodes', id, 'inputs'], entry.inputs]),
      [['outputs'], graph.outputs],
    ] as [string[], Readonly<Record<string, string>> | undefined][]
    const links = places.flatMap(([place, record]) =>
      Object.entries(record ?? {}).flatMap(([name, from]) => {
        const next = led(from, outputs)
        return next === from ? [] : [op([...path, ...place, name], next)]
      }),
    )
    const named = Object.entries(graph.inputs ?? {}).flatMap(([name, { to }]) => {
      const next = to.flatMap((text) => led(text, inputs) ?? [])
      if (next.join() === to.join()) return []
      const place = [...path, 'inputs', name]
      return [next.length > 0 ? op([...place, 'to'], next) : op(place)]
    })
    return [...own, ...links, ...named]
  })
}

function renamedKeys(
  path: readonly string[],
  record: Readonly<Record<string, unknown>> | undefined,
  change: PortChange,
): PatchOp[] {
  return Object.entries(record ?? {}).flatMap(([name, value]) => {
    if (!change.has(name)) return []
    const next = change.get(name)
    const gone = op([...path, name])
    return next === undefined ? [gone] : [op([...path, next], value, name), gone]
  })
}

function graphsOf(workflow: Workflow): Graph[] {
  const inner = Object.entries(workflow.subgraphs ?? {}).map(([name, graph]) => ({
    ...graph,
    path: ['subgraphs', name],
  }))
  return [{ ...workflow, path: [] }, ...inner]
}

function instancesOf(nodes: Workflow['nodes'], definition: string): [string, NodeEntry][] {
  return Object.entries(nodes).filter(([, { subgraph }]) => subgraph === definition)
}

function namesIn(nodes: Workflow['nodes']): string[] {
  return Object.values(nodes).flatMap(({ subgraph }) => subgraph ?? [])
}
