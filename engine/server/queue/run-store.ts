import type { NodeStatus, RunDetail, Snapshot } from '../../protocol/index.ts'
import type { Catalogue } from '../../workflow/index.ts'
import type { Database } from './database.ts'
import { isPaused, type Ledger, openLedger } from './ledger.ts'
import { type NodeNotes, openNodeNotes } from './node-notes.ts'
import { noteTurn, waitingRuns } from './order.ts'
import { listPictures, pictureOfFile } from './pictures.ts'
import { type Kept, prune, pruneEvery, usualKept } from './pruning.ts'
import {
  changedWorkflow,
  changeRun,
  demandState,
  insertRun,
  lastNumber,
  storedWorkflow,
} from './run-changes.ts'
import { afterCrash, endRun, putBack, withSettledNodes } from './run-ends.ts'
import { listRuns } from './run-list.ts'
import { type RunRow, runColumns } from './run-rows.ts'
import { readWebhook, readWork } from './submissions.ts'
import type { Claimed, Journal, RunStore } from './types.ts'
import { usualWebhookRules, type WebhookRules } from './webhook-target.ts'

interface RunStoreOptions {
  readonly database: Database
  readonly journal: Journal
  /** Milliseconds since 1970. */
  readonly clock: () => number
  readonly randomId: () => string
  readonly catalogue: Catalogue
  /** Milliseconds between two writes of what nodes tell. */
  readonly every?: number
  /** Those of a server that only this machine reaches unless given. */
  readonly webhookRules?: WebhookRules
  /** How much of the past stays. */
  readonly kept?: Kept
}

/** The runs of a database; every change is told to the journal. */
export function openRunStore(options: RunStoreOptions): RunStore {
  const { database, journal, clock, randomId, catalogue, every = 200 } = options
  const { webhookRules = usualWebhookRules, kept = usualKept } = options
  const ledger = openLedger(database, journal, clock)
  const notes = openNodeNotes(ledger, every)
  const { commit, row, demand, info } = ledger
  /** Runs up to this number are of an earlier server. */
  const former = lastNumber(database)
  let pruned = clock()
  const pruneAtTimes = () => {
    if (clock() - pruned < pruneEvery) return
    pruned = clock()
    commit((tell) => prune(ledger, tell, kept))
  }
  return {
    submit(submission, { client, key }) {
      const known = key === undefined ? undefined : runOfKey(ledger, client, key)
      if (known !== undefined) return { run: info(known), isNew: false }
      const work = readWork(submission.workflow, submission, catalogue)
      const webhook = readWebhook(submission, webhookRules)
      const { document, outputs, place, priority = 0, fresh = false, live = false } = submission
      const run = { work, client, key, document, outputs, place, priority, fresh, live, webhook }
      const id = commit((tell) => insertRun(ledger, tell, run, randomId))
      return { run: info(id), isNew: true }
    },
    get: (id) => (row(id) ? info(id) : undefined),
    detail: (id) => detailOf(ledger, notes, id),
    list: (filter) => listRuns(ledger, filter),
    change(id, change) {
      demandState(demand(id), ['waiting'])
      commit((tell) => {
        changeRun(ledger, demand(id), change, catalogue)
        tell.run(id)
      })
      return info(id)
    },
    cancel(id) {
      const run = row(id)
      if (!run) return undefined
      commit((tell) => {
        if (run.state === 'waiting') endRun(ledger, tell, run, { state: 'cancelled' })
        if (run.state !== 'running') return
        database.query('UPDATE runs SET cancelling = 1 WHERE number = ?').run(run.number)
        tell.signal('cancel', id)
      })
      return info(id)
    },
    retry(id, { from, workflow }, client) {
      const tried = demand(id)
      demandState(tried, ['done', 'failed', 'cancelled'])
      const { outputs, webhook } = workOf(ledger, tried)
      const work = readWork(workflow ?? changedWorkflow(ledger, tried, catalogue), {}, catalogue)
      const { document, priority } = tried
      const run = {
        ...{ work, client, outputs, priority, webhook, retryOf: id },
        ...{ document: document ?? undefined, fresh: from === 'start', live: false },
      }
      return info(commit((tell) => insertRun(ledger, tell, run, randomId)))
    },
    remove(id) {
      const run = row(id)
      if (!run) return false
      demandState(run, ['done', 'failed', 'cancelled'], '; cancel it first')
      commit((tell) => {
        database.query('DELETE FROM runs WHERE number = ?').run(run.number)
        tell.event({ type: 'run-removed', id })
      })
      return true
    },
    get queue() {
      return ledger.queue()
    },
    pause(paused) {
      if (paused === isPaused(database)) return
      commit((tell) => {
        database
          .query(`INSERT OR REPLACE INTO facts VALUES ('paused', ?)`)
          .run(paused ? 'yes' : 'no')
        if (!paused) tell.signal('work', '')
      })
      journal.add({ type: 'queue', queue: ledger.queue() })
    },
    claim: (executor) => claim(ledger, notes, executor),
    note: (event) => notes.note(event),
    finish(id, end) {
      const run = row(id)
      if (run?.state !== 'running') return
      notes.flush()
      commit((tell) => {
        const willGoOn = end.crashed && afterCrash(ledger, tell, run, end.error)
        if (willGoOn) return
        const known = Object.fromEntries(notes.of(id)?.nodes ?? [])
        notes.end(id, withSettledNodes(end, known))
        const changes = JSON.stringify(end.changes)
        database.query('UPDATE work SET changes = ? WHERE run = ?').run(changes, run.number)
        if (!end.crashed) endRun(ledger, tell, run, { state: end.status, error: end.error })
      })
      notes.drop(id)
      pruneAtTimes()
    },
    release(id) {
      const run = row(id)
      if (run?.state !== 'running') return
      notes.flush()
      commit((tell) => {
        if (run.cancelling) endRun(ledger, tell, run, { state: 'cancelled' })
        else putBack(ledger, tell, run, run.restarts)
      })
      notes.drop(id)
    },
    recover() {
      const back = commit((tell) => {
        for (const { id, number } of rowsOf(ledger, 'live = 1 AND number <= ?', former)) {
          database.query('DELETE FROM runs WHERE number = ?').run(number)
          tell.event({ type: 'run-removed', id })
        }
        // The one that was begun first is put to the very front.
        const running = `state = 'running' AND number <= ? ORDER BY started DESC`
        return rowsOf(ledger, running, former)
          .filter(({ id }) => !notes.of(id))
          .filter((run) => afterCrash(ledger, tell, run, 'the server was ended'))
          .map(({ id }) => id)
      })
      commit((tell) => prune(ledger, tell, kept))
      return back.reverse().map(info)
    },
    pictures: (filter) => listPictures(ledger, filter),
    runOfPicture: (file) => pictureOfFile(ledger, file),
    forgetPicture(file) {
      database.write(() => database.query('DELETE FROM pictures WHERE file = ?').run(file))
    },
    snapshot: () => snapshotOf(ledger, notes),
    onWork: (listener) => ledger.on('work', listener),
    onCancel: (listener) => ledger.on('cancel', listener),
    onEnd: (listener) => ledger.on('end', listener),
    close: () => notes.close(),
  }
}

/** The next in order, marked running; undefined where none waits or the queue is paused. */
function claim(ledger: Ledger, notes: NodeNotes, executor: string): Claimed | undefined {
  const { database, clock, commit, info } = ledger
  if (isPaused(database)) return undefined
  const run = firstWaiting(database)
  if (!run) return undefined
  const { id, number } = run
  commit((tell) => {
    database
      .query(`UPDATE runs SET state = 'running', started = ?, executor = ? WHERE number = ?`)
      .run(clock(), executor, number)
    noteTurn(database, run)
    notes.begin(number, id)
    tell.run(id)
  })
  const { outputs, fresh } = workOf(ledger, run)
  const request = {
    ...{ run: id, workflow: storedWorkflow(ledger, run), fresh, live: run.live === 1 },
    ...(outputs ? { outputs } : {}),
  }
  return { info: info(id), request }
}

function detailOf(ledger: Ledger, notes: NodeNotes, id: string): RunDetail | undefined {
  const run = ledger.row(id)
  if (!run) return undefined
  const { outputs, results } = workOf(ledger, run)
  const known = notes.of(id)
  const nodeStatus = known ? Object.fromEntries(known.nodes) : writtenStatuses(ledger, run)
  return {
    ...ledger.info(id),
    workflow: storedWorkflow(ledger, run) as Record<string, unknown>,
    nodeStatus,
    ...(outputs ? { outputs: [...outputs] } : {}),
    ...(results && run.state === 'done' ? { results } : {}),
  }
}

function writtenStatuses({ database }: Ledger, { number }: RunRow): Record<string, NodeStatus> {
  const rows = database
    .query('SELECT node, status FROM node_statuses WHERE run = ?')
    .all(number) as { node: string; status: string }[]
  return Object.fromEntries(rows.map(({ node, status }) => [node, JSON.parse(status)]))
}

function workOf({ database }: Ledger, { number }: RunRow) {
  const { outputs, results, ...row } = database
    .query('SELECT outputs, fresh, results, webhook FROM work WHERE run = ?')
    .get(number) as Record<'outputs' | 'results' | 'webhook', string | null> & { fresh: number }
  return {
    webhook: row.webhook,
    fresh: row.fresh === 1,
    outputs: outputs === null ? undefined : (JSON.parse(outputs) as string[]),
    results: results === null ? undefined : (JSON.parse(results) as RunDetail['results']),
  }
}

function runOfKey({ database }: Ledger, client: string, key: string): string | undefined {
  const row = database
    .query(
      'SELECT id FROM keys JOIN runs ON runs.number = keys.run WHERE keys.client = ? AND key = ?',
    )
    .get(client, key)
  return row && `${row.id}`
}

/** How many waiting runs a new client is shown at once; the rest comes by pages. */
const shownWaiting = 200

function snapshotOf(ledger: Ledger, notes: NodeNotes): Snapshot {
  const { running } = ledger.queue()
  const waiting = listRuns(ledger, { state: 'waiting', limit: shownWaiting })
  const ended = listRuns(ledger, { state: 'done,failed,cancelled', limit: 50 })
  const nodes = running.map((id) => [id, Object.fromEntries(notes.of(id)?.nodes ?? [])] as const)
  return {
    runs: [...running.map((id) => ledger.info(id)), ...waiting, ...ended],
    nodes: Object.fromEntries(nodes),
    queue: ledger.queue(),
  }
}

function firstWaiting(database: Database): RunRow | undefined {
  const order = 'ORDER BY late, round, position LIMIT 1'
  const row = database.query(`SELECT ${runColumns} FROM ${waitingRuns} ${order}`).get()
  return row as unknown as RunRow | undefined
}

function rowsOf({ database }: Ledger, condition: string, former: number): RunRow[] {
  return database
    .query(`SELECT ${runColumns} FROM runs WHERE ${condition}`)
    .all(former) as unknown as RunRow[]
}
