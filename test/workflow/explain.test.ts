import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import {
  createCache,
  definePlainNode as defineNode,
  type Explanation,
  explain,
  plan,
  type RunRecord,
} from '../../engine/workflow/index.ts'
import { catalogueOf, counter, filesOf, graphOf, runAll, workflowOf } from './support.ts'

const read = defineNode({
  type: 'read',
  title: 'Read',
  params: z.object({ file: z.string().meta({ file: 'texts' }) }),
  outputs: { value: 'number' },
  run: () => ({ value: 3 }),
})
const catalogue = catalogueOf(read, counter())

type Nodes = Parameters<typeof workflowOf>[0]
const nodes: Nodes = {
  file: { type: 'read', params: { file: 'a' } },
  mix: { type: 'scale', params: { by: 0.7 }, inputs: { value: 'file.value' } },
  end: { type: 'add', inputs: { a: 'mix.value' } },
  idle: { type: 'constant' },
}
const outputs = { r: 'end.sum' }

/** Runs `before`, then asks why `after` would run. */
async function why(before: Nodes | undefined, after: Nodes, print = 'A'): Promise<Explanation[]> {
  const cache = createCache({ bytes: 1e6 })
  const first = filesOf({ texts: { a: 'A', b: 'A' } })
  let previous: RunRecord | undefined
  if (before) {
    const workflow = workflowOf(before, { outputs })
    const result = await runAll(workflow, { cache, catalogue, lookup: first })
    previous = JSON.parse(JSON.stringify(result.record)) as RunRecord
  }
  const lookup = filesOf({ texts: { a: print, b: print } })
  const graph = await graphOf(workflowOf(after, { outputs }), catalogue, { lookup })
  return await explain(plan(graph), { cache, ...(previous && { previous }) })
}

const idle = { node: 'idle', state: 'not-needed', reason: 'no wanted output needs it', changed: [] }

describe('why', () => {
  it('says that nothing has run before', async () => {
    const reason = 'it has not run before'
    expect(await why(undefined, nodes)).toEqual([
      ...['file', 'mix', 'end'].map((node) => ({ node, state: 'run', reason, changed: [] })),
      idle,
    ])
  })

  it('says that nothing changed', async () => {
    const reason = 'what needs it is in the cache'
    expect(await why(nodes, nodes)).toEqual([
      { node: 'file', state: 'not-needed', reason, changed: [] },
      { node: 'mix', state: 'not-needed', reason, changed: [] },
      { node: 'end', state: 'memory', reason: 'nothing changed', changed: [] },
      idle,
    ])
  })

  it('names the param that changed, and for the rest the node through which it came', async () => {
    const mix = { ...nodes.mix!, params: { by: 0.5 } }
    expect(await why(nodes, { ...nodes, mix })).toEqual([
      { node: 'file', state: 'memory', reason: 'nothing changed', changed: [] },
      {
        node: 'mix',
        state: 'run',
        reason: 'param by changed',
        changed: [{ part: 'param by', before: 0.7, after: 0.5 }],
      },
      {
        node: 'end',
        state: 'run',
        reason: 'input a changed',
        changed: [{ part: 'input a', because: 'mix' }],
      },
      idle,
    ])
  })

  it('names the file that changed', async () => {
    const [file] = await why(nodes, nodes, 'B')
    expect(file).toEqual({
      node: 'file',
      state: 'run',
      reason: 'file file changed',
      changed: [{ part: 'file file', before: 'A', after: 'B' }],
    })
  })

  it('names a link that leads elsewhere, and one that is new', async () => {
    const end = { type: 'add', inputs: { a: 'file.value', b: 'mix.value' } }
    const explanations = await why(nodes, { ...nodes, end })
    expect(explanations.find(({ node }) => node === 'end')?.changed).toEqual([
      { part: 'param b', before: 0, after: undefined },
      { part: 'input a', before: 'mix.value', after: 'file.value' },
      { part: 'input b', before: undefined, after: 'mix.value' },
    ])
  })

  it('says that a node is of another type', async () => {
    const end = { type: 'weighted', inputs: { value1: 'mix.value' } }
    const [, , explanation] = await why(nodes, { ...nodes, end: { ...end } })
    expect(explanation?.changed).toEqual([{ part: 'type', before: 'add', after: 'weighted' }])
  })

  it('says what always runs and what comes from it', async () => {
    const count = { ...nodes, file: { type: 'counter' } }
    const reasons = (await why(count, count)).map(({ node, reason }) => `${node}: ${reason}`)
    expect(reasons.slice(0, 2)).toEqual([
      'file: it is impure and always runs',
      'mix: input value changed',
    ])
  })

  it('says that a result is no longer in the cache, or that there is none', async () => {
    const lookup = filesOf({ texts: { a: 'A' } })
    const workflow = workflowOf(nodes, { outputs })
    const { record } = await runAll(workflow, { catalogue, lookup })
    const planned = plan(await graphOf(workflow, catalogue, { lookup }))
    const empty = createCache({ bytes: 0 })
    const [gone] = await explain(planned, { cache: empty, previous: record })
    const [none] = await explain(planned, { previous: record })
    expect(gone?.reason).toBe('its result is no longer in the cache')
    expect(none?.reason).toBe('there is no cache')
  })
})
