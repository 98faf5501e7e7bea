import { writeSync } from 'node:fs'
import { flushCompileCache } from 'node:module'
import { join } from 'node:path'
import { openDatabase } from '../../../engine/server/queue/database.ts'
import { openJournal } from '../../../engine/server/queue/journal.ts'
import { openRunStore } from '../../../engine/server/queue/run-store.ts'
import { createCatalogue } from '../../../engine/workflow/index.ts'
import { arithmeticNodes } from '../../fixtures/arithmetic-nodes.ts'

/**
 * A server's queue in a process that is to be killed: it submits, claims and finishes runs for ever
 * and says each thing once the store has acknowledged it. Arguments: folder, name of this process.
 */
const [folder, name] = process.argv.slice(2) as [string, string]
const say = (...words: string[]) => writeSync(1, `${words.join(' ')}\n`)
const database = openDatabase(join(folder, 'mazeru.db'))
const clock = () => Date.now()
const journal = openJournal({ database, clock })
let ids = 0
const catalogue = createCatalogue(arithmeticNodes)
const randomId = () => `${name}-${ids++}`
const runs = openRunStore({ database, journal, clock, randomId, catalogue, every: 1 })
for (const { id } of runs.recover()) say('back', id)

// A killed process writes no cache when it ends.
flushCompileCache()
const end = { seconds: 1, results: {}, changes: {} }
for (let count = 0; ; count++) {
  const nodes = { a: { type: 'number', params: { value: count % 1000 } } }
  const key = `${name}-${count}`
  const submission = { workflow: { version: 1, nodes }, priority: count % 2 }
  const { run } = runs.submit(submission, { client: `client-${count % 3}`, key })
  say('submitted', run.id, key)
  if (count % 2 === 1) continue
  const claimed = runs.claim('cpu')!.info.id
  say('claimed', claimed)
  if (count % 4 === 0) continue
  const status = { state: 'done', seconds: 1 } as const
  runs.note({ type: 'node', run: claimed, node: 'a', status })
  runs.note({ type: 'saved', run: claimed, node: 'a', files: [`${claimed}.png`] })
  say('saved', claimed)
  runs.finish(claimed, { ...end, status: 'done', nodes: { a: status } })
  say('done', claimed)
}
