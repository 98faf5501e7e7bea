import type { Logger } from 'pino'
import type { PreviewFrame } from '../../executor/types.ts'
import type { Datasets } from '../datasets.ts'
import type { Parts } from '../parts.ts'
import type { DispatchCounts } from '../queue/index.ts'
import type { Feed } from '../socket/feed.ts'

/** The runs under way, as the dispatcher has them. */
export interface Running {
  set(
    run: string,
    node: string,
    param: string,
    value: unknown,
  ): Promise<{ applied: 'now' | 'next-run' }>
  cancel(run: string): void
  /** What has ended since the start, for metrics. */
  counts?(): DispatchCounts
  /** Told of every preview. Gives the function that ends it. */
  followPreviews(listener: (frame: PreviewFrame) => void): () => void
}

/** Limits that a test or a careful owner may change. */
export interface Limits {
  /** Bytes of a JSON body. */
  readonly body: number
  /** Bytes of an upload. */
  readonly upload: number
  /** Bytes of a message over the WebSocket. */
  readonly message: number
  /** Nodes of a workflow. */
  readonly nodes: number
  /** Requests that change something: at once, and a second afterwards; by address. */
  readonly writes: { readonly burst: number; readonly perSecond: number }
  /** Bytes that a client may leave waiting before events are held back. */
  readonly waiting: number
  /** WebSockets open at once. */
  readonly sockets: number
}

/** Generous for people, tight enough that nobody fills the memory. */
export const usualLimits: Limits = {
  body: 32 * 2 ** 20,
  upload: 16 * 2 ** 30,
  message: 32 * 2 ** 20,
  nodes: 20_000,
  writes: { burst: 5000, perSecond: 200 },
  waiting: 2 ** 20,
  sockets: 500,
}

/** All that routes and sockets share. */
export interface ServerContext {
  readonly parts: Parts
  readonly running: Running
  readonly datasets: Datasets
  readonly feed: Feed
  readonly limits: Limits
  readonly log: Logger
  readonly version: string
  /** Milliseconds since 1970. */
  readonly clock: () => number
  /** Aborted when the server closes: answers that wait end then. */
  readonly closing: AbortSignal
  /** Counts for `/metrics`. */
  readonly counts: Counts
}

/** What is counted while the server is up. */
export interface Counts {
  readonly started: number
  readonly answers: Map<number, number>
  sockets: number
  previewsDropped: number
}
