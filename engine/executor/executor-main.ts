import { messageOf } from '../errors.ts'
import type { Run } from '../workflow/index.ts'
import { openChannel } from './channel.ts'
import { type Bench, conduct } from './conduct.ts'
import { type Host, openCache, openCacheStore } from './host.ts'
import {
  type ExecutorAnswer,
  type ExecutorCommand,
  type ExecutorSetup,
  packError,
} from './messages.ts'
import type { RunRequest } from './types.ts'
import { openValueKeeper } from './value-pictures.ts'
import { createWirePictures, type LatentPicture } from './wire-pictures.ts'

/** What the program lends to an executor. */
export interface ExecutorTools {
  /** Makes what the workflow names and what is not there yet, such as the demo's models. */
  readonly prepare: (workflow: string) => Promise<void>
  readonly latentPicture: LatentPicture
}

/** The run in progress. */
interface Job {
  readonly id: string
  readonly controller: AbortController
  /** The engine's run once it is planned; undefined where it came to nothing. */
  readonly run: Promise<Run | undefined>
  /** Settles with the run. */
  readonly over: Promise<void>
}

type Opened = Bench & {
  /** Says whether results are to outlive the process. */
  keepResults(keeps: boolean): void
}

/**
 * The loop of an executor's process: one device, one cache in memory, one run after the other.
 * Settles when the parent says stop; then the device is closed.
 */
export async function executorMain(host: Host, tools: ExecutorTools): Promise<void> {
  const channel = openChannel<ExecutorCommand, ExecutorAnswer>('executor')
  const { send } = channel
  let opening: Promise<Opened> | undefined
  let job: Job | undefined

  const begin = (request: RunRequest) => {
    const { promise, resolve } = Promise.withResolvers<Run | undefined>()
    const controller = new AbortController()
    const over = work(request, controller.signal, resolve)
    job = { id: request.run, controller, run: promise, over }
  }
  const work = async (
    request: RunRequest,
    signal: AbortSignal,
    started: (run: Run | undefined) => void,
  ) => {
    const bench = await opening!
    bench.keepResults(!request.live)
    const end = await conduct(request, bench, signal, {
      event: (event) => void send({ type: 'event', event }),
      preview: (frame) => send({ type: 'preview', frame }),
      started,
    })
    job = undefined
    await send({ type: 'end', run: request.run, end, rss: process.memoryUsage.rss() })
  }
  const set = async (command: Extract<ExecutorCommand, { type: 'set' }>) => {
    const { ask, run, node, param, value } = command
    try {
      const running = job?.id === run ? await job.run : undefined
      const applied = running?.set(node, param, value).applied ?? 'next-run'
      await send({ type: 'set-done', ask, applied })
    } catch (thrown) {
      await send({ type: 'set-done', ask, error: packError(thrown) })
    }
  }
  const stopped = new Promise<void>((resolve) => {
    channel.listen((command) => {
      switch (command.type) {
        case 'open':
          opening = openBench(host, tools, command.setup, (message) => {
            void send({ type: 'notice', message })
          })
          opening.then(() => send({ type: 'ready' }), refuse)
          break
        case 'run':
          begin(command.request)
          break
        case 'set':
          void set(command)
          break
        case 'cancel':
          if (job?.id === command.run) job.controller.abort()
          break
        case 'ping':
          void send({ type: 'pong' })
          break
        case 'stop':
          resolve()
          break
        default:
          command satisfies never
      }
    })
  })
  await stopped
  job?.controller.abort()
  await job?.over
  await (await opening)?.services.close()
}

/** Without its services the process is of no use; the parent reads why. */
function refuse(thrown: unknown): never {
  process.stderr.write(`${messageOf(thrown)}\n`)
  process.exit(1)
}

async function openBench(
  host: Host,
  { prepare, latentPicture }: ExecutorTools,
  { folders, provider, values }: ExecutorSetup,
  onNotice: (message: string) => void,
): Promise<Opened> {
  const { models, input, output, cache: cacheDir } = folders
  const services = await host.openServices({
    ...{ models: [...models], input, output, cacheDir, onNotice },
    ...(provider && { provider }),
  })
  const store = openCacheStore(folders, onNotice)
  let keeps = true
  const cache = openCache(services, {
    get: (key) => store.get(key),
    put: async (key, bytes) => {
      if (keeps) await store.put(key, bytes)
    },
  })
  return {
    ...{ host, services, cache, output, prepare },
    pictures: createWirePictures(latentPicture),
    keeper: values && openValueKeeper(values.folder, values.maxBytes),
    clock: () => performance.timeOrigin + performance.now(),
    keepResults(next) {
      keeps = next
    },
  }
}
