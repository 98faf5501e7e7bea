import { z } from 'zod'
import { nodeStatus, queueInfo, runInfo } from './runs.ts'
import { hardwareInfo } from './system.ts'
import { valueSummary } from './values.ts'

/** What goes over the WebSocket at `/api/socket`. Text frames are JSON; binary frames pictures. */

const patchOp = z.object({
  path: z.array(z.string()).min(1).max(12),
  value: z.unknown().optional(),
  before: z.string().optional(),
})

/** From the editor. The first is `hello`; `request` comes back in the answer. */
export const clientMessage = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('hello'),
    /** One a tab, kept over reconnects. */
    client: z.string().min(1).max(100),
    token: z.string().optional(),
    /** The `epoch` of the server and the last event seen, after a reconnect. */
    epoch: z.string().optional(),
    since: z.number().optional(),
  }),
  z.object({
    type: z.literal('check'),
    request: z.number(),
    workflow: z.unknown(),
    outputs: z.array(z.string()).optional(),
  }),
  z.object({ type: z.literal('document-open'), name: z.string() }),
  z.object({ type: z.literal('document-close'), name: z.string() }),
  z.object({
    type: z.literal('document-patch'),
    name: z.string(),
    request: z.number(),
    /** Revision that the sender knew. */
    base: z.number(),
    ops: z.array(patchOp),
  }),
  z.object({
    type: z.literal('set'),
    request: z.number(),
    run: z.string(),
    node: z.string(),
    param: z.string(),
    value: z.unknown(),
  }),
  z.object({ type: z.literal('ping') }),
])
export type ClientMessage = z.input<typeof clientMessage>

const problem = z.object({
  code: z.string(),
  node: z.string().optional(),
  socket: z.string().optional(),
  param: z.string().optional(),
  input: z.string().optional(),
  output: z.string().optional(),
  message: z.string(),
})

/** What happened on the server; each has a number, and none is lost. */
export const serverEvent = z.discriminatedUnion('type', [
  z.object({ type: z.literal('run'), run: runInfo }),
  z.object({ type: z.literal('run-removed'), id: z.string() }),
  z.object({ type: z.literal('queue'), queue: queueInfo }),
  /** The whole status of a node when it changes state; `values` once it is done. */
  z.object({ type: z.literal('node'), run: z.string(), node: z.string(), status: nodeStatus }),
  z.object({
    type: z.literal('progress'),
    run: z.string(),
    node: z.string(),
    step: z.number(),
    steps: z.number(),
    secondsLeft: z.number().optional(),
    note: z.string().optional(),
  }),
  z.object({
    type: z.literal('metric'),
    run: z.string(),
    node: z.string(),
    name: z.string(),
    values: z.record(z.string(), z.unknown()),
  }),
  z.object({
    type: z.literal('output'),
    run: z.string(),
    name: z.string(),
    node: z.string(),
    value: valueSummary,
  }),
  z.object({ type: z.literal('library'), kinds: z.array(z.string()) }),
  z.object({ type: z.literal('pictures'), files: z.array(z.string()) }),
  /** A document was made, saved, or removed (revision 0). */
  z.object({ type: z.literal('document'), name: z.string(), revision: z.number() }),
  z.object({ type: z.literal('notice'), message: z.string() }),
])
export type ServerEvent = z.output<typeof serverEvent>

/** All that a new client needs to draw the present. */
export const snapshot = z.object({
  runs: z.array(runInfo).describe('active ones and the last 50'),
  nodes: z.record(z.string(), z.record(z.string(), nodeStatus)).describe('of active runs'),
  queue: queueInfo,
})
export type Snapshot = z.output<typeof snapshot>

/** To the editor. */
export const serverMessage = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('welcome'),
    version: z.string(),
    /** Changes when the numbers begin anew. */
    epoch: z.string(),
    sequence: z.number(),
    /** Absent where the events that were missed follow instead. */
    snapshot: snapshot.optional(),
  }),
  z.object({
    type: z.literal('event'),
    sequence: z.number(),
    time: z.number(),
    event: serverEvent,
  }),
  z.object({ type: z.literal('checked'), request: z.number(), problems: z.array(problem) }),
  z.object({
    type: z.literal('document-opened'),
    name: z.string(),
    revision: z.number(),
    workflow: z.unknown(),
  }),
  /** To all who have it open, the sender too: `request` is then its own. */
  z.object({
    type: z.literal('document-patched'),
    name: z.string(),
    revision: z.number(),
    client: z.string(),
    request: z.number(),
    ops: z.array(patchOp),
  }),
  z.object({
    type: z.literal('document-refused'),
    name: z.string(),
    request: z.number(),
    message: z.string(),
    revision: z.number(),
    workflow: z.unknown(),
  }),
  z.object({
    type: z.literal('set-done'),
    request: z.number(),
    applied: z.enum(['now', 'next-run']).optional(),
    error: z.string().optional(),
  }),
  z.object({ type: z.literal('hardware'), hardware: hardwareInfo }),
  z.object({ type: z.literal('error'), message: z.string() }),
  z.object({ type: z.literal('pong') }),
])
export type ServerMessage = z.output<typeof serverMessage>

/**
 * Head of a binary frame: 4 bytes little-endian length, then this as JSON, then the picture (WebP).
 * A frame that a slow client has not taken is replaced by a newer one.
 */
export const previewHead = z.object({
  run: z.string(),
  node: z.string(),
  /** Which picture of a batch. */
  item: z.number(),
  items: z.number(),
  width: z.number(),
  height: z.number(),
})
export type PreviewHead = z.output<typeof previewHead>
