import { setTimeout as sleep } from 'node:timers/promises'
import { messageOf, WorkflowError } from '../../errors.ts'
import type {
  Executor,
  ExecutorEvent,
  PreviewFrame,
  RunEnd,
  RunHandle,
  RunRequest,
} from '../../executor/types.ts'
import type { Claimed, Journal, RunStore } from './types.ts'

/** Brings waiting runs to free executors, and what these tell to the store and the journal. */
export interface Dispatcher {
  /** Changes a param of a running run; rejects with a WorkflowError where it is not running. */
  set(
    run: string,
    node: string,
    param: string,
    value: unknown,
  ): Promise<{ applied: 'now' | 'next-run' }>
  cancel(run: string): void
  /** Begins nothing more; what runs goes back to the queue, for the next server. */
  stop(): Promise<void>
  /** Since the start, for metrics. */
  counts(): DispatchCounts
}

export interface DispatchCounts {
  readonly started: number
  readonly done: number
  readonly failed: number
  readonly cancelled: number
  readonly crashed: number
  /** Seconds that runs took, all together. */
  readonly seconds: number
  readonly nodesRun: number
  readonly nodesCached: number
  readonly nodesFailed: number
}

interface DispatcherOptions {
  readonly runs: RunStore
  readonly journal: Journal
  readonly executors: readonly Executor[]
  readonly onPreview: (frame: PreviewFrame) => void
  /** Is woken when a run has ended. */
  readonly webhook?: { wake(): void }
  /** Milliseconds between two looks at executors that are not ready. */
  readonly patience?: number
}

/** Starts to claim at once. */
export function startDispatcher(options: DispatcherOptions): Dispatcher {
  const { runs, journal, executors, onPreview, webhook, patience = 100 } = options
  const busy = new Set<Executor>()
  const handles = new Map<string, RunHandle>()
  const underWay = new Set<string>()
  const counts = { ...noCounts }
  let stopped = false
  let timer: NodeJS.Timeout | undefined

  const claimAll = () => {
    clearTimeout(timer)
    if (stopped) return
    const free = executors.filter((executor) => !busy.has(executor) && executor.state !== 'stopped')
    // One that is being started takes a run only where no other ever could: it may never be ready.
    const isAnySound = executors.some(({ state }) => state === 'idle' || state === 'busy')
    for (const executor of free) {
      if (isAnySound && executor.state !== 'idle') continue
      const claimed = claimOne(executor)
      if (claimed) void carry(executor, claimed)
    }
    const isAnyLeft = free.some((executor) => !busy.has(executor) && executor.state !== 'idle')
    if (isAnyLeft && runs.queue.waiting > 0) look()
  }
  const look = () => {
    clearTimeout(timer)
    timer = setTimeout(claimAll, patience)
    timer.unref()
  }
  const claimOne = (executor: Executor): Claimed | undefined => {
    try {
      return runs.claim(executor.name)
    } catch {
      // A full disk: the run waits on, and the store says it to whoever submits.
      timer = setTimeout(claimAll, 10 * patience)
      timer.unref()
      return undefined
    }
  }
  const tell = (event: ExecutorEvent) => {
    if (stopped || !underWay.has(event.run)) return
    runs.note(event)
    const { type } = event
    journal.add(type === 'saved' ? { type: 'pictures', files: [...event.files] } : event)
    count(counts, event)
  }
  const carry = async (executor: Executor, { request }: Claimed) => {
    const { run } = request
    busy.add(executor)
    underWay.add(run)
    counts.started += 1
    const end = await begin(executor, request)
    if (!stopped) await settle(run, end)
    underWay.delete(run)
    handles.delete(run)
    busy.delete(executor)
    claimAll()
  }
  const begin = async (executor: Executor, request: RunRequest): Promise<RunEnd> => {
    const { run } = request
    try {
      const handle = executor.start(request, {
        event: tell,
        preview: (frame) => {
          if (!stopped && underWay.has(run)) onPreview(frame)
        },
      })
      handles.set(run, handle)
      return await handle.end
    } catch (thrown) {
      const error = messageOf(thrown)
      return { status: 'failed', seconds: 0, error, nodes: {}, results: {}, changes: {} }
    }
  }
  /** What has ended must be noted, however long the disk stays full. */
  const settle = async (run: string, end: RunEnd) => {
    for (;;) {
      try {
        runs.finish(run, end)
        break
      } catch {
        await sleep(10 * patience)
        if (stopped) return
      }
    }
    counts[end.crashed ? 'crashed' : end.status] += 1
    counts.seconds += end.seconds
  }
  const offs = [
    // In a turn of its own: whoever submits gets the answer first.
    runs.onWork(() => void setImmediate(claimAll)),
    runs.onCancel((run) => handles.get(run)?.cancel()),
    runs.onEnd(() => webhook?.wake()),
  ]
  claimAll()
  return {
    async set(run, node, param, value) {
      const handle = handles.get(run)
      if (handle) return await handle.set(node, param, value)
      throw new WorkflowError(`run ${run}: it is not running, expected one that is`)
    },
    cancel: (run) => void runs.cancel(run),
    async stop() {
      if (stopped) return
      stopped = true
      clearTimeout(timer)
      for (const off of offs) off()
      for (const run of handles.keys()) {
        try {
          runs.release(run)
        } catch {
          // A full disk: it stays marked as running, and is put back at the next start.
        }
      }
    },
    counts: () => ({ ...counts }),
  }
}

const noCounts = {
  ...{ started: 0, done: 0, failed: 0, cancelled: 0, crashed: 0, seconds: 0 },
  ...{ nodesRun: 0, nodesCached: 0, nodesFailed: 0 },
}

function count(counts: typeof noCounts, event: ExecutorEvent): void {
  if (event.type !== 'node') return
  const { state } = event.status
  if (state === 'done') counts.nodesRun += 1
  if (state === 'cached') counts.nodesCached += 1
  if (state === 'failed') counts.nodesFailed += 1
}
