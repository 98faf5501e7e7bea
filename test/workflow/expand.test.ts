import { describe, expect, it } from 'vitest'
import {
  applySettings,
  bindInputs,
  parseWorkflow,
  printWorkflow,
  readWorkflow,
  type Workflow,
} from '../../engine/workflow/index.ts'
import { catalogueOf, problemsOf, runAll, start } from './support.ts'

/** `out = (x + step) * 2`, in a graph of its own. */
const step = {
  inputs: { x: { to: ['plus.a'] }, step: { to: ['plus.b'] }, by: { to: ['times.by'] } },
  outputs: { out: 'times.value' },
  nodes: {
    plus: { type: 'add', params: { b: 1 } },
    times: { type: 'scale', params: { by: 2 }, inputs: { value: 'plus.sum' } },
  },
}

/** Two steps, one after the other. */
const twice = {
  inputs: { x: { to: ['first.x'] }, step: { to: ['first.step', 'second.step'] } },
  outputs: { out: 'second.out' },
  nodes: {
    first: { type: 'subgraph', subgraph: 'step' },
    second: { type: 'subgraph', subgraph: 'step', inputs: { x: 'first.out' } },
  },
}

function workflow(nodes: object, rest: object = {}): Workflow {
  return readWorkflow({ version: 1, nodes, subgraphs: { step, twice }, ...rest })
}

const start5 = { type: 'constant', params: { value: 5 } }

describe('a subgraph', () => {
  it('runs as its nodes would', async () => {
    const graph = workflow(
      {
        five: start5,
        a: { type: 'subgraph', subgraph: 'step', inputs: { x: 'five.value' } },
      },
      { outputs: { end: 'a.out' } },
    )
    const { outputs, executed } = await runAll(graph)
    expect(outputs).toEqual({ end: 12 })
    expect(executed).toEqual(['five', 'a:plus', 'a:times'])
  })

  it('may stand in another, and each place of it has its own params', async () => {
    const graph = workflow(
      {
        five: start5,
        a: { type: 'subgraph', subgraph: 'twice', inputs: { x: 'five.value' } },
        b: {
          ...{ type: 'subgraph', subgraph: 'twice' },
          ...{ params: { step: 0 }, inputs: { x: 'five.value' } },
        },
        sum: { type: 'add', inputs: { a: 'a.out', b: 'b.out' } },
      },
      { outputs: { end: 'sum.sum', a: 'a.out' } },
    )
    const { outputs } = await runAll(graph)
    expect(outputs).toEqual({ end: 26 + 20, a: 26 })
  })

  it('takes named inputs and settings by the names that it shows', async () => {
    const graph = workflow(
      { a: { type: 'subgraph', subgraph: 'twice', params: { x: 1 } } },
      { inputs: { step: { to: ['a.step'] } }, outputs: { end: 'a.out' } },
    )
    const catalogue = catalogueOf()
    const bound = bindInputs(graph, { step: 3 }, catalogue)
    expect((await runAll(bound)).outputs).toEqual({ end: ((1 + 3) * 2 + 3) * 2 })
    const set = applySettings(graph, [{ target: 'a.x', value: '2' }], catalogue)
    expect((await runAll(set)).outputs).toEqual({ end: ((2 + 1) * 2 + 1) * 2 })
    expect(() => applySettings(graph, [{ target: 'a.y', value: 2 }], catalogue)).toThrow(
      'a.y: no input "y", expected x, step',
    )
    expect(() => applySettings(graph, [{ target: 'a.x', value: 'much' }], catalogue)).toThrow(
      'a: x is "much", expected a number',
    )
  })

  it('can be asked for one of its outputs, and for a node in it', async () => {
    const graph = workflow({ a: { type: 'subgraph', subgraph: 'step', params: { x: 4 } } })
    expect((await runAll(graph, { outputs: ['a.out'] })).outputs).toEqual({ 'a.out': 10 })
    expect((await runAll(graph, { outputs: ['a:plus'] })).outputs).toEqual({ 'a:plus.sum': 5 })
  })

  it('shares results with other places where it is given the same', async () => {
    const place = { type: 'subgraph', subgraph: 'step', params: { x: 4 } }
    const graph = workflow({ a: place, b: place }, { outputs: { a: 'a.out', b: 'b.out' } })
    const { record } = await runAll(graph)
    expect(record.nodes['a:times']!.key).toBe(record.nodes['b:times']!.key)
  })

  it('is printed and read again as it was', () => {
    const graph = workflow({ five: start5 }, { layout: { five: { x: 1, y: 2 } } })
    const text = printWorkflow(graph, catalogueOf())
    expect(printWorkflow(parseWorkflow(text), catalogueOf())).toBe(text)
    expect(parseWorkflow(text)).toEqual(graph)
  })

  it.each([
    [
      { a: { type: 'subgraph', subgraph: 'stepp' } },
      {},
      'a: subgraph is "stepp", expected step, twice; did you mean step',
    ],
    [
      { a: { type: 'subgraph', subgraph: 'step', params: { y: 1 } } },
      {},
      'a: no input "y", expected x, step, by; did you mean x',
    ],
    [
      { a: { type: 'subgraph', subgraph: 'loop' } },
      { loop: { nodes: { inner: { type: 'subgraph', subgraph: 'loop' } } } },
      'a:inner: subgraph loop contains itself by loop -> loop, expected no circle',
    ],
    [
      { a: { type: 'subgraph', subgraph: 'step', params: { by: 9 } } },
      {},
      'a:times: by is 9, expected -4 to 4',
    ],
  ])('that is wrong is named: %j', async (nodes, subgraphs, message) => {
    const graph = readWorkflow({ version: 1, nodes, subgraphs: { step, twice, ...subgraphs } })
    expect((await problemsOf(graph)).map((problem) => problem.message)).toEqual([message])
  })
})

describe('a bypassed node', () => {
  it('passes on what comes to its first input of a type that fits', async () => {
    const graph = workflow(
      {
        five: start5,
        times: {
          type: 'scale',
          mode: 'bypass',
          params: { by: 3 },
          inputs: { value: 'five.value' },
        },
        more: { type: 'scale', mode: 'bypass', inputs: { value: 'times.value' } },
        sum: { type: 'add', params: { b: 1 }, inputs: { a: 'more.value' } },
      },
      { outputs: { end: 'sum.sum', passed: 'more.value' } },
    )
    const { outputs, executed } = await runAll(graph)
    expect(outputs).toEqual({ end: 6, passed: 5 })
    expect(executed).toEqual(['five', 'sum'])
  })
})

describe('a muted node', () => {
  it('may be a subgraph: nothing of it runs', async () => {
    const graph = workflow(
      {
        five: start5,
        a: { type: 'subgraph', subgraph: 'step', mode: 'mute', inputs: { x: 'five.value' } },
        sum: { type: 'weighted', inputs: { value1: 'five.value', value2: 'a.out' } },
      },
      { outputs: { end: 'sum.sum' } },
    )
    expect((await runAll(graph)).outputs).toEqual({ end: 5 })
  })

  it('takes what cannot do without it along', async () => {
    const graph = workflow(
      {
        five: { ...start5, mode: 'mute' },
        times: { type: 'scale', inputs: { value: 'five.value' } },
        shown: { type: 'print', inputs: { value: 'times.value' } },
        two: { type: 'constant', params: { value: 2 } },
      },
      { outputs: { end: 'shown.text', two: 'two.value' } },
    )
    const { outputs, executed } = await runAll(graph)
    expect(outputs).toEqual({ two: 2 })
    expect(executed).toEqual(['two'])
  })

  it('leaves a node that can do without it', async () => {
    const graph = workflow(
      {
        five: { ...start5, mode: 'mute' },
        sum: { type: 'add', params: { b: 3 }, inputs: { a: 'five.value' } },
      },
      { outputs: { end: 'sum.sum' } },
    )
    expect((await runAll(graph)).outputs).toEqual({ end: 3 })
  })

  it('leaves the other items of a group, with their params', async () => {
    const graph = workflow(
      {
        five: { ...start5, mode: 'mute' },
        two: { type: 'constant', params: { value: 2 } },
        sum: {
          type: 'weighted',
          params: { weight1: 10, weight2: 100 },
          inputs: { value1: 'five.value', value2: 'two.value' },
        },
      },
      { inputs: { second: { to: ['sum.weight2'] } }, outputs: { end: 'sum.sum' } },
    )
    expect((await runAll(graph)).outputs).toEqual({ end: 200 })
    const bound = bindInputs(graph, { second: 7 }, catalogueOf())
    expect((await runAll(bound)).outputs).toEqual({ end: 14 })
  })
})

describe('a change of a running job', () => {
  it('reaches every node that a promoted param leads to', async () => {
    const graph = workflow(
      { a: { type: 'subgraph', subgraph: 'twice', params: { x: 1 } } },
      { outputs: { end: 'a.out' } },
    )
    const run = await start(graph)
    expect(run.set('a', 'step', 3)).toEqual({ applied: 'now' })
    expect(run.set('a:second:times', 'by', 4)).toEqual({ applied: 'now' })
    const { outputs, changes } = await run.result
    expect(outputs).toEqual({ end: ((1 + 3) * 2 + 3) * 4 })
    expect(changes).toEqual({ 'a.step': 3, 'a:second:times.by': 4 })
  })

  it('waits for the next run where its node is switched off', async () => {
    const graph = workflow({
      five: start5,
      times: { type: 'scale', mode: 'bypass', inputs: { value: 'five.value' } },
    })
    const run = await start(graph, { outputs: ['five'] })
    expect(run.set('times', 'by', 3)).toEqual({ applied: 'next-run' })
    await run.result
  })
})
