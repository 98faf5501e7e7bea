import type { ExecutorEvent, RunEnd, RunRequest } from '../../executor/types.ts'
import type {
  QueueInfo,
  RunChange,
  RunDetail,
  RunFilter,
  RunInfo,
  ServerEvent,
  Snapshot,
  Submission,
} from '../../protocol/index.ts'

/** The journal of events: numbered, kept for a while, followed by any number of readers. */
export interface Journal {
  /** Names this numbering; another after the journal was made anew. */
  readonly epoch: string
  readonly sequence: number
  /** Numbers an event, keeps it and tells the followers. */
  add(event: ServerEvent): number
  /** Events after `since`, oldest first, at most `limit`; undefined where some are gone. */
  after(since: number, limit: number): readonly JournalEntry[] | undefined
  /** Told after each addition. Gives the function that ends it. */
  follow(listener: () => void): () => void
}

export interface JournalEntry {
  readonly sequence: number
  readonly time: number
  readonly event: ServerEvent
}

/** A waiting run that an executor may begin. */
export interface Claimed {
  readonly info: RunInfo
  readonly request: RunRequest
}

/** All runs, in a database. Every change is on disk when the call returns. */
export interface RunStore {
  /** With a key already used by this client, the run of that time. */
  submit(
    submission: Submission,
    who: { readonly client: string; readonly key?: string },
  ): { readonly run: RunInfo; readonly isNew: boolean }
  get(id: string): RunInfo | undefined
  detail(id: string): RunDetail | undefined
  /**
   * Newest first; where the state asked for is `waiting` alone, in the order of serving. Live runs
   * that have ended are left out.
   */
  list(filter: RunFilter): readonly RunInfo[]
  /** Throws a WorkflowError where the run is not waiting. */
  change(id: string, change: RunChange): RunInfo
  /** A waiting run ends; of a running one the wish is noted, and told by `onCancel`. */
  cancel(id: string): RunInfo | undefined
  retry(
    id: string,
    request: { from: 'failed' | 'start'; workflow?: unknown },
    client: string,
  ): RunInfo
  remove(id: string): boolean
  readonly queue: QueueInfo
  pause(paused: boolean): void
  /** The next by priority, then in turn between clients; marks it running. */
  claim(executor: string): Claimed | undefined
  /** Keeps what an executor tells of a run. */
  note(event: ExecutorEvent): void
  /** Puts a run back to the front where its process died, until that has happened too often. */
  finish(id: string, end: RunEnd): void
  /**
   * Runs that were running when the former process ended go back to the front of the queue; what
   * it had of live runs is removed. Runs of this process are left alone.
   */
  recover(): readonly RunInfo[]
  /** A running run goes back to the front of the queue; that does not count as a crash. */
  release(id: string): void
  /** Saved pictures, newest first. */
  pictures(filter: PictureFilter): readonly PictureRow[]
  /** The run and the node that saved a picture. */
  runOfPicture(file: string): PictureRow | undefined
  /** The picture is no longer there. */
  forgetPicture(file: string): void
  /** What a new client needs: running runs, the first that wait, the last of the history. */
  snapshot(): Snapshot
  /** Told when there may be something to claim. */
  onWork(listener: () => void): () => void
  /** Told when a running run is to end. */
  onCancel(listener: (id: string) => void): () => void
  /** Told when a run has ended for good. */
  onEnd(listener: (id: string) => void): () => void
  /** Writes what is not yet written; the database stays open. */
  close(): void
}

/** A saved picture and what made it. */
export interface PictureRow {
  /** Name below the output folder. */
  readonly file: string
  readonly run: string
  readonly node: string
  readonly document?: string
  readonly time: number
}

export interface PictureFilter {
  /** In the name of the file or of the document. */
  readonly text?: string | undefined
  /** The last file of the former page. */
  readonly before?: string | undefined
  readonly limit?: number | undefined
  readonly run?: string | undefined
}
