import type { RunEnd } from '../../executor/types.ts'
import type { RunStateName } from '../../protocol/index.ts'
import type { Ledger, Tell } from './ledger.ts'
import { frontSlot } from './order.ts'
import type { RunRow } from './run-rows.ts'

/** How often a run is begun again after its process died. */
export const mostRestarts = 3

/** Notes that a run has ended for good; to be called within a change. */
export function endRun(
  ledger: Ledger,
  tell: Tell,
  { number, id }: RunRow,
  { state, error }: { readonly state: RunStateName; readonly error?: string | undefined },
): void {
  const { database, clock } = ledger
  database
    .query(
      `UPDATE runs SET state = ?, ended = ?, error = ?, cancelling = 0,
       listed = CASE live WHEN 1 THEN 0 ELSE 1 END, words = words || ? WHERE number = ?`,
    )
    .run(state, clock(), error ?? null, error ? `\n${error.toLowerCase()}` : '', number)
  order(ledger, number, id)
  tell.run(id)
  tell.signal('end', id)
}

/** Puts a running run back before all that wait with its priority; within a change. */
export function putBack({ database }: Ledger, tell: Tell, run: RunRow, restarts: number): void {
  const { round, position } = frontSlot(database, run)
  database
    .query(
      `UPDATE runs SET state = 'waiting', round = ?, position = ?, restarts = ?, started = NULL,
       executor = NULL WHERE number = ?`,
    )
    .run(round, position, restarts, run.number)
  // Its next try tells of its nodes anew.
  database.query('DELETE FROM node_statuses WHERE run = ?').run(run.number)
  database.query('UPDATE runs SET nodes = NULL, settled = NULL WHERE number = ?').run(run.number)
  tell.run(run.id)
  tell.signal('work', run.id)
}

/**
 * What becomes of a running run whose process died: back to the front, unless somebody wants it
 * ended or it has died too often. Gives true where it is put back.
 */
export function afterCrash(ledger: Ledger, tell: Tell, run: RunRow, cause?: string): boolean {
  if (run.cancelling) {
    endRun(ledger, tell, run, { state: 'cancelled' })
    return false
  }
  if (run.restarts < mostRestarts) {
    putBack(ledger, tell, run, run.restarts + 1)
    return true
  }
  const last = cause ? `; the last time: ${cause}` : ''
  const error = `run: its process died ${run.restarts + 1} times, expected it to end${last}`
  endRun(ledger, tell, run, { state: 'failed', error })
  return false
}

/** The end with every node settled: what was under way when it came was ended by it. */
export function withSettledNodes(end: RunEnd, nodes: RunEnd['nodes']): RunEnd {
  const all = Object.entries({ ...nodes, ...end.nodes }).map(([node, status]) => {
    if (status.state !== 'waiting' && status.state !== 'running') return [node, status] as const
    const isHit = status.state === 'running' && end.status === 'failed' && end.error !== undefined
    const { step: _, steps: __, secondsLeft: ___, note: ____, ...kept } = status
    if (!isHit) return [node, { ...kept, state: 'cancelled' as const }] as const
    return [node, { ...kept, state: 'failed' as const, error: end.error! }] as const
  })
  return { ...end, nodes: Object.fromEntries(all) }
}

/** Orders the call that the submission asked for, with the run as it is now. */
function order({ database, clock, info }: Ledger, number: number, id: string): void {
  const { webhook, results } = database
    .query('SELECT webhook, results FROM work WHERE run = ?')
    .get(number) as { webhook: string | null; results: string | null }
  if (!webhook) return
  const { url, secret } = JSON.parse(webhook) as { url: string; secret?: string }
  const body = JSON.stringify({ ...info(id), results: JSON.parse(results ?? '{}') })
  database
    .query('INSERT OR REPLACE INTO deliveries (run, url, secret, body, due) VALUES (?, ?, ?, ?, ?)')
    .run(id, url, secret ?? null, body, clock())
}
