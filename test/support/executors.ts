import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { type ExecutorOptions, openExecutor } from '../../engine/executor/open-executor.ts'
import type {
  Executor,
  ExecutorEvent,
  PreviewFrame,
  RunHandle,
  RunRequest,
} from '../../engine/executor/types.ts'
import { projectRoot } from './sources.ts'

/** Folders of an executor below a desk, with the models of the demo. */
export function executorFolders(desk: string) {
  return {
    models: [join(projectRoot, 'models', 'demo')],
    input: join(desk, 'input'),
    output: join(desk, 'output'),
    cache: join(desk, 'cache'),
  }
}

/** An executor with nodes of arithmetic, which is stopped when the test ends. */
export function arithmeticExecutor(desk: string, options: Partial<ExecutorOptions> = {}): Executor {
  const executor = openExecutor({
    name: 'arithmetic',
    entry: join(projectRoot, 'test', 'fixtures', 'cli-main.ts'),
    folders: executorFolders(desk),
    ...options,
  })
  onTestFinished(() => executor.stop())
  return executor
}

/** A run whose events and frames are kept. */
export interface Followed extends RunHandle {
  readonly events: ExecutorEvent[]
  readonly frames: PreviewFrame[]
  /** Settles once an event passes the test. */
  until(test: (event: ExecutorEvent) => boolean): Promise<void>
}

/** Starts a run and keeps what is told of it. */
export function follow(
  executor: Executor,
  workflow: object,
  request: Partial<RunRequest> = {},
): Followed {
  const events: ExecutorEvent[] = []
  const frames: PreviewFrame[] = []
  const waiting = new Set<() => void>()
  const handle = executor.start(
    { run: 'run', workflow, fresh: false, live: false, ...request },
    {
      event(event) {
        events.push(event)
        for (const look of waiting) look()
      },
      preview: (frame) => void frames.push(frame),
    },
  )
  return {
    ...{ ...handle, events, frames },
    until(test) {
      return new Promise((resolve, reject) => {
        const look = () => {
          if (events.some(test)) resolve()
        }
        waiting.add(look)
        look()
        handle.end.then((end) => reject(new Error(`ended before: ${JSON.stringify(end)}`)))
      })
    },
  }
}

/** The states that a node was told to be in, in order. */
export function statesOf(events: readonly ExecutorEvent[], node: string): string[] {
  return events.flatMap((event) =>
    event.type === 'node' && event.node === node ? [event.status.state] : [],
  )
}

/** The demo's two LoRAs, with few steps. */
export function twoLoras(steps = 4): {
  nodes: Record<string, { params: Record<string, unknown> }>
} {
  const path = join(projectRoot, 'workflows', 'two-loras.json')
  const workflow = JSON.parse(readFileSync(path, 'utf8'))
  workflow.nodes.sampler.params.steps = steps
  return workflow
}
