import type { RunInputs, RunParams } from './values.ts'

/** How far a node is. `step` counts finished steps, 0 to `steps`. */
export interface Progress {
  readonly step: number
  readonly steps: number
  readonly note?: string
}

/** What a running node may use beside its inputs and params. */
export interface NodeContext<Services = unknown, In = RunInputs, Params = RunParams> {
  /** The node's id, for messages only. */
  readonly node: string
  readonly services: Services
  /** Aborted when the run is cancelled. */
  readonly signal: AbortSignal
  /** Reports a finished step. Throws a CancelledError once the run is cancelled. */
  progress(progress: Progress): void
  /** Shows a value that is not final. Only the newest is kept for a slow reader. */
  preview(value: unknown): void
  /** Reports numbers and texts as they come, such as a loss; plain data. Never throws. */
  metric(name: string, values: Readonly<Record<string, unknown>>): void
  /** Says something that the user should know but that does not end the node. */
  warn(message: string): void
  /**
   * Inputs and params as they are now, after changes made to the running job. Lets the event loop
   * turn first, so that changes and a cancel arrive; throws a CancelledError once cancelled.
   */
  latest(): Promise<{ readonly inputs: In; readonly params: Params }>
  /** Lets the event loop turn. Throws a CancelledError once the run is cancelled. */
  pause(): Promise<void>
  /** Throws a CancelledError once the run is cancelled. */
  throwIfCancelled(): void
}
