import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ask, desk } from './support.ts'

let table: Awaited<ReturnType<typeof desk>>
beforeAll(async () => {
  table = await desk()
})
afterAll(() => table.end())

const workflow = { version: 1, nodes: { one: { type: 'number', params: { value: 1 } } } }

function call(method: string, path: string, body?: unknown) {
  return ask(table.port, method, path, body === undefined ? {} : { body })
}

describe('workflow files', () => {
  it('are saved, listed, read, renamed and removed under names with folders', async () => {
    const address = '/api/workflows/my%20folder/caf%C3%A9%20%231'
    const saved = await call('PUT', address, { revision: 0, workflow })
    expect(saved.json).toEqual({ name: 'my folder/café #1', revision: 1, workflow })
    const { json } = await call('GET', '/api/workflows')
    expect(json.workflows).toMatchObject([{ name: 'my folder/café #1', revision: 1, nodes: 1 }])
    expect((await call('GET', address)).json).toEqual(saved.json)
    const renamed = await call('POST', `${address}/rename`, { to: 'plain' })
    expect([renamed.status, renamed.json.name]).toEqual([200, 'plain'])
    expect((await call('GET', address)).status).toBe(404)
    expect((await call('DELETE', '/api/workflows/plain')).json).toEqual({ removed: true })
    expect((await call('DELETE', '/api/workflows/plain')).status).toBe(404)
  })

  it('refuse a stale writing with the present document', async () => {
    await call('PUT', '/api/workflows/stale', { revision: 0, workflow })
    const newer = { ...workflow, nodes: { two: { type: 'number' } } }
    await call('PUT', '/api/workflows/stale', { revision: 1, workflow: newer })
    const late = await call('PUT', '/api/workflows/stale', { revision: 1, workflow })
    expect(late.status).toBe(409)
    expect(late.json.document).toMatchObject({ revision: 2, workflow: newer })
    expect(late.json.error).toContain('stale: revision 1 given')
  })

  it('refuse what is no workflow, is newer, or far too large', async () => {
    const put = async (workflow: unknown) => {
      const { status, json } = await call('PUT', '/api/workflows/bad', { revision: 0, workflow })
      return [status, json.error]
    }
    expect(await put({ version: 2, nodes: {} })).toEqual([
      422,
      expect.stringContaining('version 2, at most 1 can be read'),
    ])
    expect(await put({ version: 1, nodes: { one: { typ: 'x' } } })).toEqual([
      422,
      expect.stringContaining('workflow'),
    ])
    const nodes = Object.fromEntries(Array.from({ length: 20_001 }, (_, n) => [`n${n}`, {}]))
    expect(await put({ version: 1, nodes })).toEqual([
      422,
      'workflow: 20001 nodes, at most 20000 expected',
    ])
    expect((await put('text'))[0]).toBe(400)
    expect((await put(null))[0]).toBe(400)
  })

  it.each([
    ...['..%2f..%2fpasswd', '%2e%2e/x', 'a/..%2f..%2fb', '..%5c..%5cx', 'c:%5cx', 'a%00b'],
    ...['%2fetc%2fpasswd', '.%2f.mazeru%2fx', 'a/%2e%2e%2f%2e%2e/b'],
  ])('have no name %s', async (name) => {
    for (const [method, body] of [
      ['GET', undefined],
      ['PUT', { revision: 0, workflow }],
      ['DELETE', undefined],
    ] as const) {
      const { status, text } = await call(method, `/api/workflows/${name}`, body)
      expect([400, 404, 422]).toContain(status)
      expect(text).not.toContain('    at ')
    }
  })

  it('have former states, which are read and saved again to go back', async () => {
    const address = '/api/workflows/set/kept'
    const second = { version: 1, nodes: { two: { type: 'number', params: { value: 2 } } } }
    await call('PUT', address, { revision: 0, workflow })
    await call('PUT', address, { revision: 1, workflow: second })
    const { json } = await call('GET', `${address}/versions`)
    expect(json.versions).toMatchObject([{ revision: 2 }, { revision: 1 }])
    const former = await call('GET', `${address}/versions/1`)
    expect(former.json).toEqual({ name: 'set/kept', revision: 1, workflow })
    const back = { revision: 2, workflow: former.json.workflow }
    expect((await call('PUT', address, back)).json).toMatchObject({ revision: 3, workflow })
    expect((await call('GET', `${address}/versions/99`)).status).toBe(404)
    expect((await call('GET', '/api/workflows/none/versions')).status).toBe(404)
    await call('DELETE', address)
    expect((await call('GET', `${address}/versions/2`)).json).toMatchObject({ workflow: second })
    await call('PUT', `${address}/versions`, { revision: 0, workflow: second })
    expect((await call('GET', `${address}/versions`)).json).toMatchObject({
      ...{ name: 'set/kept/versions', workflow: second },
    })
  })

  it('come along as templates, of which one that is not there is said so', async () => {
    expect((await call('GET', '/api/templates')).json).toEqual({ templates: [] })
    expect((await call('GET', '/api/template-pictures/none')).status).toBe(404)
    expect((await call('GET', '/api/template-pictures/..%2fsum')).status).toBe(422)
    const none = await call('GET', '/api/templates/none')
    expect([none.status, none.json.error]).toEqual([
      404,
      'template: no "none", the name of an existing one expected',
    ])
  })
})

describe('node types', () => {
  it('are listed with sockets as they are written and params as JSON Schema', async () => {
    const { json } = await call('GET', '/api/catalogue')
    const nodes = json.nodes as unknown as { type: string }[]
    expect(nodes.find(({ type }) => type === 'add')).toEqual({
      ...{ type: 'add', version: 1, title: 'Add', category: 'arithmetic', purity: 'pure' },
      ...{ description: 'The sum of two numbers.', live: false, sink: false, params: [] },
      inputs: [
        { name: 'a', type: 'number' },
        { name: 'b', type: 'number', optional: true, description: '0 where absent' },
      ],
      outputs: [{ name: 'sum', type: 'number' }],
    })
    expect(nodes.find(({ type }) => type === 'number')).toMatchObject({
      params: [{ name: 'value', socket: 'number', schema: { default: 0, maximum: 1000 } }],
    })
  })

  it('make a JSON Schema of workflow files', async () => {
    const { json } = await call('GET', '/api/schema')
    expect(JSON.stringify(json)).toContain('"const":"add"')
  })

  it('are what a workflow is checked against', async () => {
    const nodes = { add: { type: 'add', inputs: { a: 'nobody.x' } } }
    const { json } = await call('POST', '/api/check', { workflow: { version: 1, nodes } })
    expect(json.problems).toMatchObject([{ code: 'unknown-node', node: 'add' }])
    const fine = await call('POST', '/api/check', { workflow })
    expect(fine.json).toEqual({ problems: [] })
  })
})

describe('the queue', () => {
  it('is paused and let go on', async () => {
    expect((await call('POST', '/api/queue', { paused: true })).json.paused).toBe(true)
    expect((await call('GET', '/api/queue')).json.paused).toBe(true)
    await call('POST', '/api/queue', { paused: false })
    const wrong = await call('POST', '/api/queue', { paused: 'yes', more: 1 })
    expect(wrong.status).toBe(400)
    expect(wrong.json.error).toBe('body.paused: "yes", true or false expected')
  })

  it('takes runs, changes them while they wait, and forgets them', async () => {
    const body = { workflow, settings: { 'one.value': '5' }, document: 'd' }
    const made = await call('POST', '/api/runs', body)
    expect(made.status).toBe(201)
    const { id } = made.json.run as unknown as { id: string }
    const detail = await call('GET', `/api/runs/${id}`)
    expect(detail.json).toMatchObject({
      ...{ id, state: 'waiting', document: 'd', client: '127.0.0.1' },
      workflow: { nodes: { one: { params: { value: 5 } } } },
    })
    const patch = (change: unknown) => call('PATCH', `/api/runs/${id}`, change)
    expect((await patch({ priority: 7 })).json.run).toMatchObject({ priority: 7 })
    expect((await patch({ settings: { 'one.value': 9 } })).status).toBe(200)
    expect((await patch({ settings: { 'one.value': 9999 } })).status).toBe(422)
    expect((await patch({ settings: { 'two.value': 1 } })).json.error).toContain('no node "two"')
    expect((await patch({ priority: 101 })).status).toBe(400)
    expect((await call('GET', `/api/runs/${id}`)).json).toMatchObject({
      workflow: { nodes: { one: { params: { value: 9 } } } },
    })
    expect((await call('POST', `/api/runs/${id}/cancel`)).json.run).toMatchObject({
      state: 'cancelled',
    })
    expect((await patch({ priority: 1 })).status).toBe(422)
    const again = await call('POST', `/api/runs/${id}/retry`, { from: 'start' })
    expect(again.json.run).toMatchObject({ state: 'waiting', retryOf: id })
    expect((await call('DELETE', `/api/runs/${id}`)).json).toEqual({ removed: true })
    expect((await call('GET', `/api/runs/${id}`)).status).toBe(404)
  })

  it('gives the same run for the same key, to the same client', async () => {
    const submit = (key: string, client: string) =>
      ask(table.port, 'POST', '/api/runs', {
        headers: { 'idempotency-key': key, 'x-client': client },
        body: { workflow },
      })
    const [first, second, other] = [
      await submit('k', 'a'),
      await submit('k', 'a'),
      await submit('k', 'b'),
    ]
    expect([first.status, second.status, other.status]).toEqual([201, 200, 201])
    expect((second.json.run as { id: string }).id).toBe((first.json.run as { id: string }).id)
    expect((other.json.run as { id: string }).id).not.toBe((first.json.run as { id: string }).id)
    expect((await submit('x'.repeat(201), 'a')).status).toBe(400)
  })

  it('refuses what cannot run, with every problem', async () => {
    const nodes = { add: { type: 'add' }, no: { type: 'none' } }
    const { status, json } = await call('POST', '/api/runs', { workflow: { version: 1, nodes } })
    expect(status).toBe(422)
    expect(json.problems).toMatchObject([{ code: 'missing-input' }, { code: 'unknown-type' }])
    expect(json.error).toMatch(/\(and 1 more\)$/)
  })

  it('lists runs by state, document, client and text', async () => {
    const ids = async (query: string) => (await call('GET', `/api/runs?${query}`)).json.runs
    expect(await ids('client=b')).toHaveLength(1)
    expect(await ids('document=d&state=waiting')).toHaveLength(1)
    expect(await ids('state=done')).toHaveLength(0)
    expect((await call('GET', '/api/runs?limit=0')).json.error).toContain('at least 1 expected')
  })

  it('says of a run that is not there that it is not', async () => {
    const calls = [
      ['GET', '/api/runs/none'],
      ['PATCH', '/api/runs/none', {}],
      ['DELETE', '/api/runs/none'],
      ['POST', '/api/runs/none/cancel'],
      ['POST', '/api/runs/none/retry'],
      ['POST', '/api/runs/none/settings', { settings: {} }],
      ['GET', '/api/runs/none/events'],
      ['GET', '/api/runs/none/values/a/b/0'],
    ] as const
    for (const [method, path, body] of calls) {
      const { status, json } = await call(method, path, body)
      expect([status, json.error]).toEqual([
        404,
        'run: no "none", the name of an existing one expected',
      ])
    }
  })
})
