import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import {
  createCache,
  definePlainNode as defineNode,
  type Run,
  type RunEvent,
  type RunOptions,
} from '../../engine/workflow/index.ts'
import { catalogueOf, collect, runAll, start, workflowOf } from './support.ts'

/** Notes its input times its gain at each of six steps. */
const trace = defineNode({
  type: 'trace',
  title: 'Trace',
  inputs: { value: 'number' },
  params: z.object({ gain: z.number().max(100).default(1) }),
  outputs: { text: 'text' },
  async run(_, __, context) {
    const seen: number[] = []
    for (let step = 1; step <= 6; step++) {
      const { inputs, params } = await context.latest()
      seen.push(inputs.value * params.gain)
      context.progress({ step, steps: 6 })
    }
    return { text: seen.join(' ') }
  },
})

/** Fails above 3, cheap otherwise. */
const fragile = defineNode({
  type: 'fragile',
  title: 'Fragile',
  inputs: { value: 'number' },
  params: z.object({ by: z.number().default(1) }),
  outputs: { value: 'number' },
  live: true,
  run({ value }, { by }) {
    if (by > 3) throw new Error('by is too much')
    return { value: value * by }
  },
})

const catalogue = catalogueOf(trace, fragile)
const nodes = {
  start: { type: 'constant', params: { value: 1 } },
  mix: { type: 'scale', params: { by: 1 }, inputs: { value: 'start.value' } },
  again: { type: 'fragile', inputs: { value: 'mix.value' } },
  trace: { type: 'trace', inputs: { value: 'again.value' } },
  after: { type: 'add', params: { b: 0 }, inputs: { a: 'mix.value' } },
}
const workflow = workflowOf(nodes, { outputs: { trace: 'trace.text', after: 'after.sum' } })

/** Runs and calls `act` once, when the trace has made its second step. */
async function during(act: (run: Run) => void, options: Partial<RunOptions> = {}) {
  const run = await start(workflow, { catalogue, ...options })
  const events: RunEvent[] = []
  for await (const event of run.events) {
    events.push(event)
    if (event.type === 'progress' && event.step === 2) act(run)
  }
  return { ...(await run.result), events }
}

describe('a param set while a node runs', () => {
  it('of a live node before it is seen at the next step, and by later nodes', async () => {
    const result = await during((run) => {
      expect(run.set('mix', 'by', 3)).toEqual({ applied: 'now' })
    })
    expect(result.outputs).toEqual({ trace: '1 1 3 3 3 3', after: 3 })
    expect(result.changes).toEqual({ 'mix.by': 3 })
  })

  it('of the running node itself is seen at the next step', async () => {
    const result = await during((run) => {
      expect(run.set('trace', 'gain', '10')).toEqual({ applied: 'now' })
    })
    expect(result.outputs).toEqual({ trace: '1 1 10 10 10 10', after: 1 })
  })

  it('of a node yet to run is used when it runs', async () => {
    const result = await during((run) => {
      expect(run.set('after', 'b', 5)).toEqual({ applied: 'now' })
    })
    expect(result.outputs).toEqual({ trace: '1 1 1 1 1 1', after: 6 })
  })

  it('of a node that is not live is kept for the next run', async () => {
    const result = await during((run) => {
      expect(run.set('start', 'value', 9)).toEqual({ applied: 'next-run' })
    })
    expect(result.outputs).toEqual({ trace: '1 1 1 1 1 1', after: 1 })
    expect(result.changes).toEqual({ 'start.value': 9 })
  })

  it('before anything runs is as if the file said so', async () => {
    const run = await start(workflow, { catalogue })
    expect(run.set('start', 'value', 2)).toEqual({ applied: 'now' })
    expect((await collect(run)).outputs).toEqual({ trace: '2 2 2 2 2 2', after: 2 })
    expect(run.set('start', 'value', 3)).toEqual({ applied: 'next-run' })
  })

  it('and back again leaves the last steps as the first', async () => {
    let sets = 0
    const run = await start(workflow, { catalogue })
    for await (const event of run.events) {
      if (event.type !== 'progress' || event.step % 2 === 1) continue
      run.set('mix', 'by', sets % 2 === 0 ? -1 : 1)
      sets += 1
    }
    expect((await run.result).outputs.trace).toBe('1 1 -1 -1 1 1')
  })

  it('with a value that makes a live node fail is taken back with a warning', async () => {
    const result = await during((run) => run.set('again', 'by', 4))
    expect(result.status).toBe('done')
    expect(result.outputs.trace).toBe('1 1 1 1 1 1')
    expect(
      result.events.flatMap((event) => (event.type === 'warning' ? [event] : [])),
    ).toMatchObject([{ node: 'again', message: 'change not applied: by is too much' }])
  })

  it('is refused where the node, the param or the value is bad', async () => {
    await during((run) => {
      expect(() => run.set('mixx', 'by', 1)).toThrow('no node "mixx"')
      expect(() => run.set('mix', 'bye', 1)).toThrow(
        'mix.bye: no param "bye", expected by; did you mean by',
      )
      expect(() => run.set('mix', 'by', 5)).toThrow('mix: by is 5, expected -4 to 4')
    })
  })

  it('leaves no result in the cache that is of two settings', async () => {
    const cache = createCache({ bytes: 1e6 })
    const changed = await during((run) => run.set('mix', 'by', 3), { cache })
    expect(changed.record.nodes.trace?.key).toBeNull()
    const plain = await runAll(workflow, { catalogue, cache })
    expect(plain.outputs).toEqual({ trace: '1 1 1 1 1 1', after: 1 })
    expect(plain.executed).toEqual(['trace', 'after'])
  })

  it('that nobody saw leaves the result under the key it has', async () => {
    const cache = createCache({ bytes: 1e6 })
    const run = await start(workflow, { catalogue, cache })
    for await (const event of run.events) {
      if (event.type === 'progress' && event.step === 6) run.set('trace', 'gain', 7)
    }
    expect((await run.result).outputs.trace).toBe('1 1 1 1 1 1')
    expect((await runAll(workflow, { catalogue, cache })).executed).toEqual([])
  })

  it('reaches through live nodes that came from the cache', async () => {
    const cache = createCache({ bytes: 1e6 })
    await runAll(workflow, { catalogue, cache, outputs: ['again', 'after'] })
    const result = await during(
      (run) => {
        expect(run.set('mix', 'by', 2)).toEqual({ applied: 'now' })
      },
      { cache },
    )
    expect(result.outputs.trace).toBe('1 1 2 2 2 2')
  })

  it('reaches a cached live node of whose source this run needs another output', async () => {
    const parts = workflowOf(
      {
        whole: { type: 'whole', params: { value: 7 } },
        parts: { type: 'divide', params: { divisor: 2 }, inputs: { dividend: 'whole.value' } },
        mix: { type: 'scale', inputs: { value: 'parts.quotient' } },
        trace: { type: 'trace', inputs: { value: 'mix.value' } },
        rest: { type: 'same', inputs: { value: 'parts.rest' } },
      },
      { outputs: { trace: 'trace.text', rest: 'rest.value' } },
    )
    const cache = createCache({ bytes: 1e6 })
    await runAll(parts, { catalogue, cache, outputs: ['mix'] })
    const run = await start(parts, { catalogue, cache })
    for await (const event of run.events) {
      if (event.type !== 'progress' || event.step !== 2) continue
      expect(run.set('mix', 'by', 2)).toEqual({ applied: 'now' })
    }
    expect((await run.result).outputs.trace).toBe('3 3 6 6 6 6')
  })
})
