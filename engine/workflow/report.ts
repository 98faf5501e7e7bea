import type { NodeError } from '../errors.ts'
import type { RunStatus } from './events.ts'
import type { RunRecord } from './record.ts'

/** What became of a node. */
export interface NodeReport {
  readonly state: 'ran' | 'memory' | 'disk' | 'not-needed' | 'failed' | 'skipped' | 'cancelled'
  readonly seconds?: number
  readonly error?: NodeError
  /** The failed node for which this one was skipped. */
  readonly because?: string
}

/** What a run comes to. */
export interface RunResult {
  readonly status: RunStatus
  /** Values of the wanted outputs; empty where the run was cancelled. */
  readonly outputs: Readonly<Record<string, unknown>>
  readonly nodes: ReadonlyMap<string, NodeReport>
  /** What `explain` compares the next run with. Plain JSON. */
  readonly record: RunRecord
  /** Values given by `set`, applied or not, by "node.param". */
  readonly changes: Readonly<Record<string, unknown>>
}

/** `now`: nodes that run from here on, and `latest()` of the running one, see it. */
export interface SetResult {
  readonly applied: 'now' | 'next-run'
}
