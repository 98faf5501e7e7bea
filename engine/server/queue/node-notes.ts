import type { ExecutorEvent, RunEnd } from '../../executor/types.ts'
import type { NodeStatus, ValueSummary } from '../../protocol/index.ts'
import type { Ledger } from './ledger.ts'
import { notePictures } from './pictures.ts'

/** What is known of the nodes of running runs: in memory at once, on disk a little later. */
export interface NodeNotes {
  /** A run was begun: what an earlier try said of its nodes is gone. */
  begin(number: number, id: string): void
  note(event: ExecutorEvent): void
  /** Statuses and results by now, of a running run. */
  of(id: string): Pick<Notes, 'nodes' | 'results'> | undefined
  /** Writes what is not yet written. */
  flush(): void
  /** Takes over how a run ended; to be called within the change that ends it. */
  end(id: string, end: RunEnd): void
  /** Forgets a run that is no longer running. */
  drop(id: string): void
  close(): void
}

interface Notes {
  readonly number: number
  readonly nodes: Map<string, NodeStatus>
  readonly results: Map<string, ValueSummary>
  readonly unwritten: Set<string>
  readonly saved: Extract<ExecutorEvent, { type: 'saved' }>[]
  isResultUnwritten: boolean
  /** Nodes known and settled, as last written. */
  written: string
}

/** Notes of a ledger, written `every` milliseconds while something comes. */
export function openNodeNotes(ledger: Ledger, every: number): NodeNotes {
  const { database } = ledger
  const runs = new Map<string, Notes>()
  let timer: NodeJS.Timeout | undefined
  const flush = () => {
    clearTimeout(timer)
    timer = undefined
    const changed = [...runs].filter(([, { unwritten, isResultUnwritten, saved }]) => {
      return unwritten.size > 0 || isResultUnwritten || saved.length > 0
    })
    if (changed.length === 0) return
    const counts = ledger.commit((tell) =>
      changed.map(([id, notes]) => {
        const count = countsOf(notes)
        writeNotes(ledger, notes)
        if (count !== notes.written || notes.saved.length > 0) tell.run(id)
        return count
      }),
    )
    for (const [index, [, notes]] of changed.entries()) settle(notes, counts[index]!)
  }
  const later = () => {
    timer ??= setTimeout(flushIfPossible, every)
    timer.unref()
  }
  const flushIfPossible = () => {
    try {
      flush()
    } catch {
      // A full disk: what is in memory is written with the next batch, or with the end.
      later()
    }
  }
  return {
    begin(number, id) {
      database.query('DELETE FROM node_statuses WHERE run = ?').run(number)
      database.query('UPDATE runs SET nodes = NULL, settled = NULL WHERE number = ?').run(number)
      database.query('UPDATE work SET results = NULL WHERE run = ?').run(number)
      runs.set(id, {
        ...{ number, nodes: new Map(), results: new Map(), unwritten: new Set() },
        ...{ saved: [], isResultUnwritten: false, written: '' },
      })
    },
    note(event) {
      const notes = runs.get(event.run)
      if (!notes) return
      if (event.type === 'saved') {
        notes.saved.push(event)
        flushIfPossible()
        return
      }
      merge(notes, event)
      later()
    },
    of: (id) => runs.get(id),
    flush,
    end(id, { nodes, results }) {
      const notes = runs.get(id)
      if (!notes) return
      for (const [node, status] of Object.entries(nodes)) {
        notes.nodes.set(node, { ...keptOf(notes.nodes.get(node)), ...status })
        notes.unwritten.add(node)
      }
      for (const [name, value] of Object.entries(results)) notes.results.set(name, value)
      notes.isResultUnwritten = true
      writeNotes(ledger, notes)
    },
    drop: (id) => void runs.delete(id),
    close() {
      flush()
      runs.clear()
    },
  }
}

function merge(notes: Notes, event: Exclude<ExecutorEvent, { type: 'saved' }>): void {
  const { nodes, results, unwritten } = notes
  if (event.type === 'output') {
    results.set(event.name, event.value)
    notes.isResultUnwritten = true
    return
  }
  const { node } = event
  const former = nodes.get(node)
  unwritten.add(node)
  if (event.type === 'node') {
    const { metrics } = former ?? {}
    nodes.set(node, { ...(metrics ? { metrics } : {}), ...event.status })
  } else if (event.type === 'metric') {
    const metrics = { ...former?.metrics, [event.name]: event.values }
    nodes.set(node, { ...(former ?? { state: 'running' }), metrics })
  } else {
    const { step, steps, secondsLeft, note } = event
    const kept = { ...keptOf(former), state: former?.state ?? ('running' as const) }
    nodes.set(node, {
      ...{ ...kept, step, steps },
      ...(secondsLeft === undefined ? {} : { secondsLeft }),
      ...(note === undefined ? {} : { note }),
    })
  }
}

/** What a status keeps when a newer one comes: all that does not speak of the moment. */
function keptOf(status: NodeStatus | undefined): Partial<NodeStatus> {
  const { step: _, steps: __, secondsLeft: ___, note: ____, state: _____, ...kept } = status ?? {}
  return kept
}

const unsettled: readonly string[] = ['waiting', 'running']

function countsOf({ nodes }: Notes): string {
  const open = [...nodes.values()].filter(({ state }) => unsettled.includes(state)).length
  return `${nodes.size} ${nodes.size - open}`
}

function writeNotes(ledger: Ledger, notes: Notes): void {
  const { database } = ledger
  const { number, nodes, results, unwritten } = notes
  const put = database.query(
    `INSERT INTO node_statuses VALUES (?, ?, ?)
     ON CONFLICT (run, node) DO UPDATE SET status = excluded.status`,
  )
  for (const node of unwritten) put.run(number, node, JSON.stringify(nodes.get(node)))
  const [all, settled] = countsOf(notes).split(' ').map(Number)
  database
    .query('UPDATE runs SET nodes = ?, settled = ? WHERE number = ?')
    .run(all || null, settled!, number)
  for (const event of notes.saved) {
    notePictures(ledger, event, nodes.get(event.node)?.state === 'cached')
  }
  if (!notes.isResultUnwritten) return
  const text = JSON.stringify(Object.fromEntries(results))
  database.query('UPDATE work SET results = ? WHERE run = ?').run(text, number)
}

/** What is on disk now need not be written again. */
function settle(notes: Notes, counts: string): void {
  notes.unwritten.clear()
  notes.saved.length = 0
  notes.isResultUnwritten = false
  notes.written = counts
}
