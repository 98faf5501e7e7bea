import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { RunEnd } from '../../../engine/executor/types.ts'
import type { ServerEvent, Submission } from '../../../engine/protocol/index.ts'
import { openDatabase } from '../../../engine/server/queue/database.ts'
import { openJournal } from '../../../engine/server/queue/journal.ts'
import type { Kept } from '../../../engine/server/queue/pruning.ts'
import { openRunStore } from '../../../engine/server/queue/run-store.ts'
import type { Journal } from '../../../engine/server/queue/types.ts'
import { createCatalogue } from '../../../engine/workflow/index.ts'
import { arithmeticNodes } from '../../fixtures/arithmetic-nodes.ts'
import { temporaryFolder } from '../../support/temporary.ts'

/** A store on a real file, and what a test does with it. */

export const catalogue = createCatalogue(arithmeticNodes)

/** Opens the store in a folder as a new server would; its clock moves when it is looked at. */
export function openQueue(
  folder = temporaryFolder(),
  { every = 5, kept }: { every?: number; kept?: Kept } = {},
) {
  const database = openDatabase(join(folder, 'mazeru.db'), { wait: 50 })
  let time = 1_700_000_000_000
  let ids = 0
  const clock = () => time++
  const journal = openJournal({ database, clock })
  const randomId = () => `run${ids++}`
  const runs = openRunStore({
    ...{ database, journal, clock, randomId, catalogue, every },
    ...(kept && { kept }),
  })
  let isOpen = true
  const close = () => {
    if (!isOpen) return
    isOpen = false
    runs.close()
    database.close()
  }
  onTestFinished(close)
  return { folder, database, journal, runs, clock, close }
}

/** A workflow that adds two numbers. */
export function sum(a = 1, b = 2): Submission {
  return {
    workflow: {
      version: 1,
      inputs: { first: { to: ['a.value'] } },
      outputs: { sum: 'add.sum' },
      nodes: {
        a: { type: 'number', params: { value: a } },
        b: { type: 'number', params: { value: b } },
        add: { type: 'add', inputs: { a: 'a.value', b: 'b.value' } },
      },
    },
  }
}

/** A workflow that takes `steps` times 10 ms. */
export function waiting(steps: number): Submission {
  return {
    workflow: {
      version: 1,
      outputs: { value: 'wait.value' },
      nodes: {
        a: { type: 'number', params: { value: 7 } },
        wait: { type: 'wait', params: { steps }, inputs: { value: 'a.value' } },
      },
    },
  }
}

/** How a run ended that did nothing. */
export function endOf(status: RunEnd['status'], rest: Partial<RunEnd> = {}): RunEnd {
  return { status, seconds: 1, nodes: {}, results: {}, changes: {}, ...rest }
}

/** All events that a journal still has. */
export function eventsOf(journal: Journal, since = 0): ServerEvent[] {
  return (journal.after(since, Number.MAX_SAFE_INTEGER) ?? []).map(({ event }) => event)
}

/** Resolves once something holds; fails where it does not within ten seconds. */
export async function until(holds: () => boolean, what = 'what was awaited'): Promise<void> {
  const begun = performance.now()
  while (!holds()) {
    if (performance.now() - begun > 10_000) throw new Error(`${what} did not come about`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
