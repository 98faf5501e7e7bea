import { WorkflowError } from '../../errors.ts'
import type { QueueInfo, RunInfo, ServerEvent } from '../../protocol/index.ts'
import type { Database } from './database.ts'
import { waitingRuns } from './order.ts'
import { infosOf, type RunRow, runRow } from './run-rows.ts'
import type { Journal } from './types.ts'

/** What the parts of the run store share: the database, the clock, and who is told what. */
export interface Ledger {
  readonly database: Database
  readonly clock: () => number
  /**
   * A change on disk or none at all. What `tell` was given goes into the journal, and to those who
   * listen, once it is on disk.
   */
  commit<T>(work: (tell: Tell) => T): T
  row(id: string): RunRow | undefined
  /** Throws a WorkflowError where there is no such run. */
  demand(id: string): RunRow
  info(id: string): RunInfo
  queue(): QueueInfo
  on(what: keyof Signals, listener: (id: string) => void): () => void
}

/** What may be told of a run: who listens gets its id. */
export interface Signals {
  /** There may be something to claim. */
  readonly work: Set<(id: string) => void>
  /** A running run is to end. */
  readonly cancel: Set<(id: string) => void>
  /** A run has ended. */
  readonly end: Set<(id: string) => void>
}

/** Collects what follows from a change. */
export interface Tell {
  event(event: ServerEvent): void
  /** The run as it now is, and the queue. */
  run(id: string): void
  signal(what: keyof Signals, id: string): void
}

/** The ledger of a database. */
export function openLedger(database: Database, journal: Journal, clock: () => number): Ledger {
  const signals: Signals = { work: new Set(), cancel: new Set(), end: new Set() }
  const row = (id: string) => runRow(database, id)
  const demand = (id: string) => {
    const found = row(id)
    if (!found) throw new WorkflowError(`run ${id}: no such run, expected one of the list`)
    return found
  }
  const info = (id: string) => infosOf(database, [demand(id)])[0]!
  const queue = () => queueOf(database)
  return {
    ...{ database, clock, row, demand, info, queue },
    commit(work) {
      const events: ServerEvent[] = []
      const changed = new Set<string>()
      const told: [keyof Signals, string][] = []
      const result = database.write(() =>
        work({
          event: (event) => void events.push(event),
          run: (id) => void changed.add(id),
          signal: (what, id) => void told.push([what, id]),
        }),
      )
      for (const id of changed) if (row(id)) journal.add({ type: 'run', run: info(id) })
      for (const event of events) journal.add(event)
      if (changed.size > 0 || events.length > 0) journal.add({ type: 'queue', queue: queue() })
      for (const [what, id] of told) for (const listener of [...signals[what]]) listener(id)
      return result
    },
    on(what, listener) {
      const own = (id: string) => listener(id)
      signals[what].add(own)
      return () => void signals[what].delete(own)
    },
  }
}

/** Whether the queue is paused, in the database. */
export function isPaused(database: Database): boolean {
  return database.query(`SELECT value FROM facts WHERE name = 'paused'`).get()?.value === 'yes'
}

function queueOf(database: Database): QueueInfo {
  const { waiting } = database.query(`SELECT count(*) AS waiting FROM ${waitingRuns}`).get() as {
    waiting: number
  }
  const running = database
    .query(`SELECT id FROM runs WHERE state = 'running' ORDER BY started`)
    .all() as { id: string }[]
  return { paused: isPaused(database), waiting, running: running.map(({ id }) => id) }
}
