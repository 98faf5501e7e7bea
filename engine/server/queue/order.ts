import type { Database } from './database.ts'

/**
 * The order of waiting runs: by priority, then by round, then by position in the round. In one
 * round each client has one run; so who submits a thousand fills a thousand rounds, and who comes
 * later finds a place in the round that is served now. The idea is that of start-time fair queueing
 * (Goyal, Vin, Cheng 1996) with every run of length 1. Rounds are counted for each priority alone.
 */

/** Where a run stands in the order. `late` is the priority with the other sign. */
export interface Slot {
  readonly late: number
  readonly round: number
  readonly position: number
}

/** Waiting runs in their order: the index is named, since the planner may think of a worse one. */
export const waitingRuns = `runs INDEXED BY runs_waiting WHERE state = 'waiting'`

interface Waiter {
  readonly client: string
  readonly late: number
}

/** A run that waits. */
export interface Numbered extends Slot {
  readonly number: number
}

/** The slot of a new run: behind all of its client's, in a round that is not over. */
export function backSlot(database: Database, { client, late }: Waiter): Slot {
  const { round: mine } = database
    .query(
      `SELECT coalesce(max(round), -1) AS round FROM runs INDEXED BY runs_of_client
       WHERE state = 'waiting' AND client = ? AND late = ?`,
    )
    .get(client, late) as { round: number }
  return endOf(database, late, Math.max(mine + 1, openRound(database, { client, late })))
}

/** The slot that a new run of this client would have if the client had none waiting. */
export function nextSlot(database: Database, waiter: Waiter): Slot {
  return endOf(database, waiter.late, openRound(database, waiter))
}

/** The slot before all of this priority. */
export function frontSlot(database: Database, waiter: Waiter): Slot {
  const first = database
    .query(
      `SELECT late, round, position FROM ${waitingRuns} AND late = ?
       ORDER BY late, round, position LIMIT 1`,
    )
    .get(waiter.late) as Slot | undefined
  if (!first) return nextSlot(database, waiter)
  return { ...first, position: first.position - 1 }
}

/**
 * The slot for a waiting run so that it is the `place`th of all, from 1. It stays among those of
 * its priority: the nearest place there is taken.
 */
export function slotAt(database: Database, run: Numbered, place: number): Slot {
  const { before } = database
    .query(`SELECT count(*) AS before FROM ${waitingRuns} AND late < ?`)
    .get(run.late) as { before: number }
  const index = Math.max(0, Math.floor(place) - 1 - before)
  const [former, next] = neighbours(database, run, index)
  if (!former) return next ? { ...next, position: next.position - 1 } : run
  if (!next || next.round > former.round) return { ...former, position: former.position + 1 }
  const position = (former.position + next.position) / 2
  if (position > former.position && position < next.position) return { ...former, position }
  renumber(database, former)
  return slotAt(database, run, place)
}

/** Places of waiting runs, from 1, by their number: one walk over the order for all of them. */
export function placesOf(database: Database, runs: readonly Numbered[]): Map<number, number> {
  const sorted = [...runs].sort(compareSlots)
  const count = database.query(
    `SELECT count(*) AS runs FROM ${waitingRuns}
     AND (late, round, position) > (?, ?, ?) AND (late, round, position) <= (?, ?, ?)`,
  )
  const places = new Map<number, number>()
  let from: Slot = { late: -1e9, round: 0, position: 0 }
  let place = 0
  for (const run of sorted) {
    const { late, round, position } = run
    const counted = count.get(from.late, from.round, from.position, late, round, position)
    place += (counted as { runs: number }).runs
    places.set(run.number, place)
    from = run
  }
  return places
}

/** Notes that a run was begun: its client has had its turn in this round. */
export function noteTurn(database: Database, { client, late, round }: Waiter & Slot): void {
  database
    .query(
      `INSERT INTO rounds VALUES (?, ?)
       ON CONFLICT (late) DO UPDATE SET round = max(round, excluded.round)`,
    )
    .run(late, round)
  database
    .query(
      `INSERT INTO turns VALUES (?, ?, ?)
       ON CONFLICT (client, late) DO UPDATE SET round = max(round, excluded.round)`,
    )
    .run(client, late, round)
  // A turn of a round that is over says nothing any more.
  database.query('DELETE FROM turns WHERE late = ? AND round < ?').run(late, round)
}

/** Sorts slots as they are served. */
function compareSlots(a: Slot, b: Slot): number {
  return a.late - b.late || a.round - b.round || a.position - b.position
}

/** The first round in which this client may still have a turn. */
function openRound(database: Database, { client, late }: Waiter): number {
  const now = database.query('SELECT round FROM rounds WHERE late = ?').get(late)
  const had = database
    .query('SELECT round FROM turns WHERE client = ? AND late = ?')
    .get(client, late)
  return Math.max(Number(now?.round ?? 0), Number(had?.round ?? -1) + 1)
}

function endOf(database: Database, late: number, round: number): Slot {
  const { last } = database
    .query(
      `SELECT coalesce(max(position), 0) AS last FROM ${waitingRuns} AND late = ? AND round = ?`,
    )
    .get(late, round) as { last: number }
  return { late, round, position: last + 1 }
}

/** The runs of its priority before and after the place `index` among the others, from 0. */
function neighbours(
  database: Database,
  run: Numbered,
  index: number,
): readonly [Slot | undefined, Slot | undefined] {
  const others = database.query(
    `SELECT late, round, position FROM ${waitingRuns} AND late = ? AND number <> ?
     ORDER BY late, round, position LIMIT ? OFFSET ?`,
  )
  const found = (limit: number, offset: number) =>
    others.all(run.late, run.number, limit, offset) as unknown as Slot[]
  if (index === 0) return [undefined, found(1, 0)[0]]
  const [former, next] = found(2, index - 1)
  if (former) return [former, next]
  const last = database
    .query(
      `SELECT late, round, position FROM ${waitingRuns} AND late = ? AND number <> ?
       ORDER BY late DESC, round DESC, position DESC LIMIT 1`,
    )
    .get(run.late, run.number) as Slot | undefined
  return [last, undefined]
}

/** Whole positions in a round where halving has come to its end. */
function renumber(database: Database, { late, round }: Slot): void {
  const numbers = database
    .query(
      `SELECT number FROM ${waitingRuns} AND late = ? AND round = ?
       ORDER BY late, round, position`,
    )
    .all(late, round) as { number: number }[]
  const set = database.query('UPDATE runs SET position = ? WHERE number = ?')
  for (const [index, { number }] of numbers.entries()) set.run(index + 1, number)
}
