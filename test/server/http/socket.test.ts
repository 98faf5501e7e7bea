import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ServerEvent } from '../../../engine/protocol/index.ts'
import { connect, desk, type Editor } from './support.ts'

let table: Awaited<ReturnType<typeof desk>>
const editors: Editor[] = []

beforeAll(async () => {
  table = await desk()
})
afterAll(async () => {
  for (const { socket } of editors) socket.terminate()
  await table.end()
})

const workflow = {
  version: 1,
  nodes: {
    one: { type: 'number', params: { value: 1 } },
    add: { type: 'add', inputs: { a: 'one.value' } },
  },
} as const

async function editor(client: string, more: object = {}, port = table.port): Promise<Editor> {
  const opened = await connect(port)
  editors.push(opened)
  opened.send({ type: 'hello', client, ...more } as never)
  return opened
}

function notice(message: string): ServerEvent {
  return { type: 'notice', message }
}

describe('events', () => {
  it('come after a snapshot, numbered without a gap', async () => {
    const tab = await editor('a')
    const { snapshot, sequence } = await tab.next('welcome')
    expect(snapshot).toMatchObject({ runs: [], queue: { waiting: 0 } })
    for (let n = 0; n < 300; n++) table.journal.add(notice(`n${n}`))
    await tab.next('event', ({ event }) => event.type === 'notice' && event.message === 'n299')
    const numbers = tab.messages.flatMap((one) => (one.type === 'event' ? [one.sequence] : []))
    expect(numbers).toEqual(numbers.map((_, index) => sequence + 1 + index))
  })

  it('that were missed follow a reconnect, in place of a snapshot', async () => {
    const first = await editor('b')
    const { epoch, sequence } = await first.next('welcome')
    first.socket.terminate()
    table.journal.add(notice('missed'))
    const again = await editor('b', { epoch, since: sequence })
    const welcome = await again.next('welcome')
    expect(welcome.snapshot).toBeUndefined()
    const missed = await again.next('event')
    expect([missed.sequence, missed.event]).toEqual([sequence + 1, notice('missed')])
  })

  it('of another server or of the future are answered with a snapshot', async () => {
    const { journal } = table
    const other = await editor('c', { epoch: 'another', since: journal.sequence })
    expect((await other.next('welcome')).snapshot).toBeDefined()
    const future = await editor('c', { epoch: journal.epoch, since: journal.sequence + 10 })
    expect((await future.next('welcome')).snapshot).toBeDefined()
  })

  it('that are no longer kept are answered with a snapshot', async () => {
    const { journal } = table
    for (let n = 0; n < 20_100; n++) journal.add(notice('x'))
    const late = await editor('d', { epoch: journal.epoch, since: 0 })
    expect((await late.next('welcome')).snapshot).toBeDefined()
  })

  it('of the machine come while an editor is there', async () => {
    const tab = await editor('e')
    const { hardware } = await tab.next('hardware')
    // No executor is up in this test, so none holds memory.
    expect(hardware.memory).toMatchObject({ rss: 0 })
  })
})

describe('messages', () => {
  it('that are none are answered with a sentence, and the connection stays', async () => {
    const tab = await editor('f')
    await tab.next('welcome')
    const bad: [string | Uint8Array, string][] = [
      ['{', 'message: no JSON, JSON expected'],
      [new Uint8Array([1, 2]), 'message: bytes, JSON text expected'],
      ['{"type":"fly"}', 'message.type: "fly", one of the known kinds expected'],
      ['[]', 'message: a list of 0, an object expected'],
      ['{"type":"check"}', 'message.request: missing, a number expected'],
      ['{"type":"hello","client":""}', 'message.client: "", at least 1 expected'],
    ]
    for (const [message, sentence] of bad) {
      tab.send(message)
      expect((await tab.next('error')).message).toBe(sentence)
    }
    tab.send({ type: 'ping' })
    await tab.next('pong')
  })

  it('before the greeting are refused', async () => {
    const tab = await connect(table.port)
    editors.push(tab)
    tab.send({ type: 'document-open', name: 'x' })
    expect((await tab.next('error')).message).toBe('message: document-open, hello expected first')
  })

  it('that are too large end the connection, not the server', async () => {
    const small = await desk({ limits: { message: 1000 } })
    const tab = await editor('g', {}, small.port)
    await tab.next('welcome')
    tab.send('x'.repeat(2000))
    expect(await tab.closed).toBe(1009)
    const next = await editor('g', {}, small.port)
    await next.next('welcome')
    await small.end()
  })

  it('come from a limited number of editors', async () => {
    const small = await desk({ limits: { sockets: 1 } })
    const tab = await editor('h', {}, small.port)
    await tab.next('welcome')
    await expect(connect(small.port)).rejects.toThrow('503')
    await small.end()
    expect(await tab.closed).toBe(1001)
  })
})

describe('a check', () => {
  it('gives every problem, and none for what can run', async () => {
    const tab = await editor('i')
    tab.send({ type: 'check', request: 1, workflow })
    expect(await tab.next('checked')).toEqual({ type: 'checked', request: 1, problems: [] })
    const wrong = { version: 1, nodes: { add: { type: 'add' }, no: { type: 'none' } } }
    tab.send({ type: 'check', request: 2, workflow: wrong })
    const { problems } = await tab.next('checked')
    expect(problems.map(({ code, node }) => [code, node])).toEqual([
      ['missing-input', 'add'],
      ['unknown-type', 'no'],
    ])
  })

  it('of what is no workflow says why', async () => {
    const tab = await editor('j')
    tab.send({ type: 'check', request: 1, workflow: { version: 9, nodes: {} } })
    const newer = await tab.next('checked')
    expect(newer.problems[0]?.message).toContain('version 9, at most 1 can be read')
    const many = Object.fromEntries(Array.from({ length: 20_001 }, (_, n) => [`n${n}`, {}]))
    tab.send({ type: 'check', request: 2, workflow: { version: 1, nodes: many } })
    const large = await tab.next('checked')
    expect(large.problems[0]?.message).toBe('workflow: 20001 nodes, at most 20000 expected')
  })

  it('that a newer one overtook is not answered', async () => {
    const tab = await editor('k')
    await tab.next('welcome')
    for (let request = 1; request <= 50; request++) {
      tab.socket.send(JSON.stringify({ type: 'check', request, workflow }))
    }
    await tab.next('checked', ({ request }) => request === 50)
    const answered = tab.messages.filter(({ type }) => type === 'checked').length
    expect(answered).toBeLessThan(50)
  })
})

describe('a document', () => {
  it('shows the changes of each editor to all that have it open', async () => {
    await table.documents.save('shared', 0, workflow)
    const [a, b] = [await editor('a'), await editor('b')]
    for (const tab of [a, b]) {
      tab.send({ type: 'document-open', name: 'shared' })
      expect((await tab.next('document-opened')).workflow).toMatchObject(workflow)
    }
    const ops = [{ path: ['nodes', 'one', 'params', 'value'], value: 7 }]
    a.send({ type: 'document-patch', name: 'shared', request: 5, base: 1, ops })
    const told = [await a.next('document-patched'), await b.next('document-patched')]
    for (const message of told) expect(message).toMatchObject({ client: 'a', request: 5, ops })
    const now = await table.documents.read('shared')
    expect(now?.workflow.nodes.one?.params).toEqual({ value: 7 })
    expect(now?.revision).toBe(told[0]?.revision)
  })

  it('comes to the same end in every editor, however their changes cross', async () => {
    await table.documents.save('crossing', 0, workflow)
    const tabs = [await editor('a'), await editor('b')]
    for (const tab of tabs) {
      tab.send({ type: 'document-open', name: 'crossing' })
      await tab.next('document-opened')
    }
    for (let value = 0; value < 40; value++) {
      const ops = [{ path: ['nodes', 'one', 'params', 'value'], value }]
      const message = { type: 'document-patch', name: 'crossing', request: value, base: 0 } as const
      tabs[value % 2]?.send({ ...message, ops })
    }
    const orders: unknown[] = []
    for (const tab of tabs) {
      const seen = () => tab.messages.filter(({ type }) => type === 'document-patched')
      while (seen().length < 40) await sleep(5)
      orders.push(seen())
    }
    expect(orders[0]).toEqual(orders[1])
    const last = (orders[0] as { revision: number }[]).map(({ revision }) => revision)
    expect(last).toEqual(last.toSorted((a, b) => a - b))
  })

  it('takes a change that is sent again once, and echoes it to the sender alone', async () => {
    await table.documents.save('again', 0, workflow)
    const [a, b] = [await editor('a'), await editor('b')]
    for (const tab of [a, b]) {
      tab.send({ type: 'document-open', name: 'again' })
      await tab.next('document-opened')
    }
    const patch = (value: number, request: number) => {
      const ops = [{ path: ['nodes', 'one', 'params', 'value'], value }]
      return { type: 'document-patch', name: 'again', request, base: 1, ops } as const
    }
    a.send(patch(7, 900))
    const first = await a.next('document-patched')
    b.send(patch(8, 1))
    await a.next('document-patched')
    a.send(patch(7, 900))
    expect(await a.next('document-patched')).toEqual(first)
    a.send(patch(9, 901))
    await b.next('document-patched', ({ request }) => request === 901)
    const told = b.messages.filter(({ type }) => type === 'document-patched')
    expect(told.map((one) => 'request' in one && one.request)).toEqual([900, 1, 901])
  })

  it('refuses a change that does not fit, with the document as it is', async () => {
    await table.documents.save('firm', 0, workflow)
    const tab = await editor('a')
    tab.send({ type: 'document-open', name: 'firm' })
    await tab.next('document-opened')
    const ops = [{ path: ['nodes', 'none', 'params', 'value'], value: 7 }]
    tab.send({ type: 'document-patch', name: 'firm', request: 1, base: 1, ops })
    const refused = await tab.next('document-refused')
    expect(refused).toMatchObject({ request: 1, revision: 1, workflow })
    expect(refused.message).not.toBe('')
  })

  it('saved whole elsewhere is shown anew, and one that is not there is said so', async () => {
    await table.documents.save('whole', 0, workflow)
    const tab = await editor('a')
    tab.send({ type: 'document-open', name: 'whole' })
    const { revision } = await tab.next('document-opened')
    await table.documents.save('whole', revision, { version: 1, nodes: {} })
    expect(await tab.next('document-opened')).toMatchObject({ workflow: { nodes: {} } })
    tab.send({ type: 'document-open', name: 'none' })
    expect((await tab.next('error')).message).toContain('workflow: no "none"')
    tab.send({ type: 'document-open', name: '../../etc/passwd' })
    expect((await tab.next('error')).message).toMatch(/expected/)
  })
})

it('a setting for a run that is not running is answered with a sentence', async () => {
  const tab = await editor('a')
  const place = { run: 'none', node: 'n', param: 'p', value: 1 }
  tab.send({ type: 'set', request: 3, ...place })
  const done = await tab.next('set-done')
  expect([done.request, done.applied, typeof done.error]).toEqual([3, undefined, 'string'])
})
