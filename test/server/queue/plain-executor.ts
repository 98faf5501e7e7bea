import type {
  Executor,
  ExecutorEvent,
  RunEnd,
  RunHandle,
  RunListener,
  RunRequest,
} from '../../../engine/executor/types.ts'
import type { NodeStatus, ValueSummary } from '../../../engine/protocol/index.ts'
import {
  type Cache,
  type Catalogue,
  check,
  plan,
  type Run,
  type RunEvent,
  readWorkflow,
  startRun,
} from '../../../engine/workflow/index.ts'

/** An executor in this process: it runs workflows of plain nodes, and can be made to die. */
export interface PlainExecutor extends Executor {
  /** Ends the run under way as the death of a process would, at once. */
  die(): void
  /** Runs that were begun. */
  readonly begun: readonly string[]
}

/** Runs what the catalogue has; results stay in the cache, as they do on the disk of a real one. */
export function plainExecutor(
  name: string,
  { catalogue, cache }: { catalogue: Catalogue; cache?: Cache },
): PlainExecutor {
  const begun: string[] = []
  let current: { run: Promise<Run>; die(): void } | undefined
  let state: Executor['state'] = 'idle'
  let restarts = 0
  return {
    name,
    get state() {
      return state
    },
    get restarts() {
      return restarts
    },
    pid: undefined,
    run: undefined,
    begun,
    start(request, listener): RunHandle {
      begun.push(request.run)
      state = 'busy'
      let dead = false
      const alive: RunListener = {
        event: (event) => !dead && listener.event(event),
        preview: (frame) => !dead && listener.preview(frame),
      }
      const run = begin(request, catalogue, cache)
      const died = Promise.withResolvers<RunEnd>()
      const die = () => {
        dead = true
        restarts += 1
        state = 'restarting'
        setTimeout(() => {
          if (state === 'restarting') state = 'idle'
        }, 20)
        void run.then(({ cancel }) => cancel())
        const nothing = { nodes: {}, results: {}, changes: {} }
        died.resolve({
          ...{ status: 'failed', seconds: 0, error: 'process ended by SIGKILL', crashed: true },
          ...nothing,
        })
      }
      current = { run, die }
      const ended = finished(request, run, alive).then((end) => {
        if (!dead) state = 'idle'
        return end
      })
      return {
        end: Promise.race([ended, died.promise]),
        set: async (node, param, value) => (await run).set(node, param, value),
        cancel: () => void run.then(({ cancel }) => cancel()),
      }
    },
    die: () => current?.die(),
    async stop() {
      state = 'stopped'
      ;(await current?.run)?.cancel()
    },
  }
}

async function begin(request: RunRequest, catalogue: Catalogue, cache?: Cache): Promise<Run> {
  const wanted = request.outputs ? { outputs: request.outputs } : {}
  const { graph, problems } = await check(readWorkflow(request.workflow), catalogue, wanted)
  if (problems) throw new Error(problems.map(({ message }) => message).join('\n'))
  const memory = cache && !request.fresh ? { cache } : {}
  return startRun(plan(graph, wanted), { clock: () => performance.now(), ...memory })
}

async function finished(
  { run: id }: RunRequest,
  starting: Promise<Run>,
  listener: RunListener,
): Promise<RunEnd> {
  const nodes: Record<string, NodeStatus> = {}
  const results: Record<string, ValueSummary> = {}
  const begun = performance.now()
  const seconds = () => (performance.now() - begun) / 1000
  try {
    const run = await starting
    for await (const event of run.events) {
      for (const told of translated(id, event)) {
        if (told.type === 'node') nodes[told.node] = told.status
        if (told.type === 'output') results[told.name] = told.value
        listener.event(told)
      }
    }
    const { status, changes } = await run.result
    const error = Object.values(nodes).find((node) => node.error !== undefined)?.error
    return {
      ...{ status, seconds: seconds(), nodes, results, changes },
      ...(error === undefined ? {} : { error }),
    }
  } catch (thrown) {
    const error = (thrown as Error).message
    return { status: 'failed', seconds: seconds(), error, nodes, results, changes: {} }
  }
}

function translated(run: string, event: RunEvent): ExecutorEvent[] {
  const node = (name: string, status: NodeStatus): ExecutorEvent[] => [
    { type: 'node', run, node: name, status },
  ]
  if (event.type === 'queued') {
    return event.nodes.flatMap((name) => node(name, { state: 'waiting' }))
  }
  if (event.type === 'started') return node(event.node, { state: 'running' })
  if (event.type === 'cached') return node(event.node, { state: 'cached' })
  if (event.type === 'finished') {
    return node(event.node, { state: 'done', seconds: event.seconds })
  }
  if (event.type === 'failed') {
    return node(event.node, { state: 'failed', error: event.error.message })
  }
  if (event.type === 'skipped') {
    return node(event.node, { state: 'skipped', because: event.because })
  }
  if (event.type === 'progress') {
    const { sequence: _, time: __, ...progress } = event
    return [{ run, ...progress }]
  }
  if (event.type === 'metric') {
    const { name, values } = event
    return [{ type: 'metric', run, node: event.node, name, values }]
  }
  if (event.type !== 'output') return []
  const value = { type: typeof event.value, value: event.value as number }
  return [{ type: 'output', run, name: event.name, node: event.node, value }]
}
