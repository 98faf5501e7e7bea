import type { NodeEntry, Workflow } from '../state/types.ts'
import { fromRete, type ReteConnection, reteConnections, reteNode } from './convert.ts'
import type { Stage } from './rete.ts'

/** Keeps rete's nodes and connections equal to the document. */
export interface Mirror {
  /** Brings rete to this graph, after what is still under way. */
  update(nodes: Workflow['nodes']): void
  /** Ends when rete holds the last graph given. */
  settled(): Promise<void>
  /** The graph as rete holds it. */
  read(): Workflow['nodes']
}

type MirrorStage = Pick<Stage, 'addNode' | 'removeNode' | 'connect' | 'disconnect' | 'read'>

/** A mirror of an empty graph. */
export function createMirror(stage: MirrorStage): Mirror {
  let wanted: Workflow['nodes'] = {}
  let held: Workflow['nodes'] = {}
  let running: Promise<void> | undefined

  async function run(): Promise<void> {
    while (held !== wanted) {
      const next = wanted
      await step(stage, held, next)
      held = next
    }
    running = undefined
  }

  return {
    update(nodes) {
      wanted = nodes
      running ??= Promise.resolve().then(run)
    },
    settled: async () => {
      await running
    },
    read: () => fromRete(stage.read()),
  }
}

/** Links go first and come last, since rete wants both of their nodes. */
async function step(
  stage: MirrorStage,
  former: Workflow['nodes'],
  next: Workflow['nodes'],
): Promise<void> {
  const changed = Object.keys(next).filter((id) => former[id] !== next[id])
  const gone = Object.keys(former).filter((id) => !Object.hasOwn(next, id))
  const links = (id: string, entry: NodeEntry | undefined): ReteConnection[] =>
    entry ? reteConnections(id, entry) : []
  const stale = new Set<string>(gone)
  for (const id of changed) {
    if (!sameBody(former[id], next[id]!)) stale.add(id)
  }
  const relinked = [...gone, ...changed].filter((id) => former[id]?.inputs !== next[id]?.inputs)
  for (const id of new Set([...relinked])) {
    for (const link of links(id, former[id])) await stage.disconnect(link.id)
  }
  await replaceNodes(stage, former, next, stale)
  for (const id of relinked) {
    for (const link of links(id, next[id])) await stage.connect(link)
  }
}

async function replaceNodes(
  stage: MirrorStage,
  former: Workflow['nodes'],
  next: Workflow['nodes'],
  stale: ReadonlySet<string>,
): Promise<void> {
  for (const id of stale) {
    const now = Object.hasOwn(next, id) ? next[id] : undefined
    if (!Object.hasOwn(former, id)) {
      await stage.addNode(reteNode(id, now!))
    } else if (!now) {
      await stage.removeNode(id)
    } else {
      Object.assign(stage.read().nodes.find((node) => node.id === id)!, reteNode(id, now))
    }
  }
}

function sameBody(former: NodeEntry | undefined, next: NodeEntry): boolean {
  if (!former) return false
  const { inputs: before, ...a } = former as Record<string, unknown>
  const { inputs: after, ...b } = next as Record<string, unknown>
  const keys = Object.keys({ ...a, ...b })
  return (before === undefined) === (after === undefined) && keys.every((key) => a[key] === b[key])
}
