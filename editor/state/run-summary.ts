import type { NodeStatus } from '../../engine/protocol/runs.ts'
import { placeOf } from './ports.ts'
import { subgraphNamed } from './subgraphs.ts'
import type { Place, Workflow } from './types.ts'

/** What a run says of a node that stands for a subgraph: of the nodes inside, taken together. */

type Statuses = ReadonlyMap<string, NodeStatus>

/** The status of an instance, with the node inside that it shows most of. */
export interface StatusSummary extends NodeStatus {
  readonly inner: string
}

/** Summaries of a map of statuses; the map is replaced with every event. */
const known = new WeakMap<Statuses, Map<string, StatusSummary>>()

/** The status of a node by its id in runs; of an instance, that of its nodes together. */
export function statusOf(statuses: Statuses | undefined, id: string): NodeStatus | undefined {
  return statuses && (statuses.get(id) ?? summaryOf(statuses, id))
}

/** The node that a status is of: itself, or the one inside that an instance shows. */
export function innerOf(status: NodeStatus | undefined, id: string): string {
  return status && 'inner' in status ? (status as StatusSummary).inner : id
}

/** The id in runs of the node that gives an output, and its name there. */
export function innerPlace(root: Workflow, graph: Workflow, place: Place): Place {
  const entry = Object.hasOwn(graph.nodes, place.node) ? graph.nodes[place.node] : undefined
  const found = entry && subgraphNamed(root, entry.subgraph)
  const from = found?.outputs?.[place.socket]
  if (!found || from === undefined) return place
  const { node, socket } = innerPlace(root, { version: root.version, ...found }, placeOf(from))
  return { node: `${place.node}:${node}`, socket }
}

function summaryOf(statuses: Statuses, id: string): StatusSummary | undefined {
  let all = known.get(statuses)
  if (!all) {
    all = summaries(statuses)
    known.set(statuses, all)
  }
  return all.get(id)
}

function summaries(statuses: Statuses): Map<string, StatusSummary> {
  const groups = new Map<string, [string, NodeStatus][]>()
  for (const [id, status] of statuses) {
    for (let end = id.indexOf(':'); end >= 0; end = id.indexOf(':', end + 1)) {
      const instance = id.slice(0, end)
      const group = groups.get(instance)
      if (group) group.push([id, status])
      else groups.set(instance, [[id, status]])
    }
  }
  return new Map([...groups].map(([id, group]) => [id, summarised(group)]))
}

/** Which state of a part decides that of the whole; the first that any part has. */
const order = ['failed', 'running', 'cancelled'] as const
const settled: ReadonlySet<NodeStatus['state']> = new Set(['done', 'cached', 'failed', 'skipped'])

function summarised(group: readonly (readonly [string, NodeStatus])[]): StatusSummary {
  const having = (state: NodeStatus['state']) => group.find(([, status]) => status.state === state)
  const ended = group.filter(([, { state }]) => settled.has(state))
  const seconds = ended.reduce((sum, [, status]) => sum + (status.seconds ?? 0), 0)
  const deciding = order.map(having).find((found) => found !== undefined)
  if (deciding) {
    const [inner, status] = deciding
    const part = status.steps ? (status.step ?? 0) / status.steps : 0
    if (status.state !== 'running') return { ...status, inner }
    const { values: _, secondsLeft: __, ...shown } = status
    // Progress of all nodes inside, in hundredths of a node.
    const step = Math.round(100 * (ended.length + part))
    return { ...shown, inner, step, steps: 100 * group.length }
  }
  if (ended.length < group.length) {
    const waits = ended.length === 0
    const [inner] = having('waiting') ?? group[0]!
    const progress = { step: 100 * ended.length, steps: 100 * group.length }
    return waits ? { state: 'waiting', inner } : { state: 'running', inner, ...progress }
  }
  const pictured = group.findLast(([, { values = {} }]) =>
    Object.values(values).some(({ pictures = 0 }) => pictures > 0),
  )
  const [inner, { values }] = pictured ?? group.at(-1)!
  const fresh = having('done')
  const state = fresh ? 'done' : having('cached') ? 'cached' : 'skipped'
  return { state, inner, ...(fresh && { seconds }), ...(values && { values }) }
}
