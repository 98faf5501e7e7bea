import type { AddressInfo } from 'node:net'
import { type WebSocket, WebSocketServer } from 'ws'
import type { PatchOp, Workflow } from '../../../editor/state/types.ts'
import { applyPatch } from '../../../engine/protocol/apply-patch.ts'
import { clientMessage, type ServerEvent } from '../../../engine/protocol/messages.ts'
import { readWorkflow } from '../../../engine/workflow/index.ts'

/** A small server of the socket: documents, numbered events with replay, and a line to cut. */
export interface Relay {
  readonly address: string
  readonly documents: Map<string, { revision: number; workflow: Workflow }>
  /** Every message that came, with its client. */
  readonly heard: { readonly client: string; readonly message: { readonly type: string } }[]
  event(event: ServerEvent): void
  frame(bytes: Uint8Array): void
  /** Cuts all lines, as a lost network does. */
  cut(): void
  /** Cuts all lines and takes no new ones until it is called with true. */
  reachable(now: boolean): void
  /** Takes nothing in and sends nothing out from now on. */
  freeze(): void
  /** The next patch is carried out, but the line is cut before its echo. */
  loseNextEcho(): void
  /** Numbers begin anew, as after a restart. */
  restart(): void
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** Starts a relay on a free port of this machine. */
export async function startRelay(): Promise<Relay> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  const documents: Relay['documents'] = new Map()
  const heard: Relay['heard'] = []
  const clients = new Map<WebSocket, { client: string; open: Set<string> }>()
  let events: { sequence: number; event: ServerEvent }[] = []
  let epoch = 1
  let frozen = false
  let losing = false
  let reachable = true

  const send = (line: WebSocket, message: object) => {
    if (!frozen) line.send(JSON.stringify(message))
  }
  const relayed = (sequence: number, event: ServerEvent) => ({
    ...{ type: 'event', sequence, time: 0, event },
  })
  const cut = () => {
    for (const line of clients.keys()) line.terminate()
  }

  function hello(line: WebSocket, from: { epoch?: string; since?: number }): void {
    const resumes = from.epoch === String(epoch) && from.since !== undefined
    const snapshot = { runs: [], nodes: {}, queue: { paused: false, waiting: 0, running: [] } }
    send(line, {
      ...{ type: 'welcome', version: '0', epoch: String(epoch), sequence: events.length },
      ...(!resumes && { snapshot }),
    })
    if (!resumes) return
    for (const { sequence, event } of events) {
      if (sequence > from.since!) send(line, relayed(sequence, event))
    }
  }

  server.on('connection', (line) => {
    if (!reachable) return line.terminate()
    const own = { client: '', open: new Set<string>() }
    clients.set(line, own)
    line.on('close', () => clients.delete(line))
    line.on('message', (data) => {
      if (frozen) return
      const message = clientMessage.parse(JSON.parse(String(data)))
      if (message.type === 'hello') own.client = message.client
      heard.push({ client: own.client, message })
      if (message.type === 'hello') hello(line, message as { epoch?: string; since?: number })
      else if (message.type === 'ping') send(line, { type: 'pong' })
      else if (message.type === 'check') {
        send(line, { type: 'checked', request: message.request, problems: [] })
      } else if (message.type === 'document-open') {
        own.open.add(message.name)
        const { name } = message
        send(line, { type: 'document-opened', name, ...documents.get(name) })
      } else if (message.type === 'document-patch') {
        const document = documents.get(message.name)!
        const { name, request } = message
        try {
          const ops = message.ops as PatchOp[]
          document.workflow = readWorkflow(applyPatch(document.workflow, ops))
          document.revision += 1
          if (losing) {
            losing = false
            cut()
            return
          }
          for (const [other, { open }] of clients) {
            if (!open.has(name)) continue
            const { revision } = document
            send(other, {
              ...{ type: 'document-patched', name, revision, client: own.client, request, ops },
            })
          }
        } catch (error) {
          const refusal = { type: 'document-refused', name, request, message: String(error) }
          send(line, { ...refusal, ...document })
        }
      }
    })
  })

  const close = () =>
    new Promise<void>((resolve) => {
      cut()
      server.close(() => resolve())
    })
  return {
    address: `http://127.0.0.1:${port}`,
    documents,
    heard,
    event(event) {
      const sequence = events.length + 1
      events.push({ sequence, event })
      for (const line of clients.keys()) send(line, relayed(sequence, event))
    },
    frame(bytes) {
      for (const line of clients.keys()) line.send(bytes)
    },
    cut,
    reachable(now) {
      reachable = now
      if (!now) cut()
    },
    freeze() {
      frozen = true
    },
    loseNextEcho() {
      losing = true
    },
    restart() {
      epoch += 1
      events = []
      cut()
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}
