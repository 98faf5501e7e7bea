import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import type { ServerMessage } from '../../protocol/index.ts'
import type { ServerContext } from '../http/context.ts'
import { HttpError } from '../http/errors.ts'
import { hardwareNow } from '../http/hardware-now.ts'
import type { Access, Caller } from '../http/security.ts'
import { openConnection } from './connection.ts'
import { openDocumentRoom } from './document-room.ts'
import { previewFrame } from './previews.ts'

/** All editors that are connected. */
export interface Sockets {
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void
  /** Tells every editor that the server goes away. */
  close(): Promise<void>
}

/** Milliseconds between looks at the machine, and between heartbeats. */
const hardwareEvery = 2000
const heartbeatEvery = 30_000

/** Milliseconds in which an editor must say who it is. */
const helloWithin = 10_000

/** Connects editors that come from our own page, at `/api/socket`. */
export function openSockets(context: ServerContext, access: Access): Sockets {
  const { limits, counts, running, log } = context
  const server = new WebSocketServer({ noServer: true, maxPayload: limits.message })
  const room = openDocumentRoom(context)
  const connections = new Set<ReturnType<typeof openConnection>>()
  const endPreviews = running.followPreviews((preview) => {
    if (connections.size === 0) return
    const frame = previewFrame(preview)
    for (const connection of connections) connection.preview(frame)
  })
  let isReading = false
  const tellHardware = async () => {
    if (connections.size === 0 || isReading) return
    isReading = true
    const message: ServerMessage = {
      type: 'hardware',
      hardware: await hardwareNow(context.parts.executors),
    }
    isReading = false
    for (const connection of connections) connection.hardware(message)
  }
  const timers = [
    setInterval(tellHardware, hardwareEvery),
    setInterval(() => {
      for (const connection of connections) connection.beat()
    }, heartbeatEvery),
  ]
  for (const timer of timers) timer.unref()

  const accept = (socket: WebSocket, isKnown: boolean) => {
    const connection = openConnection(socket, { context, access, room, isKnown, helloWithin })
    connections.add(connection)
    counts.sockets = connections.size
    socket.once('close', () => {
      connections.delete(connection)
      counts.sockets = connections.size
      connection.end()
    })
    void tellHardware()
  }
  return {
    upgrade(request, socket, head) {
      const onError = () => socket.destroy()
      socket.on('error', onError)
      try {
        const isKnown = admit(request, access)
        if (connections.size >= limits.sockets) {
          throw new HttpError(503, `editors: ${connections.size} connected, no more expected`)
        }
        server.handleUpgrade(request, socket, head, (opened) => {
          socket.off('error', onError)
          accept(opened, isKnown)
        })
      } catch (thrown) {
        const status = thrown instanceof HttpError ? thrown.status : 500
        log.info({ status, url: request.url }, 'socket refused')
        refuse(socket, status, thrown instanceof HttpError ? thrown.message : 'refused')
      }
    },
    async close() {
      for (const timer of timers) clearInterval(timer)
      endPreviews()
      room.close()
      const open = [...server.clients]
      for (const socket of open) socket.close(1001, 'the server stops')
      const gone = open.map((socket) => new Promise((resolve) => socket.once('close', resolve)))
      const late = setTimeout(() => open.forEach((socket) => void socket.terminate()), 1000)
      await Promise.all(gone)
      clearTimeout(late)
      server.close()
    },
  }
}

/** True where the request carries the token already; a cookie does, after signing in. */
function admit(request: IncomingMessage, access: Access): boolean {
  const url = new URL(request.url ?? '/', 'http://localhost')
  if (url.pathname !== '/api/socket') throw new HttpError(404, 'socket: /api/socket expected')
  const caller: Caller = {
    method: 'GET',
    header: (name) => {
      const value = request.headers[name]
      return Array.isArray(value) ? value[0] : value
    },
  }
  access.admit(caller, { always: true })
  return access.knows(caller)
}

function refuse(socket: Duplex, status: number, message: string): void {
  const body = JSON.stringify({ error: message })
  socket.end(
    `HTTP/1.1 ${status} Refused\r\nContent-Type: application/json\r\nConnection: close\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  )
}
