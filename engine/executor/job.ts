import { DeviceError } from '../errors.ts'
import type { NodeStatus } from '../protocol/index.ts'
import { type PackedError, unpackError } from './messages.ts'
import type { ExecutorEvent, RunEnd, RunHandle, RunListener, RunRequest } from './types.ts'

type Applied = { applied: 'now' | 'next-run' }

/** A run as the parent sees it: what was asked, what is known, who is told. */
export interface Job {
  readonly request: RunRequest
  readonly listener: RunListener
  /** Never rejects. */
  readonly end: Promise<RunEnd>
  /** Whether the process has been given it. */
  isSent: boolean
  isCancelled: boolean
  /** Notes where the run is and passes the event on. */
  see(event: ExecutorEvent): void
  /** A question of the run's params; `ask` goes with it. */
  ask(): { readonly ask: number; readonly answer: Promise<Applied> }
  answer(ask: number, given: { applied?: Applied['applied']; error?: PackedError }): void
  finish(end: RunEnd): void
  /** Ends it where its process ended; `how` follows the words "the process of the device". */
  break(how: string): void
  /** Ends a run that somebody cancelled, or that was never begun. */
  close(status: 'failed' | 'cancelled', error?: string): void
}

/** A run that nobody has begun yet. */
export function createJob(request: RunRequest, listener: RunListener, clock: () => number): Job {
  const begun = clock()
  const { promise: end, resolve } = Promise.withResolvers<RunEnd>()
  const nodes = new Map<string, NodeStatus>()
  const asks = new Map<number, PromiseWithResolvers<Applied>>()
  const results: RunEnd['results'] = {}
  let isOver = false
  let asked = 0
  /** The node that was last heard of as running. */
  let place: string | undefined

  const finish = (given: RunEnd) => {
    if (isOver) return
    isOver = true
    for (const { resolve: settle } of asks.values()) settle({ applied: 'next-run' })
    asks.clear()
    resolve(given)
  }
  const note = (event: ExecutorEvent) => {
    if (event.type === 'node') {
      nodes.set(event.node, event.status)
      if (event.status.state === 'running') place = event.node
      else if (place === event.node) place = undefined
    } else if (event.type === 'progress') {
      const { step, steps } = event
      nodes.set(event.node, { state: 'running', ...nodes.get(event.node), step, steps })
    }
  }
  const see = (event: ExecutorEvent) => {
    if (isOver) return
    note(event)
    listener.event(event)
  }
  /** What was under way when the run ended has another state from now on. */
  const leave = (state: 'failed' | 'cancelled', error?: string) => {
    const open = [...nodes].filter(([, status]) => openStates.has(status.state))
    for (const [node, { secondsLeft: _, ...status }] of open) {
      const isBroken = state === 'failed' && node === place && error !== undefined
      const now = isBroken ? { state, error } : { state: 'cancelled' as const }
      see({ type: 'node', run: request.run, node, status: { ...status, ...now } })
    }
  }
  const endWith = (status: 'failed' | 'cancelled', rest: Pick<RunEnd, 'error' | 'crashed'>) => {
    if (isOver) return
    leave(status, rest.error)
    const seconds = (clock() - begun) / 1000
    finish({ status, seconds, nodes: Object.fromEntries(nodes), results, changes: {}, ...rest })
  }
  return {
    ...{ request, listener, end, see, finish, isSent: false, isCancelled: false },
    ask() {
      const waiting = Promise.withResolvers<Applied>()
      if (isOver) waiting.resolve({ applied: 'next-run' })
      else asks.set(asked, waiting)
      return { ask: asked++, answer: waiting.promise }
    },
    answer(ask, { applied = 'next-run', error }) {
      const waiting = asks.get(ask)
      asks.delete(ask)
      if (error) waiting?.reject(unpackError(error))
      else waiting?.resolve({ applied })
    },
    break(how) {
      const status = place === undefined ? undefined : nodes.get(place)
      const step = status?.step === undefined ? '' : atStep(status.step, status.steps)
      const who = place === undefined ? '' : `${place}: `
      const sentence = `${who}the process of the device ${how}${step}${remedy}`
      for (const { reject } of asks.values()) reject(new DeviceError(sentence))
      asks.clear()
      endWith('failed', { error: sentence, crashed: true })
    },
    close: (status, error) => endWith(status, error === undefined ? {} : { error }),
  }
}

/** The run as its owner holds it. */
export function handleOf(job: Job, acts: Pick<RunHandle, 'set' | 'cancel'>): RunHandle {
  return { end: job.end, ...acts }
}

const openStates: ReadonlySet<string> = new Set(['waiting', 'running'])
const remedy = '; run it again, what is finished is kept'

/** The step that was begun and not finished. */
function atStep(done: number, steps: number | undefined): string {
  return steps === undefined ? '' : ` at step ${Math.min(done + 1, steps)} of ${steps}`
}
