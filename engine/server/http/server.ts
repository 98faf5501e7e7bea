import { createServer as createNodeServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import type { Logger } from 'pino'
import { DeviceError, messageOf, WorkflowError } from '../../errors.ts'
import type { Datasets } from '../datasets.ts'
import type { Parts } from '../parts.ts'
import { openFeed } from '../socket/feed.ts'
import { openSockets } from '../socket/sockets.ts'
import { createApp } from './app.ts'
import { type Limits, type Running, type ServerContext, usualLimits } from './context.ts'
import { createAccess, isLoopback } from './security.ts'

/** How a server is opened. */
export interface ServerOptions {
  readonly running: Running
  readonly datasets: Datasets
  readonly log: Logger
  readonly version: string
  /** 127.0.0.1 unless given. Any address beyond this machine needs a token. */
  readonly host?: string | undefined
  /** 0 takes a free one. */
  readonly port: number
  readonly token?: string | undefined
  readonly limits?: Partial<Limits> | undefined
  readonly clock?: () => number
}

/** A server that listens. */
export interface MazeruServer {
  /** `http://127.0.0.1:4180`, without the token. */
  readonly address: string
  readonly port: number
  /** Editors are told and answers under way finished, for at most `patience` milliseconds. */
  close(patience?: number): Promise<void>
}

/**
 * Opens the server. Throws a WorkflowError where it would listen beyond this machine without a
 * token, and a DeviceError where the port is taken.
 */
export async function createServer(parts: Parts, options: ServerOptions): Promise<MazeruServer> {
  const { host = '127.0.0.1', port, token, log, running, datasets, version } = options
  const clock = options.clock ?? Date.now
  refuseOpenServer(host, token)
  const closing = new AbortController()
  const context: ServerContext = {
    ...{ parts, running, datasets, log, version, clock },
    closing: closing.signal,
    feed: openFeed(parts.journal),
    limits: { ...usualLimits, ...options.limits },
    counts: { started: clock(), answers: new Map(), sockets: 0, previewsDropped: 0 },
  }
  const access = createAccess({ host, token })
  const app = createApp(context, access)
  const sockets = openSockets(context, access)
  const listener = getRequestListener(app.fetch, { overrideGlobalObjects: false })
  const server = createNodeServer(
    { requestTimeout: 0, headersTimeout: 30_000, keepAliveTimeout: 65_000 },
    listener,
  )
  server.on('upgrade', (request, socket, head) => sockets.upgrade(request, socket, head))
  const bound = await listen(server, host, port)
  const shown = host.includes(':') ? `[${host}]` : host
  const name = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : shown
  return {
    address: `http://${name}:${bound}`,
    port: bound,
    async close(patience = 5000) {
      const closed = new Promise((resolve) => server.close(resolve))
      closing.abort()
      await sockets.close()
      context.feed.close()
      server.closeIdleConnections()
      const timer = setTimeout(() => server.closeAllConnections(), patience)
      await closed
      clearTimeout(timer)
    },
  }
}

function refuseOpenServer(host: string, token: string | undefined): void {
  if (token !== undefined && token.length < 8) {
    throw new WorkflowError(`--token: ${token.length} characters, at least 8 expected`)
  }
  if (isLoopback(host) || token !== undefined) return
  const remedy = 'give --token, or --token auto for a new one, or set MAZERU_TOKEN'
  throw new WorkflowError(
    `--host ${host}: reached from other machines, a token expected; ${remedy}`,
  )
}

async function listen(server: Server, host: string, port: number): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', (cause: NodeJS.ErrnoException) => {
    const taken = `port ${port}: in use by another program, a free one expected; give --port`
    const message = cause.code === 'EADDRINUSE' ? taken : `${host}:${port}: ${messageOf(cause)}`
    reject(new DeviceError(message, { cause }))
  })
  server.listen(port, host, resolve)
  await promise
  return (server.address() as AddressInfo).port
}
