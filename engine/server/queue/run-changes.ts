import { WorkflowError } from '../../errors.ts'
import type { RunChange, Submission } from '../../protocol/index.ts'
import { applySettings, type Catalogue, readWorkflow } from '../../workflow/index.ts'
import type { Database } from './database.ts'
import type { Ledger, Tell } from './ledger.ts'
import { backSlot, frontSlot, nextSlot, type Slot, slotAt } from './order.ts'
import { endRun } from './run-ends.ts'
import type { RunRow } from './run-rows.ts'
import { readWork, searchWords, type Work } from './submissions.ts'

/** A run that is to wait. */
export interface NewRun {
  readonly work: Work
  readonly client: string
  readonly key?: string | undefined
  readonly document?: string | undefined
  readonly outputs?: readonly string[] | undefined
  readonly priority: number
  readonly place?: Submission['place']
  readonly fresh: boolean
  readonly live: boolean
  /** JSON. */
  readonly webhook: string | null
  readonly retryOf?: string
}

/** Adds a run within a change; gives its id, which begins with its number. */
export function insertRun(ledger: Ledger, tell: Tell, run: NewRun, randomId: () => string): string {
  const { database, clock } = ledger
  const { client, live, work } = run
  if (live) endLiveRuns(ledger, tell, client)
  const number = lastNumber(database) + 1
  const id = `${number}-${randomId()}`
  const { late, round, position } = slotOf(ledger, run)
  database
    .query(
      `INSERT INTO runs (number, id, state, listed, live, document, client, late, round,
       position, created, retry_of, words) VALUES (?, ?, 'waiting', 1, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    .run(
      ...[number, id, live ? 1 : 0, run.document ?? null, client, late, round, position],
      ...[clock(), run.retryOf ?? null, searchWords(run.document, work.types)],
    )
  database
    .query('INSERT INTO work (run, workflow, outputs, fresh, webhook) VALUES (?, ?, ?, ?, ?)')
    .run(
      ...[number, work.workflow, run.outputs ? JSON.stringify(run.outputs) : null],
      ...[run.fresh ? 1 : 0, run.webhook],
    )
  if (run.key !== undefined) {
    database.query('INSERT INTO keys VALUES (?, ?, ?)').run(client, run.key, number)
  }
  tell.run(id)
  tell.signal('work', id)
  return id
}

/** The number of the newest run that there ever was; 0 where there was none. */
export function lastNumber(database: Database): number {
  const last = database.query(`SELECT seq FROM sqlite_sequence WHERE name = 'runs'`).get()
  return Number(last?.seq ?? 0)
}

/** Changes a waiting run within a change. */
export function changeRun(
  ledger: Ledger,
  run: RunRow,
  { priority, place, settings, workflow }: RunChange,
  catalogue: Catalogue,
): void {
  const { database } = ledger
  if (workflow !== undefined || settings !== undefined) {
    const stored = workflow ?? storedWorkflow(ledger, run)
    const work = readWork(stored, settings ? { settings } : {}, catalogue)
    database.query('UPDATE work SET workflow = ? WHERE run = ?').run(work.workflow, run.number)
    const words = searchWords(run.document, work.types)
    database.query('UPDATE runs SET words = ? WHERE number = ?').run(words, run.number)
  }
  let now: RunRow = run
  if (priority !== undefined && priority !== run.priority) {
    now = { ...run, ...backSlot(database, { client: run.client, late: -priority }), priority }
    move(ledger, now)
  }
  if (place !== undefined) move(ledger, { ...now, ...slotAt(database, now, place) })
}

/** The workflow of a run as JSON. */
export function storedWorkflow({ database }: Ledger, { number }: RunRow): unknown {
  const row = database.query('SELECT workflow FROM work WHERE run = ?').get(number)
  return JSON.parse(`${row?.workflow}`)
}

/** The workflow with what was set while the run went on: its next try begins with it. */
export function changedWorkflow(ledger: Ledger, run: RunRow, catalogue: Catalogue): unknown {
  const row = ledger.database.query('SELECT changes FROM work WHERE run = ?').get(run.number)
  const changes = Object.entries(JSON.parse(`${row?.changes ?? '{}'}`))
  const workflow = readWorkflow(storedWorkflow(ledger, run))
  const settings = changes.map(([target, value]) => ({ target, value }))
  return settings.length > 0 ? applySettings(workflow, settings, catalogue) : workflow
}

/** Throws a WorkflowError where the run is in another state. */
export function demandState({ id, state }: RunRow, states: readonly string[], remedy = ''): void {
  if (states.includes(state)) return
  throw new WorkflowError(`run ${id}: it is ${state}, expected ${states.join(', ')}${remedy}`)
}

/** A client has one live run: the next ends the former and takes what is left of it away. */
function endLiveRuns(ledger: Ledger, tell: Tell, client: string): void {
  const { database, demand } = ledger
  const former = database
    .query('SELECT id FROM runs WHERE live = 1 AND client = ?')
    .all(client) as { id: string }[]
  for (const { id } of former) {
    const run = demand(id)
    if (run.state === 'running') {
      database.query('UPDATE runs SET cancelling = 1 WHERE number = ?').run(run.number)
      tell.signal('cancel', id)
      continue
    }
    if (run.state === 'waiting') endRun(ledger, tell, run, { state: 'cancelled' })
    database.query('DELETE FROM runs WHERE number = ?').run(run.number)
    tell.event({ type: 'run-removed', id })
  }
}

function slotOf({ database }: Ledger, { client, priority, live, place }: NewRun): Slot {
  const waiter = { client, late: -priority }
  if (place === 'front') return frontSlot(database, waiter)
  return live ? nextSlot(database, waiter) : backSlot(database, waiter)
}

function move({ database }: Ledger, { number, late, round, position }: RunRow): void {
  database
    .query('UPDATE runs SET late = ?, round = ?, position = ? WHERE number = ?')
    .run(late, round, position, number)
}
