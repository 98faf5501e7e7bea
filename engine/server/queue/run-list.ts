import type { RunFilter, RunInfo } from '../../protocol/index.ts'
import type { Ledger } from './ledger.ts'
import { waitingRuns } from './order.ts'
import { infosOf, type RunRow, runColumns } from './run-rows.ts'

/**
 * A page of runs, newest first; where only waiting ones are asked for, in the order in which they
 * will be served. Live runs that have ended are left out.
 */
export function listRuns({ database, demand }: Ledger, filter: RunFilter): RunInfo[] {
  const states = (filter.state ?? '').split(',').filter((state) => state !== '')
  const isQueue = states.length === 1 && states[0] === 'waiting'
  const conditions = ['listed = 1']
  const values: (string | number)[] = []
  const add = (condition: string, ...given: (string | number)[]) => {
    conditions.push(condition)
    values.push(...given)
  }
  if (!isQueue && states.length > 0) add(`state IN (${states.map(() => '?')})`, ...states)
  if (filter.document !== undefined) add('document = ?', filter.document)
  if (filter.client !== undefined) add('client = ?', filter.client)
  if (filter.since !== undefined) add('created >= ?', Number(filter.since))
  if (filter.until !== undefined) add('created <= ?', Number(filter.until))
  if (filter.text) add('instr(words, ?) > 0', filter.text.toLowerCase())
  if (filter.before !== undefined) {
    const { number, late, round, position } = demand(filter.before)
    if (isQueue) add('(late, round, position) > (?, ?, ?)', late, round, position)
    else add('number < ?', number)
  }
  const from = isQueue ? `${waitingRuns} AND` : 'runs WHERE'
  const order = isQueue ? 'late, round, position' : 'number DESC'
  const sql = `SELECT ${runColumns} FROM ${from} ${conditions.join(' AND ')}
    ORDER BY ${order} LIMIT ?`
  const rows = database.query(sql).all(...values, Number(filter.limit ?? 50))
  return infosOf(database, rows as unknown as RunRow[])
}
