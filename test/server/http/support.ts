import { randomUUID } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request as nodeRequest } from 'node:http'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { WebSocket } from 'ws'
import { openExecutor } from '../../../engine/executor/open-executor.ts'
import type { PreviewFrame } from '../../../engine/executor/types.ts'
import { openValuePictures } from '../../../engine/executor/value-pictures.ts'
import type { ClientMessage, ServerMessage } from '../../../engine/protocol/index.ts'
import { openDocuments } from '../../../engine/server/documents/open-documents.ts'
import { createServer, type ServerOptions } from '../../../engine/server/http/server.ts'
import { openLog } from '../../../engine/server/log.ts'
import type { Parts } from '../../../engine/server/parts.ts'
import {
  openDatabase,
  openJournal,
  openRunStore,
  startDispatcher,
} from '../../../engine/server/queue/index.ts'
import { createCatalogue } from '../../../engine/workflow/index.ts'
import { arithmeticNodes, noFiles } from '../../fixtures/arithmetic-nodes.ts'

const silent = openLog('silent')
/** The program that executors are started from: nodes of arithmetic. */
export const entry = join(import.meta.dirname, '..', '..', 'fixtures', 'cli-main.ts')

const catalogue = createCatalogue(arithmeticNodes)

/** A folder with files; call `remove` at the end. */
export function folderWith(files: Record<string, string | Uint8Array> = {}) {
  const path = mkdtempSync(join(tmpdir(), 'mazeru-http-'))
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(path, name)), { recursive: true })
    writeFileSync(join(path, name), content)
  }
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}

/** HTTP and sockets with a real queue and real documents; `running` adds a real executor. */
export async function desk(
  options: Partial<ServerOptions> = {},
  { running = false, editor }: { running?: boolean; editor?: string } = {},
) {
  const folder = folderWith()
  const database = openDatabase(join(folder.path, 'runs.sqlite'))
  const clock = Date.now
  const journal = openJournal({ database, clock })
  const runs = openRunStore({ database, journal, clock, randomId: randomUUID, catalogue })
  const documents = await openDocuments({
    folder: join(folder.path, 'workflows'),
    templates: join(folder.path, 'templates'),
    catalogue,
  })
  const previewers = new Set<(frame: PreviewFrame) => void>()
  const preview = (frame: PreviewFrame) => {
    for (const previewer of previewers) previewer(frame)
  }
  const absent = (what: string) =>
    new Proxy({}, { get: () => () => Promise.reject(new Error(`${what} is not in this test`)) })
  const values = join(folder.path, 'values')
  const at = (name: string) => join(folder.path, name)
  const folders = { models: [], input: at('input'), output: at('output'), cache: at('cache') }
  const setup = { folders, values: { folder: values, maxBytes: 2 ** 20 } }
  const executors = running ? [openExecutor({ name: 'test', entry, ...setup })] : []
  const parts = {
    ...{ catalogue, runs, journal, documents, executors, lookup: noFiles },
    values: openValuePictures(values),
    library: absent('the library'),
    workbench: absent('the workbench'),
    folders: {
      ...{ models: [], input: folder.path, output: folder.path, workflows: folder.path },
      editor,
    },
  } as unknown as Parts
  const dispatcher = startDispatcher({ runs, journal, executors, onPreview: preview })
  const server = await createServer(parts, {
    ...{ log: silent, version: '0.0.0', port: 0 },
    datasets: absent('a dataset') as ServerOptions['datasets'],
    running: {
      set: (...place) => dispatcher.set(...place),
      cancel: (run) => dispatcher.cancel(run),
      counts: () => dispatcher.counts(),
      followPreviews: (listener) => {
        previewers.add(listener)
        return () => previewers.delete(listener)
      },
    },
    ...options,
  })
  return {
    ...{ ...server, parts, journal, runs, documents },
    preview,
    async end() {
      await dispatcher.stop()
      await server.close()
      await Promise.all(executors.map((executor) => executor.stop()))
      await documents.close()
      runs.close()
      database.close()
      folder.remove()
    },
  }
}

/** An answer, its JSON parsed where it is some. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly text: string
  readonly json: Readonly<Record<string, unknown>> & { readonly error?: string }
}

/** Sends a request as given: no header is added, no address is tidied up. */
export function ask(
  port: number,
  method: string,
  path: string,
  options: { headers?: Record<string, string>; body?: unknown; host?: string } = {},
): Promise<Answer> {
  const { body, headers = {} } = options
  const isRaw = typeof body === 'string' || body instanceof Uint8Array
  const data = body === undefined || isRaw ? body : JSON.stringify(body)
  return new Promise((resolve, reject) => {
    const request = nodeRequest({ host: '127.0.0.1', port, method, path, headers }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8')
        const { statusCode = 0, headers } = response
        resolve({ status: statusCode, headers, text, json: parsedOf(text) })
      })
    })
    request.on('error', reject)
    request.end(data)
  })
}

function parsedOf(text: string): Answer['json'] {
  try {
    return JSON.parse(text)
  } catch {
    return {}
  }
}

/** An editor's end of the socket. */
export interface Editor {
  readonly socket: WebSocket
  readonly messages: ServerMessage[]
  readonly frames: Buffer[]
  send(message: ClientMessage | string | Uint8Array): void
  /** The next message of a type, or the first that came and was not taken yet. */
  next<Type extends ServerMessage['type']>(
    type: Type,
    test?: (message: Extract<ServerMessage, { type: Type }>) => boolean,
  ): Promise<Extract<ServerMessage, { type: Type }>>
  /** The code that the socket was closed with. */
  readonly closed: Promise<number>
}

/** Connects; a refusal rejects with its status. */
export function connect(port: number, headers: Record<string, string> = {}): Promise<Editor> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/api/socket`, { headers })
  const messages: ServerMessage[] = []
  const frames: Buffer[] = []
  const untaken: ServerMessage[] = []
  let look = () => {}
  socket.on('message', (data: Buffer, isBinary) => {
    if (isBinary) return void frames.push(data)
    const message = JSON.parse(String(data)) as ServerMessage
    messages.push(message)
    untaken.push(message)
    look()
  })
  const closed = new Promise<number>((resolve) => socket.on('close', resolve))
  return new Promise((resolve, reject) => {
    socket.on('unexpected-response', (_request, response) =>
      reject(new Error(`status ${response.statusCode}`)),
    )
    socket.on('error', reject)
    socket.on('open', () =>
      resolve({
        ...{ socket, messages, frames, closed },
        send: (message) => {
          const isRaw = typeof message === 'string' || message instanceof Uint8Array
          socket.send(isRaw ? message : JSON.stringify(message))
        },
        next: (type, test = () => true) =>
          new Promise((resolve) => {
            const take = () => {
              const at = untaken.findIndex(
                (message) => message.type === type && test(message as never),
              )
              if (at < 0) return
              look = () => {}
              resolve(untaken.splice(at, 1)[0] as never)
            }
            look = take
            take()
          }),
      }),
    )
  })
}
