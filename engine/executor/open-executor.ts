import { WorkflowError } from '../errors.ts'
import { type Child, type ChildEnd, startChild } from './child.ts'
import { type Heartbeat, startHeartbeat } from './heartbeat.ts'
import { createJob, handleOf, type Job } from './job.ts'
import type { ExecutorAnswer, ExecutorCommand, ExecutorSetup } from './messages.ts'
import type { Executor } from './types.ts'

/** How an executor is opened. */
export interface ExecutorOptions extends ExecutorSetup {
  /** Such as the device: `cpu`, `gpu 0`. */
  readonly name: string
  /** The program's file; that of mazeru unless given. */
  readonly entry?: string
  /** Milliseconds without an answer after which the process is ended; a step blocks it. */
  readonly patience?: number
  /** Milliseconds that a cancelled run and a stop may take. */
  readonly grace?: number
  /** Bytes: a process that holds more after a run is begun anew before the next. */
  readonly maxRss?: number
  /** Told what a person should know of the device, and of each restart. */
  readonly onNotice?: (sentence: string) => void
  /** Told what the process writes, for a log. */
  readonly onText?: (text: string) => void
}

/** Several times what a step of a large picture takes on a slow processor. */
const defaultPatience = 300_000
const defaultGrace = 30_000
/** After so many processes that ended before they were ready, a waiting run is refused. */
const mostFailures = 5
/** Milliseconds before the first restart; twice as long for each further one. */
const firstDelay = 100
const longestDelay = 30_000

type Process = Child<ExecutorCommand>

/** Opens the executor of one device; its process is started at once. */
export function openExecutor(options: ExecutorOptions): Executor {
  const { name, patience = defaultPatience, grace = defaultGrace, onNotice } = options
  const { entry, folders, provider, values, maxRss = Infinity, onText } = options
  const setup: ExecutorSetup = { folders, ...(provider && { provider }), ...(values && { values }) }
  let state: Executor['state'] = 'starting'
  let restarts = 0
  /** Processes in a row that ended before a run did. */
  let failures = 0
  let child: Process | undefined
  let heartbeat: Heartbeat | undefined
  let job: Job | undefined
  /** Why the process was ended, in words that follow "the process of the device". */
  let reason: string | undefined
  let isReady = false
  /** The process was asked to end between two runs, for its memory. */
  let isRenewing = false
  let restartTimer: NodeJS.Timeout | undefined
  /** Ends the process where it does not do what it was asked. */
  let graceTimer: NodeJS.Timeout | undefined

  const launch = () => {
    reason = undefined
    child = startChild<ExecutorCommand, ExecutorAnswer>({
      ...{ entry, command: 'executor', onText },
      onAnswer: (answer) => {
        heartbeat?.heard()
        hear(answer)
      },
    })
    const started = child
    heartbeat = startHeartbeat({
      patience,
      ping: () => started.send({ type: 'ping' }),
      onSilence: () => kill(`gave no answer for ${patience / 1000} s and was ended`),
    })
    child.send({ type: 'open', setup })
    child.ended.then(ended)
  }
  const kill = (why: string) => {
    reason ??= why
    child?.kill()
  }
  const give = () => {
    if (!job || job.isSent || !isReady || isRenewing || state === 'stopped') return
    job.isSent = true
    state = 'busy'
    child!.send({ type: 'run', request: job.request })
  }
  const rest = () => {
    job = undefined
    clearTimeout(graceTimer)
    if (state === 'busy') state = 'idle'
  }
  const hear = (answer: ExecutorAnswer) => {
    switch (answer.type) {
      case 'ready':
        isReady = true
        if (state !== 'stopped') state = 'idle'
        give()
        break
      case 'event':
        if (answer.event.run === job?.request.run) job.see(answer.event)
        break
      case 'preview':
        if (answer.frame.head.run === job?.request.run) job.listener.preview(answer.frame)
        break
      case 'set-done':
        job?.answer(answer.ask, answer)
        break
      case 'end':
        hearEnd(answer)
        break
      case 'notice':
        onNotice?.(answer.message)
        break
      case 'pong':
        break
      default:
        answer satisfies never
    }
  }
  const hearEnd = ({ run, end, rss }: Extract<ExecutorAnswer, { type: 'end' }>) => {
    if (run !== job?.request.run) return
    const ended = job
    failures = 0
    rest()
    const isLeft = state === 'stopped' && end.status === 'cancelled' && !ended.isCancelled
    if (isLeft) ended.break('was stopped')
    else ended.finish(end)
    if (rss > maxRss && state !== 'stopped') {
      isRenewing = true
      state = 'restarting'
      child!.send({ type: 'stop' })
      graceTimer = setTimeout(() => kill('was renewed'), grace)
    }
  }
  const ended = ({ how, text }: ChildEnd) => {
    heartbeat?.end()
    clearTimeout(graceTimer)
    const wasReady = isReady
    isReady = false
    const what = reason ?? `ended (${how})${hintOf(text)}`
    const left = job?.isSent ? job : undefined
    if (left) rest()
    if (left?.isCancelled) left.close('cancelled')
    else left?.break(what)
    if (state === 'stopped') return
    state = 'restarting'
    if (isRenewing) {
      isRenewing = false
      launch()
      return
    }
    restarts += 1
    failures = wasReady ? 1 : failures + 1
    onNotice?.(`${name}: the process of the device ${what}; it is started again`)
    if (failures >= mostFailures) refuse(text || what)
    const delay = Math.min(longestDelay, firstDelay * 2 ** (failures - 1))
    restartTimer = setTimeout(launch, delay)
  }
  const refuse = (why: string) => {
    const waiting = job
    rest()
    waiting?.close('failed', `the process of the device does not start: ${lastLine(why)}`)
  }
  const cancel = (cancelled: Job) => {
    if (cancelled !== job || cancelled.isCancelled) return
    cancelled.isCancelled = true
    if (cancelled.isSent) {
      child!.send({ type: 'cancel', run: cancelled.request.run })
      graceTimer = setTimeout(() => kill('was ended'), grace)
    } else {
      rest()
      cancelled.close('cancelled')
    }
  }
  launch()
  return {
    name,
    get state() {
      return state
    },
    get restarts() {
      return restarts
    },
    get pid() {
      return child?.pid
    },
    get run() {
      return job?.request.run
    },
    start(request, listener) {
      if (state === 'stopped') throw new WorkflowError(`${name}: stopped, a running one expected`)
      if (job) throw new WorkflowError(`${name}: busy with a run, an idle one expected`)
      const begun = createJob(request, listener, () => performance.now())
      job = begun
      give()
      return handleOf(begun, {
        cancel: () => cancel(begun),
        async set(node, param, value) {
          const { ask, answer } = begun.ask()
          if (!begun.isSent) begun.answer(ask, { applied: 'next-run' })
          else child!.send({ type: 'set', ask, run: request.run, node, param, value })
          return answer
        },
      })
    },
    async stop() {
      if (state === 'stopped') return child?.ended.then(() => undefined)
      state = 'stopped'
      clearTimeout(restartTimer)
      if (job && !job.isSent) {
        const waiting = job
        rest()
        waiting.break('was stopped')
      }
      child?.send({ type: 'stop' })
      graceTimer = setTimeout(() => kill('was stopped'), grace)
      await child?.ended
    },
  }
}

/** What the last words of a process say about its end. */
function hintOf(text: string): string {
  return /out of memory|bad_alloc|allocation failed/i.test(text) ? ' for want of memory' : ''
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? ''
}
