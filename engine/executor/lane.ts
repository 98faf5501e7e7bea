import { type Child, startChild } from './child.ts'
import {
  type PackedError,
  unpackError,
  type WorkbenchAnswer,
  type WorkbenchCommand,
} from './messages.ts'

/** Tasks for a process beside the runs, one after the other. */
export interface Lane {
  /** Rejects as the task does, or with what `broken` makes of the process's end. */
  ask(request: LaneRequest): Promise<unknown>
  stop(): Promise<void>
}

export interface LaneRequest extends WorkbenchCommand {
  /** Milliseconds. */
  readonly patience: number
  /** The error for a process that ended in this task; `how` follows "the process". */
  readonly broken: (how: string) => Error
}

export interface LaneOptions {
  readonly entry?: string | undefined
  /** Milliseconds without a task after which the process is ended. */
  readonly idle?: number | undefined
  readonly onText?: ((text: string) => void) | undefined
}

const defaultIdle = 120_000

/** Opens a lane; its process starts with a task, and anew after one that ended it. */
export function openLane({ entry, idle = defaultIdle, onText }: LaneOptions): Lane {
  let child: Child<WorkbenchCommand> | undefined
  let last: Promise<unknown> = Promise.resolve()
  let isStopped = false
  let idleTimer: NodeJS.Timeout | undefined
  /** Settles the task in hand. */
  let settle: ((answer: WorkbenchAnswer | string) => void) | undefined

  const start = () => {
    const started = startChild<WorkbenchCommand, WorkbenchAnswer>({
      ...{ entry, command: 'workbench', onText },
      onAnswer: (answer) => settle?.(answer),
    })
    started.ended.then(({ how }) => {
      if (child !== started) return
      child = undefined
      settle?.(`ended (${how})`)
    })
    return started
  }
  const end = () => {
    child?.kill()
    child = undefined
  }
  const work = async ({ task, args, patience, broken }: LaneRequest): Promise<unknown> => {
    if (isStopped) throw broken('was stopped')
    clearTimeout(idleTimer)
    child ??= start()
    const { promise, resolve } = Promise.withResolvers<WorkbenchAnswer | string>()
    settle = resolve
    const timer = setTimeout(() => {
      settle?.(`gave no answer for ${patience / 1000} s and was ended`)
      end()
    }, patience)
    child.send({ task, args })
    const answer = await promise
    clearTimeout(timer)
    settle = undefined
    idleTimer = setTimeout(end, idle)
    idleTimer.unref()
    if (typeof answer === 'string') throw broken(answer)
    if (answer.error) throw unpackError(answer.error satisfies PackedError)
    return answer.result
  }
  return {
    ask(request) {
      const answer = last.then(() => work(request))
      last = answer.catch(() => undefined)
      return answer
    },
    async stop() {
      isStopped = true
      clearTimeout(idleTimer)
      const ending = child
      settle?.('was stopped')
      ending?.kill()
      await ending?.ended
    },
  }
}
