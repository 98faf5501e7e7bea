import { z } from 'zod'
import { valueSummary } from './values.ts'

/** Runs: how they are submitted, listed and opened. Times are milliseconds since 1970. */

export const runState = z.enum(['waiting', 'running', 'done', 'failed', 'cancelled'])
export type RunStateName = z.output<typeof runState>

/** A call to make when a run has ended; its body is signed with the secret. */
const webhook = z.object({ url: z.url(), secret: z.string().min(16).optional() })

/** `POST /api/runs`. */
export const submission = z.strictObject({
  /** The workflow file as JSON. */
  workflow: z.record(z.string(), z.unknown()),
  /** Name of the document that it was opened from, for lists. */
  document: z.string().max(200).optional(),
  /** Values of named inputs. */
  inputs: z.record(z.string(), z.unknown()).optional(),
  /** `{"sampler.seed": 7}`. */
  settings: z.record(z.string(), z.unknown()).optional(),
  /** Named outputs, node ids or "node.output": only what they need runs. */
  outputs: z.array(z.string()).optional(),
  /** Higher goes first; 0 unless given. */
  priority: z.int().min(-100).max(100).optional(),
  /** `front` puts it before all waiting runs of its priority. */
  place: z.enum(['back', 'front']).optional(),
  /** Without results of earlier runs. */
  fresh: z.boolean().optional(),
  /** A try that nobody keeps: not in the history, ended by the client's next one. */
  live: z.boolean().optional(),
  webhook: webhook.optional(),
})
export type Submission = z.input<typeof submission>

export const nodeStateName = z.enum([
  ...(['waiting', 'running', 'done', 'cached', 'failed', 'skipped', 'cancelled'] as const),
])
export type NodeStateName = z.output<typeof nodeStateName>

/** What is known of one node of a run. */
export const nodeStatus = z.object({
  state: nodeStateName,
  step: z.number().optional(),
  steps: z.number().optional(),
  secondsLeft: z.number().optional(),
  note: z.string().optional(),
  seconds: z.number().optional(),
  /** The sentence of its error. */
  error: z.string().optional(),
  /** The failed node for which it was skipped. */
  because: z.string().optional(),
  warnings: z.array(z.string()).optional(),
  /** Output -> what is on the wire. */
  values: z.record(z.string(), valueSummary).optional(),
  /** Last metric by name: `step`, `sample`, `validation`. */
  metrics: z.record(z.string(), z.record(z.string(), z.unknown())).optional(),
})
export type NodeStatus = z.output<typeof nodeStatus>

/** A run in a list. */
export const runInfo = z.object({
  id: z.string(),
  state: runState,
  document: z.string().optional(),
  client: z.string(),
  priority: z.number(),
  live: z.boolean(),
  /** Place among the waiting, from 1. */
  place: z.number().optional(),
  created: z.number(),
  started: z.number().optional(),
  ended: z.number().optional(),
  /** Counts of nodes, for a bar. */
  nodes: z.object({ all: z.number(), settled: z.number() }).optional(),
  /** The first sentence of what went wrong. */
  error: z.string().optional(),
  /** Times it was begun again after a crash. */
  restarts: z.number(),
  /** The run that it repeats. */
  retryOf: z.string().optional(),
  /** Names below the output folder of pictures that it saved, newest last, at most 8. */
  pictures: z.array(z.string()),
})
export type RunInfo = z.output<typeof runInfo>

/** `GET /api/runs/ID`. */
export const runDetail = runInfo.extend({
  workflow: z.record(z.string(), z.unknown()),
  outputs: z.array(z.string()).optional(),
  nodeStatus: z.record(z.string(), nodeStatus),
  /** Named outputs of a run that is done. */
  results: z.record(z.string(), valueSummary).optional(),
})
export type RunDetail = z.output<typeof runDetail>

/** `GET /api/runs`. */
export const runFilter = z.object({
  state: z.string().optional().describe('one state, or several with commas'),
  document: z.string().optional(),
  client: z.string().optional(),
  text: z.string().optional().describe('in document name, error or node types'),
  since: z.coerce.number().optional(),
  until: z.coerce.number().optional(),
  before: z.string().optional().describe('id of the last run of the former page'),
  limit: z.coerce.number().int().min(1).max(500).default(50),
})
export type RunFilter = z.input<typeof runFilter>

/** `PATCH /api/runs/ID`: of a waiting run. */
export const runChange = z.strictObject({
  priority: z.int().min(-100).max(100).optional(),
  /** New place among the waiting, from 1. */
  place: z.int().min(1).optional(),
  settings: z.record(z.string(), z.unknown()).optional(),
  workflow: z.record(z.string(), z.unknown()).optional(),
})
export type RunChange = z.output<typeof runChange>

/** `POST /api/runs/ID/retry`. */
export const retryRequest = z.strictObject({
  /** `failed` uses what is finished, `start` nothing. */
  from: z.enum(['failed', 'start']).default('failed'),
  /** A mended workflow; the run's own unless given. */
  workflow: z.record(z.string(), z.unknown()).optional(),
})

export const queueInfo = z.object({
  paused: z.boolean(),
  waiting: z.number(),
  running: z.array(z.string()),
})
export type QueueInfo = z.output<typeof queueInfo>
