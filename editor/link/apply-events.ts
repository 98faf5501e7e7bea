import type { ServerEvent, Snapshot } from '../../engine/protocol/messages.ts'
import type { NodeStatus, RunInfo } from '../../engine/protocol/runs.ts'
import { metrics, notify, runs } from '../state/stores.ts'

/** How events of the server change the stores. */

/** Points of one chart that are kept. */
const mostRows = 50_000

type Rows = readonly Readonly<Record<string, unknown>>[]

/** The present of the server in place of what was known of active runs. */
export function applySnapshot(snapshot: Snapshot): void {
  runs.setState((state) => {
    const known = new Map(Object.entries(snapshot.nodes))
    const nodes = new Map(state.nodes)
    for (const [run, statuses] of known) nodes.set(run, new Map(Object.entries(statuses)))
    return {
      nodes,
      runs: new Map(snapshot.runs.map((run) => [run.id, run])),
      queue: snapshot.queue,
    }
  })
}

/** Events in their order, as one change of each store. */
export function applyEvents(events: readonly ServerEvent[]): void {
  const { runs: list, nodes, queue } = runs.getState()
  const draft = { runs: new Map(list), nodes: new Map(nodes), queue, rows: new Map<string, Rows>() }
  const fresh = new Set<string>()
  const statuses = (run: string): Map<string, NodeStatus> => {
    const own = fresh.has(run) ? draft.nodes.get(run) : new Map(draft.nodes.get(run))
    fresh.add(run)
    draft.nodes.set(run, own ?? new Map())
    return draft.nodes.get(run) as Map<string, NodeStatus>
  }
  const gone = new Set<string>()
  const points = new Map<string, Readonly<Record<string, unknown>>[]>()
  for (const event of events) {
    if (event.type === 'run') draft.runs.set(event.run.id, event.run)
    else if (event.type === 'run-removed') gone.add(event.id)
    else if (event.type === 'queue') draft.queue = event.queue
    else if (event.type === 'node') {
      const former = statuses(event.run).get(event.node)
      statuses(event.run).set(event.node, withMetrics(event.status, former))
    } else if (event.type === 'progress') {
      const { run, node, type: _, ...progress } = event
      const former = statuses(run).get(node)
      statuses(run).set(node, { ...former, state: 'running', ...progress })
    } else if (event.type === 'metric') {
      const { run, node, name, values } = event
      const former = statuses(run).get(node) ?? { state: 'running' as const }
      const last = { ...former.metrics, [name]: values }
      statuses(run).set(node, { ...former, metrics: last })
      const key = `${run} ${node} ${name}`
      points.set(key, [...(points.get(key) ?? []), values])
    } else if (event.type === 'notice') notify(event.message)
  }
  for (const run of gone) {
    draft.runs.delete(run)
    draft.nodes.delete(run)
  }
  runs.setState({ runs: draft.runs, nodes: draft.nodes, queue: draft.queue })
  if (points.size > 0 || gone.size > 0) addPoints(points, gone)
}

/** The newest run of a document among those that the server told of. */
export function newestRunOf(
  list: ReadonlyMap<string, RunInfo>,
  document: string,
): string | undefined {
  const own = [...list.values()].filter((run) => run.document === document && !run.live)
  return own.toSorted((a, b) => b.created - a.created)[0]?.id
}

function withMetrics(status: NodeStatus, former: NodeStatus | undefined): NodeStatus {
  return former?.metrics && !status.metrics ? { ...status, metrics: former.metrics } : status
}

function addPoints(points: ReadonlyMap<string, Rows>, gone: ReadonlySet<string>): void {
  metrics.setState(({ rows }) => {
    const next = new Map([...rows].filter(([key]) => !gone.has(key.slice(0, key.indexOf(' ')))))
    for (const [key, more] of points) {
      next.set(key, [...(next.get(key) ?? []), ...more].slice(-mostRows))
    }
    return { rows: next }
  })
}
