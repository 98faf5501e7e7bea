import { describe, expect, it } from 'vitest'
import { createCache, type RunInputs } from '../../engine/workflow/index.ts'
import { runAll, start, workflowOf } from './support.ts'

const workflow = workflowOf(
  {
    start: { type: 'constant', params: { value: 6 } },
    twice: { type: 'scale', params: { by: 2 }, inputs: { value: 'start.value' } },
    text: { type: 'print', inputs: { value: 'twice.value' } },
    bad: { type: 'broken', inputs: { value: 'twice.value' } },
    after: { type: 'add', inputs: { a: 'bad.value' } },
  },
  { outputs: { text: 'text.text', after: 'after.sum' } },
)
const good = { outputs: ['text'] }

/** What was observed, in order. */
function observer() {
  const seen: [string, RunInputs][] = []
  return { seen, observe: (node: string, outputs: RunInputs) => void seen.push([node, outputs]) }
}

describe('an observer of a run', () => {
  it('sees the values of every node that finishes, and nothing of those that do not', async () => {
    const { seen, observe } = observer()
    await runAll(workflow, { observe })
    expect(seen).toEqual([
      ['start', { value: 6 }],
      ['twice', { value: 12 }],
      ['text', { text: '12' }],
    ])
  })

  it('sees a node before its end is reported', async () => {
    const { seen, observe } = observer()
    const run = await start(workflow, { ...good, observe })
    for await (const event of run.events) {
      if (event.type !== 'finished') continue
      expect(seen.map(([node]) => node)).toContain(event.node)
    }
  })

  it('sees what comes from the cache, and what is in memory though nobody needs it', async () => {
    const cache = createCache({ bytes: 1e6 })
    await runAll(workflow, { ...good, cache })
    const { seen, observe } = observer()
    const { nodes } = await runAll(workflow, { ...good, cache, observe })
    expect([...nodes].map(([id, { state }]) => [id, state])).toEqual([
      ['start', 'not-needed'],
      ['twice', 'not-needed'],
      ['text', 'memory'],
    ])
    expect(Object.fromEntries(seen)).toEqual({
      start: { value: 6 },
      twice: { value: 12 },
      text: { text: '12' },
    })
  })

  it('sees nothing of a node that nobody needs where its values are gone', async () => {
    const entries = new Map<string, Uint8Array>()
    const disk = {
      get: async (key: string) => entries.get(key),
      put: async (key: string, bytes: Uint8Array) => void entries.set(key, bytes),
    }
    await runAll(workflow, { ...good, cache: createCache({ bytes: 1e6, disk }) })
    const { seen, observe } = observer()
    await runAll(workflow, { ...good, cache: createCache({ bytes: 1e6, disk }), observe })
    expect(seen).toEqual([['text', { text: '12' }]])
  })
})
