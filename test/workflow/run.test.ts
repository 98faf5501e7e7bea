import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { CancelledError, NodeError } from '../../engine/errors.ts'
import { createCache, definePlainNode as defineNode, plan } from '../../engine/workflow/index.ts'
import {
  catalogueOf,
  collect,
  counter,
  filesOf,
  graphOf,
  type Ran,
  randomFrom,
  runAll,
  start,
  workflowOf,
} from './support.ts'

type Nodes = Parameters<typeof workflowOf>[0]
type Outputs = Record<string, string>

/** A random graph of arithmetic nodes; node i takes values of earlier ones only. */
function randomGraph(seed: number, count: number): { nodes: Nodes; outputs: Outputs } {
  const random = randomFrom(seed)
  const below = (limit: number) => Math.floor(random() * limit)
  const nodes: Nodes = { n0: { type: 'constant', params: { value: below(9) } } }
  const places = ['n0.value']
  for (let index = 1; index < count; index++) {
    const id = `n${index}`
    const pick = () => places[below(places.length)]!
    const kind = below(5)
    if (kind === 0) nodes[id] = { type: 'constant', params: { value: below(9) } }
    if (kind === 1) {
      nodes[id] = { type: 'add', params: { b: below(9) }, inputs: { a: pick() } }
    }
    if (kind === 2) nodes[id] = { type: 'add', inputs: { a: pick(), b: pick() } }
    if (kind === 3) {
      nodes[id] = { type: 'scale', params: { by: below(3) - 1 }, inputs: { value: pick() } }
    }
    if (kind === 4) {
      const items = Array.from({ length: 1 + below(3) }, (_, item) => [`value${item + 1}`, pick()])
      nodes[id] = {
        type: 'weighted',
        params: { weight1: below(4) },
        inputs: Object.fromEntries(items),
      }
    }
    const sum = kind === 1 || kind === 2 || kind === 4
    places.push(`${id}.${sum ? 'sum' : 'value'}`)
  }
  const wanted = [places.at(-1)!, places[below(places.length)]!]
  return { nodes, outputs: { last: wanted[0]!, other: wanted[1]! } }
}

/** What a graph is worth by the definition of its nodes, slow and obvious. */
function naive(nodes: Nodes, place: string): number {
  const { type, params, inputs = {} } = nodes[place.split('.')[0]!]!
  const given = { ...params } as Record<string, number>
  for (const [name, from] of Object.entries(inputs)) given[name] = naive(nodes, from)
  if (type === 'constant') return given.value!
  if (type === 'add') return (given.a ?? 0) + (given.b ?? 0)
  if (type === 'scale') return given.value! * (given.by ?? 1)
  let sum = given.offset ?? 0
  for (let item = 1; `value${item}` in given; item++) {
    sum += given[`value${item}`]! * (given[`weight${item}`] ?? 1)
  }
  return sum
}

/** One line for each event, without its number and time. */
function story({ events }: Ran): string[] {
  return events.map(({ sequence: _, time: __, ...event }) => {
    const parts = Object.entries(event).filter(([name]) => !/^(type|title|seconds)$/.test(name))
    const text = parts.map(([, value]) => (value instanceof Error ? value.message : String(value)))
    return [event.type, ...text].join(' ')
  })
}

/** Takes `steps` steps, waiting for the event loop in each; shows its params now. */
const stepper = (steps = 5) =>
  defineNode({
    type: 'stepper',
    title: 'Stepper',
    inputs: { value: { type: 'number', optional: true } },
    params: z.object({ gain: z.number().max(100).default(1) }),
    outputs: { trace: 'text' },
    async run(_, __, context) {
      const trace: number[] = []
      for (let step = 1; step <= steps; step++) {
        const { inputs, params } = await context.latest()
        trace.push((inputs.value ?? 0) * params.gain)
        context.preview(step)
        context.progress({ step, steps })
      }
      return { trace: trace.join(' ') }
    },
  })

const chain: Nodes = {
  start: { type: 'constant', params: { value: 2 } },
  twice: { type: 'scale', params: { by: 2 }, inputs: { value: 'start.value' } },
  plus: { type: 'add', params: { b: 1 }, inputs: { a: 'twice.value' } },
  aside: { type: 'add', params: { b: 1 }, inputs: { a: 'start.value' } },
}
const both = { left: 'plus.sum', right: 'aside.sum' }

describe('a run', () => {
  it('gives what the definitions of the nodes say, with and without a cache', async () => {
    const cache = createCache({ bytes: 1e6 })
    for (let seed = 0; seed < 40; seed++) {
      const { nodes, outputs } = randomGraph(seed, 3 + seed)
      const expected = { last: naive(nodes, outputs.last!), other: naive(nodes, outputs.other!) }
      const workflow = workflowOf(nodes, { outputs })
      expect((await runAll(workflow)).outputs).toEqual(expected)
      expect((await runAll(workflow, { cache })).outputs).toEqual(expected)
      expect((await runAll(workflow, { cache })).outputs).toEqual(expected)
      expect((await runAll(workflow, { cache: createCache({ bytes: 20 }) })).outputs).toEqual(
        expected,
      )
    }
  })

  it('tells its story by events', async () => {
    const result = await runAll(workflowOf(chain, { outputs: both }))
    expect(story(result)).toEqual([
      'queued start,twice,plus,aside',
      'started start',
      'finished start',
      'started twice',
      'finished twice',
      'started plus',
      'finished plus',
      'output left plus 5',
      'started aside',
      'finished aside',
      'output right aside 3',
      'done done',
    ])
    expect(result.events.map(({ sequence }) => sequence)).toEqual(
      [...Array(12).keys()].map((n) => n + 1),
    )
  })

  it('executes only what the wanted outputs need', async () => {
    const workflow = workflowOf(chain, { outputs: both })
    expect((await runAll(workflow, { outputs: ['right'] })).executed).toEqual(['start', 'aside'])
    const part = await runAll(workflow, { outputs: ['twice', 'start.value'] })
    expect(part.executed).toEqual(['start', 'twice'])
    expect(part.outputs).toEqual({ 'twice.value': 4, 'start.value': 2 })
  })

  it('of a file that names no outputs wants impure nodes and sinks', async () => {
    const sink = defineNode({
      type: 'sink',
      title: 'Sink',
      inputs: { value: 'number' },
      outputs: {},
      sink: true,
      run: () => ({}),
    })
    const catalogue = catalogueOf(sink, counter())
    const nodes = {
      ...chain,
      end: { type: 'sink', inputs: { value: 'aside.sum' } },
      count: { type: 'counter' },
    }
    const result = await runAll(workflowOf(nodes), { catalogue })
    expect(result.executed).toEqual(['start', 'aside', 'end', 'count'])
    expect(result.outputs).toEqual({ 'count.value': 1 })
    const graph = await graphOf(workflowOf(chain))
    expect(() => plan(graph)).toThrow(
      'outputs: none, expected one; name one in the file or add a save node',
    )
    expect(() => plan(graph, { outputs: ['x'] })).toThrow('output "x": not in the checked workflow')
  })

  it('executes nothing the second time, and after a change only what depends on it', async () => {
    const cache = createCache({ bytes: 1e6 })
    const run = (nodes: Nodes) => runAll(workflowOf(nodes, { outputs: both }), { cache })
    expect((await run(chain)).executed).toHaveLength(4)
    expect((await run(chain)).executed).toEqual([])
    const changed = { ...chain, twice: { ...chain.twice!, params: { by: 3 } } }
    expect((await run(changed)).executed).toEqual(['twice', 'plus'])
    expect((await run(chain)).executed).toEqual([])
  })

  it('knows equal work by content, not by id, position or order', async () => {
    const cache = createCache({ bytes: 1e6 })
    await runAll(workflowOf(chain, { outputs: both }), { cache })
    const renamed = {
      ende: { type: 'add', inputs: { a: 'mal.value' }, params: { b: 1, a: 77 } },
      mal: { type: 'scale', version: 1, params: { by: 2 }, inputs: { value: 'zwei.value' } },
      zwei: { type: 'constant', params: { value: 2 } },
    }
    const layout = { mal: { x: 5, y: 5 } }
    const workflow = workflowOf(renamed, { outputs: { r: 'ende.sum' }, layout })
    const result = await runAll(workflow, { cache })
    expect(result.executed).toEqual([])
    expect(result.outputs).toEqual({ r: 5 })
  })

  it('executes equal nodes of one workflow once', async () => {
    const nodes = {
      a: { type: 'constant' },
      b: { type: 'constant' },
      c: { type: 'add', inputs: { a: 'a.value', b: 'b.value' } },
    }
    const result = await runAll(workflowOf(nodes, { outputs: { r: 'c.sum' } }), {
      cache: createCache({ bytes: 1e6 }),
    })
    expect(result.executed).toEqual(['a', 'c'])
    expect(result.nodes.get('b')?.state).toBe('memory')
  })

  it('always executes what is impure and what depends on it', async () => {
    const catalogue = catalogueOf(counter())
    const nodes = {
      count: { type: 'counter' },
      plus: { type: 'add', inputs: { a: 'count.value' } },
      one: { type: 'constant', params: { value: 1 } },
    }
    const cache = createCache({ bytes: 1e6 })
    const workflow = workflowOf(nodes, { outputs: { r: 'plus.sum', one: 'one.value' } })
    for (const r of [1, 2, 3]) {
      const result = await runAll(workflow, { catalogue, cache })
      expect(result.outputs).toEqual({ r, one: 1 })
      expect(result.executed).toEqual(r === 1 ? ['count', 'plus', 'one'] : ['count', 'plus'])
    }
  })

  it('names a failed node, skips what depends on it and goes on with the rest', async () => {
    const nodes = {
      ...chain,
      bad: { type: 'broken', inputs: { value: 'start.value' } },
      after: { type: 'scale', inputs: { value: 'bad.value' } },
      last: { type: 'add', inputs: { a: 'after.value', b: 'twice.value' } },
    }
    const result = await runAll(workflowOf(nodes, { outputs: { bad: 'last.sum', ...both } }))
    expect(story(result).slice(3)).toEqual([
      'started bad',
      'failed bad bad: numbers are out',
      'skipped after bad',
      'started twice',
      'finished twice',
      'skipped last bad',
      'started plus',
      'finished plus',
      'output left plus 5',
      'started aside',
      'finished aside',
      'output right aside 3',
      'done failed',
    ])
    expect(result.status).toBe('failed')
    expect(result.outputs).toEqual({ left: 5, right: 3 })
    expect(result.nodes.get('bad')?.error).toBeInstanceOf(NodeError)
    expect(Object.keys(result.record.nodes)).not.toContain('bad')
  })

  it('fails a node whose param gets a bad value by a link, and says from where', async () => {
    const nodes = {
      big: { type: 'constant', params: { value: 9 } },
      s: { type: 'scale', inputs: { value: 'big.value', by: 'big.value' } },
    }
    const result = await runAll(workflowOf(nodes, { outputs: { r: 's.value' } }))
    expect(result.nodes.get('s')?.error?.message).toBe(
      's: by is 9, expected -4 to 4; it comes from "big".value',
    )
  })

  it('fails a node that does not give what it declares', async () => {
    const empty = defineNode({
      type: 'empty',
      title: 'Empty',
      outputs: { value: 'number' },
      run: () => ({}) as never,
    })
    const result = await runAll(
      workflowOf({ e: { type: 'empty' } }, { outputs: { r: 'e.value' } }),
      { catalogue: catalogueOf(empty) },
    )
    expect(result.nodes.get('e')?.error?.message).toBe('e: gave nothing for output "value"')
  })

  it('estimates the time left from the pace of the steps', async () => {
    const result = await runAll(
      workflowOf({ s: { type: 'stepper' } }, { outputs: { r: 's.trace' } }),
      { catalogue: catalogueOf(stepper(3)) },
    )
    const left = result.events.flatMap((event) =>
      event.type === 'progress' ? [event.secondsLeft] : [],
    )
    expect(left[0]).toBeUndefined()
    expect(left[1]).toBeGreaterThan(0)
    expect(left[2]).toBe(0)
  })

  it('keeps only the newest preview for who reads late', async () => {
    const run = await start(workflowOf({ s: { type: 'stepper' } }, { outputs: { r: 's.trace' } }), {
      catalogue: catalogueOf(stepper(9)),
    })
    await run.result
    const { events } = await collect(run)
    expect(events.flatMap((event) => (event.type === 'preview' ? [event.value] : []))).toEqual([9])
    expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_, index) => index + 1))
  })

  it('takes fingerprints again when it starts, so a file that changed is read anew', async () => {
    const folders = { texts: { a: '1' } as Record<string, string> }
    const lookup = filesOf(folders)
    const read = defineNode({
      type: 'read',
      title: 'Read',
      params: z.object({ file: z.string().meta({ file: 'texts' }) }),
      outputs: { text: 'text' },
      run: () => ({ text: folders.texts.a! }),
    })
    const cache = createCache({ bytes: 1e6 })
    const workflow = workflowOf(
      { f: { type: 'read', params: { file: 'a' } } },
      { outputs: { r: 'f.text' } },
    )
    const options = { catalogue: catalogueOf(read), cache, lookup }
    expect((await runAll(workflow, options)).outputs).toEqual({ r: '1' })
    expect((await runAll(workflow, options)).executed).toEqual([])
    const waiting = await start(workflow, options)
    folders.texts.a = '2'
    expect((await collect(waiting)).outputs).toEqual({ r: '2' })
    folders.texts.a = '1'
    expect((await runAll(workflow, options)).outputs).toEqual({ r: '1' })
  })

  it('asks whether what a cached result stands for is still there', async () => {
    const saved = new Set<number>()
    const save = defineNode({
      type: 'save',
      title: 'Save',
      inputs: { value: 'number' },
      outputs: { place: 'number' },
      sink: true,
      stillValid: ({ place }) => saved.has(place),
      run({ value }) {
        saved.add(value)
        return { place: value }
      },
    })
    const workflow = workflowOf({ ...chain, end: { type: 'save', inputs: { value: 'plus.sum' } } })
    const options = { catalogue: catalogueOf(save), cache: createCache({ bytes: 1e6 }) }
    expect((await runAll(workflow, options)).executed).toEqual(['start', 'twice', 'plus', 'end'])
    expect((await runAll(workflow, options)).executed).toEqual([])
    saved.clear()
    expect((await runAll(workflow, options)).executed).toEqual(['end'])
  })
})

describe('a cancel', () => {
  const workflow = workflowOf(
    { s: { type: 'stepper' }, after: { type: 'constant' } },
    { outputs: { r: 's.trace', after: 'after.value' } },
  )

  it('takes effect before the next step, and nothing runs after it', async () => {
    const run = await start(workflow, { catalogue: catalogueOf(stepper(1000)) })
    let steps = 0
    let last = ''
    for await (const event of run.events) {
      if (event.type === 'progress') steps = event.step
      if (event.type === 'progress' && event.step === 3) run.cancel()
      last = event.type
    }
    const result = await run.result
    expect(steps).toBe(3)
    expect(last).toBe('done')
    expect(result.status).toBe('cancelled')
    expect(result.outputs).toEqual({})
    expect([...result.nodes.values()].map(({ state }) => state)).toEqual(['cancelled', 'cancelled'])
  })

  it('before the start runs nothing', async () => {
    const controller = new AbortController()
    controller.abort()
    const result = await runAll(workflow, {
      catalogue: catalogueOf(stepper()),
      signal: controller.signal,
    })
    expect(result.executed).toEqual([])
    expect(result.status).toBe('cancelled')
  })

  it('forgets values that nobody has read', async () => {
    const run = await start(workflow, { catalogue: catalogueOf(stepper(1000)) })
    await new Promise((resolve) => setImmediate(() => setImmediate(() => setImmediate(resolve))))
    run.cancel()
    await run.result
    const { events } = await collect(run)
    const types = new Set(events.map(({ type }) => type))
    expect(types.has('preview') || types.has('output')).toBe(false)
    expect(types.has('done')).toBe(true)
  })

  it('is not what a node says of itself when nobody cancelled', async () => {
    const own = defineNode({
      type: 'own',
      title: 'Own',
      outputs: { value: 'number' },
      run: () => {
        throw new CancelledError()
      },
    })
    const result = await runAll(workflowOf({ o: { type: 'own' } }, { outputs: { r: 'o.value' } }), {
      catalogue: catalogueOf(own),
    })
    expect(result.status).toBe('failed')
  })
})
