import type { RunInfo, RunStateName } from '../../protocol/index.ts'
import type { Database } from './database.ts'
import { placesOf, type Slot } from './order.ts'

/** A row of the table `runs`. */
export interface RunRow extends Slot {
  readonly number: number
  readonly id: string
  readonly state: RunStateName
  readonly live: number
  readonly document: string | null
  readonly client: string
  readonly priority: number
  readonly created: number
  readonly started: number | null
  readonly ended: number | null
  readonly nodes: number | null
  readonly settled: number | null
  readonly error: string | null
  readonly restarts: number
  readonly cancelling: number
  readonly retry_of: string | null
  /** JSON. */
  readonly pictures: string
}

/** The columns of a `RunRow`. */
export const runColumns =
  'number, id, state, live, document, client, -late AS priority, late, round, position, ' +
  'created, started, ended, nodes, settled, error, restarts, cancelling, retry_of, pictures'

/** The row of a run. */
export function runRow(database: Database, id: string): RunRow | undefined {
  const row = database.query(`SELECT ${runColumns} FROM runs WHERE id = ?`).get(id)
  return row as unknown as RunRow | undefined
}

/** What lists show of these runs, with the places of those that wait. */
export function infosOf(database: Database, rows: readonly RunRow[]): RunInfo[] {
  const waiting = rows.filter(({ state }) => state === 'waiting')
  const places = waiting.length > 0 ? placesOf(database, waiting) : new Map<number, number>()
  return rows.map((row) => infoOf(row, places.get(row.number)))
}

function infoOf(row: RunRow, place: number | undefined): RunInfo {
  const { id, state, client, priority, created, restarts } = row
  return {
    ...{ id, state, client, priority, created, restarts },
    live: row.live === 1,
    pictures: JSON.parse(row.pictures),
    ...present('document', row.document),
    ...present('place', place),
    ...present('started', row.started),
    ...present('ended', row.ended),
    ...present('nodes', row.nodes && { all: row.nodes, settled: row.settled ?? 0 }),
    ...present('error', row.error),
    ...present('retryOf', row.retry_of),
  }
}

/** The member, or none where there is no value. */
function present<K extends string, V>(name: K, value: V | null | undefined | 0 | '') {
  return (value === null || value === undefined ? {} : { [name]: value }) as { [key in K]?: V }
}
