import { randomUUID } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Logger } from 'pino'
import type { ServicesOptions } from '../context.ts'
import { openExecutor } from '../executor/open-executor.ts'
import { openWorkbench } from '../executor/open-workbench.ts'
import type { PreviewFrame } from '../executor/types.ts'
import { openValuePictures } from '../executor/value-pictures.ts'
import { openFiles } from '../files.ts'
import type { Catalogue } from '../workflow/index.ts'
import { openDatasets } from './datasets.ts'
import { openDocuments } from './documents/open-documents.ts'
import type { Limits } from './http/context.ts'
import { isLoopback } from './http/security.ts'
import { createServer, type MazeruServer } from './http/server.ts'
import { openLibrary } from './library/open-library.ts'
import {
  openDatabase,
  openJournal,
  openRunStore,
  openWebhooks,
  startDispatcher,
} from './queue/index.ts'

/** What a whole server is made of. */
export interface ServeOptions {
  readonly catalogue: Catalogue
  /** Absolute. */
  readonly folders: {
    readonly models: readonly string[]
    readonly input: string
    readonly output: string
    readonly cache: string
    readonly workflows: string
    readonly templates: string
    /** For the database and all else that must last. */
    readonly data: string
    readonly editor: string | undefined
  }
  readonly version: string
  readonly log: Logger
  readonly host?: string | undefined
  readonly port: number
  readonly token?: string | undefined
  readonly provider?: ServicesOptions['provider']
  /** Processes that run workflows, 1 unless given. */
  readonly executors?: number | undefined
  readonly limits?: Partial<Limits> | undefined
  /** Lets webhooks go to this machine and its network, wherever the server listens. */
  readonly allowPrivateWebhooks?: boolean | undefined
  /** The program that executors and workbench are started from; mazeru's own unless given. */
  readonly entry?: string | undefined
  /** Told what a person should know. */
  readonly onNotice?: (sentence: string) => void
}

/** Pictures on wires that are kept for a look. */
const valueBytes = 2 ** 30

/** Opens everything, listens, and takes up the runs that an earlier process left. */
export async function serve(options: ServeOptions): Promise<MazeruServer> {
  const { catalogue, folders, log, version, provider, entry, onNotice } = options
  const clock = Date.now
  const { models, input, output, cache, workflows, templates, data } = folders
  for (const folder of [data, input, output, workflows]) mkdirSync(folder, { recursive: true })
  const closers: (() => unknown)[] = []
  const close = async () => {
    for (const closer of closers.splice(0).reverse()) await closer()
  }
  try {
    const database = openDatabase(join(data, 'runs.sqlite'))
    closers.push(() => database.close())
    const journal = openJournal({ database, clock })
    const webhookRules = {
      isLocalAllowed: isLoopback(options.host ?? '127.0.0.1'),
      isPrivateAllowed: options.allowPrivateWebhooks ?? false,
    }
    const runs = openRunStore({
      ...{ database, journal, clock, randomId: randomUUID, catalogue, webhookRules },
    })
    closers.push(() => runs.close())
    const webhooks = openWebhooks({ database, clock, journal, rules: webhookRules })
    closers.push(() => webhooks.stop())
    const notice = (sentence: string) => {
      journal.add({ type: 'notice', message: sentence })
      onNotice?.(sentence)
    }
    const onText = (text: string) => log.info({ text: text.trimEnd() }, 'a process says')
    const program = entry === undefined ? {} : { entry }
    const workbench = openWorkbench({ ...program, onText })
    closers.push(() => workbench.stop())
    const library = await openLibrary({
      folders: { models, input, output },
      data: join(data, 'library'),
      ...{ workbench, runs },
    })
    closers.push(() => library.close())
    const documents = await openDocuments({
      ...{ folder: workflows, templates, catalogue },
      data: join(data, 'documents'),
    })
    closers.push(() => documents.close())
    closers.push(library.follow((kinds) => journal.add({ type: 'library', kinds: [...kinds] })))
    closers.push(
      documents.follow((name, revision) => journal.add({ type: 'document', name, revision })),
    )
    const values = join(data, 'values')
    const label = provider ?? 'auto'
    const count = options.executors ?? 1
    for (const run of runs.recover()) log.info({ run: run.id }, 'run taken up again')
    const executors = Array.from({ length: count }, (_, index) =>
      openExecutor({
        ...program,
        name: count === 1 ? label : `${label} ${index + 1}`,
        folders: { models, input, output, cache },
        values: { folder: join(values, String(index)), maxBytes: valueBytes / count },
        ...(provider && { provider }),
        ...{ onNotice: notice, onText },
      }),
    )
    closers.push(() => Promise.all(executors.map((executor) => executor.stop())))
    const listeners = new Set<(frame: PreviewFrame) => void>()
    const dispatcher = startDispatcher({
      ...{ runs, journal, executors, webhook: webhooks },
      onPreview: (frame) => {
        for (const listener of listeners) listener(frame)
      },
    })
    closers.push(() => dispatcher.stop())
    const server = await createServer(
      {
        ...{ catalogue, runs, journal, documents, library, executors, workbench },
        lookup: openFiles({ models, input, output }),
        values: firstOf(executors.map((_, index) => openValuePictures(join(values, `${index}`)))),
        folders: { models, input, output, workflows, editor: folders.editor },
      },
      {
        ...{ log, version, port: options.port, host: options.host, token: options.token },
        limits: options.limits,
        datasets: openDatasets({ input, workbench }),
        running: {
          set: (...place) => dispatcher.set(...place),
          cancel: (run) => dispatcher.cancel(run),
          counts: () => dispatcher.counts(),
          followPreviews: (listener) => {
            listeners.add(listener)
            return () => listeners.delete(listener)
          },
        },
      },
    )
    return {
      ...server,
      async close(patience) {
        await dispatcher.stop()
        await server.close(patience)
        await close()
      },
    }
  } catch (thrown) {
    await close()
    throw thrown
  }
}

type Values = ReturnType<typeof openValuePictures>

/** Each executor keeps pictures in a folder of its own. */
function firstOf(all: readonly Values[]): Values {
  return {
    async get(run, node, output, index) {
      for (const values of all) {
        const found = await values.get(run, node, output, index)
        if (found) return found
      }
      return undefined
    },
  }
}
