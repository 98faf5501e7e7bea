import type { Ledger, Tell } from './ledger.ts'

/** What of the past is kept. */
export interface Kept {
  /** Ended runs; a list of them is still searched in some milliseconds. */
  readonly runs: number
  /** Milliseconds for which a key gives the same run: who tries again does so within days. */
  readonly keys: number
}

/** Ten thousand runs take some 100 MB. */
export const usualKept: Kept = { runs: 10_000, keys: 7 * 24 * 3_600_000 }

/** Milliseconds between two looks for what is to go. */
export const pruneEvery = 3_600_000

/** Forgets old keys, and of the ended runs those that ended first; within a change. */
export function prune({ database, clock }: Ledger, tell: Tell, kept: Kept): void {
  database
    .query('DELETE FROM keys WHERE run IN (SELECT number FROM runs WHERE created < ?)')
    .run(clock() - kept.keys)
  const old = database
    .query(
      `SELECT id, number FROM runs WHERE state IN ('done', 'failed', 'cancelled')
       ORDER BY ended DESC, number DESC LIMIT -1 OFFSET ?`,
    )
    .all(kept.runs) as { id: string; number: number }[]
  const remove = database.query('DELETE FROM runs WHERE number = ?')
  for (const { id, number } of old) {
    remove.run(number)
    tell.event({ type: 'run-removed', id })
  }
}
