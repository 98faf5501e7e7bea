import { declaredInput, type NodeInfos, placeOf } from './ports.ts'
import type {
  NodeEntry,
  NodeInfo,
  ParamInfo,
  PatchOp,
  Place,
  SocketInfo,
  Workflow,
} from './types.ts'

/** Definitions inside a workflow, and the instances that stand for them. */

/** The type of nodes that stand for a subgraph. */
export const subgraphType = 'subgraph'

/** A definition inside a workflow. */
export type Subgraph = NonNullable<Workflow['subgraphs']>[string]

/** The definition of this name. */
export function subgraphNamed(workflow: Workflow, name: string | undefined): Subgraph | undefined {
  const { subgraphs } = workflow
  return name !== undefined && subgraphs && Object.hasOwn(subgraphs, name)
    ? subgraphs[name]
    : undefined
}

/** The description of a node: of its type, or made of the subgraph that it stands for. */
export function infoOf(
  workflow: Workflow,
  entry: NodeEntry,
  infos: NodeInfos,
): NodeInfo | undefined {
  if (entry.type !== subgraphType) return infos.get(entry.type)
  const found = subgraphNamed(workflow, entry.subgraph)
  return found && instanceInfo(workflow, entry.subgraph!, found, infos, 0)
}

/** A definition as a workflow of its own: commands on it give ops for `inside`. */
export function graphInside(workflow: Workflow, name: string): Workflow | undefined {
  const found = subgraphNamed(workflow, name)
  if (!found) return undefined
  const { subgraphs } = workflow
  return { version: workflow.version, ...found, ...(subgraphs && { subgraphs }) }
}

/** Ops on a definition as ops on the workflow that holds it. */
export function inside(name: string, ops: readonly PatchOp[]): PatchOp[] {
  return ops.map((op) =>
    op.path[0] === 'subgraphs' ? op : { ...op, path: ['subgraphs', name, ...op.path] },
  )
}

const deepest = 32

function instanceInfo(
  workflow: Workflow,
  name: string,
  { description, inputs, outputs, nodes }: Subgraph,
  infos: NodeInfos,
  depth: number,
): NodeInfo {
  const inner = (id: string): NodeInfo | undefined => {
    const entry = Object.hasOwn(nodes, id) ? nodes[id] : undefined
    if (!entry || entry.type !== subgraphType) return entry && infos.get(entry.type)
    const found = subgraphNamed(workflow, entry.subgraph)
    if (!found || depth >= deepest) return undefined
    return instanceInfo(workflow, entry.subgraph!, found, infos, depth + 1)
  }
  const sockets: SocketInfo[] = []
  const params: ParamInfo[] = []
  for (const [input, { to, description: text }] of Object.entries(inputs ?? {})) {
    const place = placeOf(to[0] ?? '')
    const info = inner(place.node)
    const param = info && paramNamed(info, place.socket)
    const type = info && declaredInput(info, place.socket)
    const said = text !== undefined && { description: text }
    if (param) {
      // What the node inside holds is what counts while the instance says nothing.
      const value = ownParam(nodes, place)
      const held = value !== undefined && { default: value }
      params.push({ ...param, name: input, schema: { ...param.schema, ...said, ...held } })
    } else if (type) sockets.push({ name: input, type: unbound(type), ...said })
  }
  const given = Object.entries(outputs ?? {}).map(([output, from]) => {
    const place = placeOf(from)
    const spec = inner(place.node)?.outputs.find((entry) => entry.name === place.socket)
    return { name: output, type: unbound(spec?.type ?? 'T') }
  })
  const parts = Object.keys(nodes).flatMap((id) => inner(id) ?? [])
  const purity = parts.some((part) => part.purity === 'impure') ? 'impure' : 'pure'
  const sink = parts.some((part) => part.sink)
  return {
    ...{ type: subgraphType, version: 1, title: name, category: '' },
    ...{ description: description ?? '', purity, live: false, sink },
    ...{ inputs: sockets, params, outputs: given },
  }
}

function ownParam(nodes: Workflow['nodes'], { node, socket }: Place): unknown {
  const { params = {} } = (Object.hasOwn(nodes, node) && nodes[node]) || {}
  return Object.hasOwn(params, socket) ? params[socket] : undefined
}

function paramNamed(info: NodeInfo, name: string): ParamInfo | undefined {
  const plain = info.params.find((param) => param.name === name)
  const match = /^(.*?)[1-9]\d*$/.exec(name)
  return plain ?? info.repeat?.params.find((param) => param.name === match?.[1])
}

/** A type without its variables, which belong to the node inside: `model<F>` becomes `model`. */
function unbound(type: string): string {
  return type.replace(/<\s*[A-Z](\s*,\s*[A-Z])*\s*>/g, '')
}
