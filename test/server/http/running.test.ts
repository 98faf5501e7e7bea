import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RunDetail, RunInfo, SystemInfo } from '../../../engine/protocol/index.ts'
import { hardwareNow } from '../../../engine/server/http/hardware-now.ts'
import { ask, connect, desk } from './support.ts'

let table: Awaited<ReturnType<typeof desk>>
beforeAll(async () => {
  table = await desk({}, { running: true })
})
afterAll(() => table.end())

/** `one + 2`, then `steps` times ten milliseconds. */
function sum(steps = 1) {
  return {
    version: 1,
    inputs: { first: { to: ['one.value'] } },
    outputs: { sum: 'wait.value' },
    nodes: {
      one: { type: 'number', params: { value: 1 } },
      two: { type: 'number', params: { value: 2 } },
      add: { type: 'add', inputs: { a: 'one.value', b: 'two.value' } },
      wait: { type: 'wait', params: { steps }, inputs: { value: 'add.sum' } },
    },
  } as const
}

async function submit(workflow: object, more: object = {}): Promise<string> {
  const { json } = await ask(table.port, 'POST', '/api/runs', { body: { workflow, ...more } })
  return (json.run as unknown as RunInfo).id
}

async function until(id: string, ...states: string[]): Promise<RunDetail> {
  for (;;) {
    const { json } = await ask(table.port, 'GET', `/api/runs/${id}`)
    if (states.includes(String(json.state))) return json as unknown as RunDetail
    await sleep(20)
  }
}

/** Reads server-sent events until the server ends them, or `most` have come. */
async function events(id: string, headers: Record<string, string> = {}, most = Infinity) {
  const address = `http://127.0.0.1:${table.port}/api/runs/${id}/events`
  const stop = new AbortController()
  const response = await fetch(address, { headers, signal: stop.signal })
  const found: { event: string; id: string; data: Record<string, never> }[] = []
  let text = ''
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk
    const parts = text.split('\n\n')
    text = parts.pop()!
    for (const part of parts.filter((one) => one.startsWith('event:'))) {
      const fields = Object.fromEntries(part.split('\n').map((line) => line.split(/: (.*)/s)))
      found.push({ ...fields, data: JSON.parse(fields.data) } as (typeof found)[number])
    }
    if (found.length >= most) break
  }
  stop.abort()
  return found
}

describe('a run', () => {
  it('is done by the executor, and its results are opened by HTTP', async () => {
    const id = await submit(sum(), { inputs: { first: 40 } })
    const detail = await until(id, 'done', 'failed')
    expect(detail.results?.sum).toMatchObject({ type: 'number', value: 42 })
    expect(detail.nodeStatus.add).toMatchObject({ state: 'done' })
  })

  it('tells an editor of each node, each step and its end', async () => {
    const tab = await connect(table.port)
    tab.send({ type: 'hello', client: 'tab' })
    await tab.next('welcome')
    const id = await submit(sum(30))
    await tab.next(
      'event',
      ({ event }) => event.type === 'run' && event.run.id === id && event.run.state === 'done',
    )
    const told = tab.messages.flatMap((one) => (one.type === 'event' ? [one.event] : []))
    const nodes = told.flatMap((event) => (event.type === 'node' ? [event.node] : []))
    expect(new Set(nodes)).toEqual(new Set(['one', 'two', 'add', 'wait']))
    expect(told.some(({ type }) => type === 'progress')).toBe(true)
    tab.socket.terminate()
  })

  it('is changed and cancelled while it runs', async () => {
    const id = await submit(sum(3000))
    await until(id, 'running')
    const tab = await connect(table.port)
    tab.send({ type: 'hello', client: 'tab' })
    const { snapshot } = await tab.next('welcome')
    expect(snapshot?.runs.find((run) => run.id === id)?.state).toBe('running')
    tab.send({ type: 'set', request: 1, run: id, node: 'two', param: 'value', value: 5 })
    expect(await tab.next('set-done')).toMatchObject({ request: 1, applied: expect.any(String) })
    tab.send({ type: 'set', request: 2, run: id, node: 'two', param: 'value', value: 5000 })
    expect((await tab.next('set-done')).error).toContain('5000')
    const settings = { 'two.value': 6 }
    const set = await ask(table.port, 'POST', `/api/runs/${id}/settings`, { body: { settings } })
    expect(set.json).toEqual({ applied: { 'two.value': expect.any(String) } })
    expect((await ask(table.port, 'DELETE', `/api/runs/${id}`)).status).toBe(409)
    await ask(table.port, 'POST', `/api/runs/${id}/cancel`)
    expect((await until(id, 'cancelled')).state).toBe('cancelled')
    tab.socket.terminate()
  })
})

describe('server-sent events of a run', () => {
  it('begin with the run as it is and end with it', async () => {
    const id = await submit(sum(20))
    const told = await events(id)
    expect(told[0]).toMatchObject({ event: 'snapshot', data: { id } })
    expect(told.at(-1)).toMatchObject({ event: 'run', data: { run: { id, state: 'done' } } })
    expect(told.filter(({ event }) => event === 'node').length).toBeGreaterThan(0)
    expect(told.filter(({ event }) => event === 'progress').length).toBeGreaterThan(0)
    const numbers = told.map((one) => Number(one.id.split(':')[1]))
    expect(numbers).toEqual(numbers.toSorted((a, b) => a - b))
  })

  it('go on after the last that was seen', async () => {
    const id = await submit(sum(60))
    const first = await events(id, {}, 3)
    const last = first.at(-1)!.id
    const rest = await events(id, { 'last-event-id': last })
    expect(rest.some(({ event }) => event === 'snapshot')).toBe(false)
    const number = (text: string) => Number(text.split(':')[1])
    expect(rest.every((one) => number(one.id) > number(last))).toBe(true)
    expect(rest.at(-1)).toMatchObject({ data: { run: { state: 'done' } } })
  })

  it('of a run that is over are the run alone', async () => {
    const id = await submit(sum())
    await until(id, 'done')
    const told = await events(id, { 'last-event-id': 'another-epoch:4' })
    expect(told).toMatchObject([{ event: 'snapshot', data: { state: 'done' } }])
  })
})

describe('a workflow called like a function', () => {
  const call = (body: object, path = '/run/lib/sum', headers = {}) =>
    ask(table.port, 'POST', path, { body, headers })

  beforeAll(async () => {
    await table.documents.save('lib/sum', 0, sum())
    await table.documents.save('lib/long', 0, sum(300))
  })

  it('answers with its outputs', async () => {
    const { status, json } = await call({ inputs: { first: 5 } })
    expect([status, json.state]).toEqual([200, 'done'])
    expect(json.outputs).toMatchObject({ sum: { value: 7 } })
  })

  it('answers with the run where it takes longer than the caller waits', async () => {
    const { status, json, headers } = await call({}, '/run/lib/long?wait=0.1')
    expect([status, headers.location]).toEqual([202, `/api/runs/${json.run}`])
    const { state } = (await ask(table.port, 'GET', `/api/runs/${json.run}`)).json
    expect(['waiting', 'running']).toContain(state)
    const at = await call({}, '/run/lib/long', { prefer: 'respond-async' })
    expect(at.status).toBe(202)
    for (const { run } of [json, at.json]) {
      await ask(table.port, 'POST', `/api/runs/${run}/cancel`)
    }
  })

  it('says how it is called, through subgraphs too', async () => {
    const workflow = {
      ...{ version: 1, description: 'Twice.', outputs: { sum: 'inner.out' } },
      inputs: {
        first: { to: ['inner.n'] },
        steps: { to: ['last.steps'], description: 'how long' },
      },
      nodes: {
        inner: { type: 'subgraph', subgraph: 'part', params: { n: 4 } },
        last: { type: 'wait', params: { steps: 3 }, inputs: { value: 'inner.out' } },
      },
      subgraphs: {
        part: {
          inputs: { n: { to: ['one.value'], description: 'a number' } },
          outputs: { out: 'one.value' },
          nodes: { one: { type: 'number', params: { value: 1 } } },
        },
      },
    }
    await table.documents.save('lib/nested', 0, workflow as never)
    const { json } = await ask(table.port, 'GET', '/run/lib/nested')
    expect(json).toMatchObject({
      ...{ name: 'lib/nested', description: 'Twice.' },
      inputs: {
        properties: {
          first: { type: 'number', minimum: -1000, default: 4, description: 'a number' },
          steps: { type: 'integer', default: 3, description: 'how long' },
        },
      },
      outputs: { properties: { sum: { description: 'number' } } },
    })
    expect((await ask(table.port, 'GET', '/run/none')).status).toBe(404)
  })

  it('lists what is wrong with each input', async () => {
    const { status, json } = await call({ inputs: { first: 1e9, frist: 1 } })
    expect(status).toBe(422)
    expect(json.problems).toMatchObject([{ input: 'first' }, { input: 'frist' }])
  })

  it('says which input or workflow there is none of', async () => {
    const wrong = await call({ inputs: { frist: 5 } })
    expect([wrong.status, wrong.json.error]).toEqual([
      422,
      'input frist: no such input, expected first; did you mean first',
    ])
    expect((await call({}, '/run/none')).status).toBe(404)
    expect((await call({ first: 5 })).json.error).toBe('body: "first", no such key expected')
  })
})

it('a machine that runs says so', async () => {
  expect((await ask(table.port, 'GET', '/ready')).json).toMatchObject({ ready: true })
  const { json } = await ask(table.port, 'GET', '/api/system')
  expect(json).toMatchObject({ device: 'test', executors: [{ name: 'test', restarts: 0 }] })
  const { rss } = (json as unknown as SystemInfo).hardware.memory
  expect(rss).toBeGreaterThan(2 ** 20)
  // That of the processes which run, not of the server: without any there is none.
  expect((await hardwareNow([])).memory.rss).toBe(0)
  expect((await hardwareNow([{ pid: undefined }])).memory.rss).toBe(0)
  const id = await submit(sum(300))
  await until(id, 'running')
  const busy = (await ask(table.port, 'GET', '/api/system')).json
  expect(busy).toMatchObject({ executors: [{ state: 'busy', run: id }] })
  await ask(table.port, 'POST', `/api/runs/${id}/cancel`)
  await until(id, 'cancelled')
  const { text } = await ask(table.port, 'GET', '/metrics')
  expect(text).toMatch(/mazeru_runs_total\{state="done"\} [1-9]/)
  expect(text).toContain('mazeru_executor_up{executor="test"} 1')
})
