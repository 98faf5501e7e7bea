import type { NodeStatus, PreviewHead, ServerEvent, ValueSummary } from '../protocol/index.ts'

/** What a run needs to be started in whatever process. */
export interface RunRequest {
  readonly run: string
  /** The workflow with inputs and settings bound, as JSON. */
  readonly workflow: unknown
  readonly outputs?: readonly string[]
  /** Neither read nor write results of earlier runs. */
  readonly fresh: boolean
  /** A try: values and pictures are not kept on disk. */
  readonly live: boolean
}

/** What an executor tells of a run, in order. */
export type ExecutorEvent =
  | Extract<ServerEvent, { type: 'node' | 'progress' | 'metric' | 'output' }>
  /** Pictures saved by a node: names below the output folder. */
  | {
      readonly type: 'saved'
      readonly run: string
      readonly node: string
      readonly files: readonly string[]
    }

/** A picture of a value that is not final. */
export interface PreviewFrame {
  readonly head: PreviewHead
  /** WebP. */
  readonly bytes: Uint8Array
}

/** How a run ended. */
export interface RunEnd {
  readonly status: 'done' | 'failed' | 'cancelled'
  readonly seconds: number
  readonly error?: string
  readonly nodes: Readonly<Record<string, NodeStatus>>
  readonly results: Readonly<Record<string, ValueSummary>>
  /** Values given while it ran, by "node.param". */
  readonly changes: Readonly<Record<string, unknown>>
  /** True where the process died or was ended: the run may be begun again. */
  readonly crashed?: boolean
}

/** Told while a run goes on. */
export interface RunListener {
  event(event: ExecutorEvent): void
  preview(frame: PreviewFrame): void
}

/** A run under way. */
export interface RunHandle {
  /** Never rejects. */
  readonly end: Promise<RunEnd>
  set(node: string, param: string, value: unknown): Promise<{ applied: 'now' | 'next-run' }>
  cancel(): void
}

/** One device's executor: one run at a time. It survives the death of its process. */
export interface Executor {
  readonly name: string
  readonly state: 'starting' | 'idle' | 'busy' | 'restarting' | 'stopped'
  readonly restarts: number
  readonly pid: number | undefined
  /** The run in hand. */
  readonly run: string | undefined
  start(request: RunRequest, listener: RunListener): RunHandle
  stop(): Promise<void>
}

/** Work on pictures and files beside the runs, in a process of its own: no device is opened. */
export interface Workbench {
  /** WebP of at most `size` pixels; throws a FormatError for what is no picture. */
  thumbnail(
    path: string,
    size: number,
  ): Promise<{ bytes: Uint8Array; width: number; height: number }>
  /** Checks an uploaded file wholly: a picture is decoded, weights have a sound header. */
  inspect(kind: string, path: string): Promise<{ width?: number; height?: number }>
  /** The lines of `mazeru doctor`. */
  doctor(): Promise<readonly string[]>
  /** The dataset below a folder, with buckets, crops and what the doctor finds. */
  dataset(folder: string): Promise<unknown>
  stop(): Promise<void>
}

/** Where values of finished nodes are kept for a look: a folder with a limit of bytes. */
export interface ValuePictures {
  /** WebP of a picture on a wire; undefined where it is no longer kept. */
  get(run: string, node: string, output: string, index: number): Promise<Uint8Array | undefined>
}
