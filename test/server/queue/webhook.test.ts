import { createHmac } from 'node:crypto'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { openWebhooks } from '../../../engine/server/queue/webhook.ts'
import { endOf, eventsOf, openQueue, sum, until } from './support.ts'

const secret = 'a secret of sixteen'

interface Call {
  readonly body: string
  readonly headers: IncomingHttpHeaders
}

/** A real server that gives these answers in turn, then 200. */
async function listening(...answers: number[]) {
  const calls: Call[] = []
  const server = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8')
    request.on('data', (piece) => {
      body += piece
    })
    request.on('end', () => {
      calls.push({ body, headers: request.headers })
      const code = answers.shift() ?? 200
      response.writeHead(code, code === 302 ? { location: '/elsewhere' } : {}).end('thanks')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return { calls, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook` }
}

/** A queue in which a run has ended that wants a call. */
function ended(url: string, queue = openQueue(), given: { secret?: string } = { secret }) {
  const webhook = { url, ...given }
  const { id } = queue.runs.submit({ ...sum(), webhook, document: 'sums' }, { client: 'ann' }).run
  queue.runs.claim('cpu')
  const results = { sum: { type: 'number', value: 3 } }
  queue.runs.finish(id, endOf('done', { results }))
  return { ...queue, id, results }
}

function sending(queue: ReturnType<typeof openQueue>, delays = [10, 20, 30], patience = 1000) {
  const { database, journal } = queue
  const clock = () => Date.now() + 1e12
  const webhooks = openWebhooks({ database, journal, clock, delays, patience })
  onTestFinished(() => webhooks.stop())
  return webhooks
}

describe('a webhook', () => {
  it('is called with the run and its results, signed', async () => {
    const { calls, url } = await listening()
    const queue = ended(url)
    sending(queue)
    await until(() => calls.length === 1)
    const { body, headers } = calls[0]!
    expect(JSON.parse(body)).toEqual({ ...queue.runs.get(queue.id), results: queue.results })
    const mac = createHmac('sha256', secret).update(body).digest('hex')
    expect(headers).toMatchObject({
      'x-mazeru-signature': `sha256=${mac}`,
      'x-mazeru-delivery': queue.id,
      'content-type': 'application/json',
    })
    await until(() => left(queue) === 0, 'the end of the delivery')
  })

  it('has no signature without a secret, and is called for a cancelled run too', async () => {
    const { calls, url } = await listening()
    const queue = openQueue()
    const webhooks = sending(queue)
    queue.runs.onEnd(() => webhooks.wake())
    const { id } = queue.runs.submit({ ...sum(), webhook: { url } }, { client: 'ann' }).run
    queue.runs.cancel(id)
    await until(() => calls.length === 1)
    expect(JSON.parse(calls[0]!.body)).toMatchObject({ id, state: 'cancelled' })
    expect(calls[0]!.headers['x-mazeru-signature']).toBeUndefined()
  })

  it('is tried again until the answer is good; a redirect is not followed', async () => {
    const { calls, url } = await listening(500, 302)
    const queue = ended(url)
    sending(queue)
    await until(() => left(queue) === 0, 'the end of the delivery')
    expect(calls.length).toBe(3)
    expect(new Set(calls.map(({ body }) => body)).size).toBe(1)
  })

  it('is given up after the last try, with a notice', async () => {
    const { calls, url } = await listening(500, 500, 500, 500, 500)
    const queue = ended(url)
    sending(queue)
    await until(() => left(queue) === 0, 'the end of the delivery')
    expect(calls.length).toBe(4)
    const { host } = new URL(url)
    const found = `answer 500 from ${host} in 4 tries`
    const message = `webhook of run ${queue.id}: ${found}, expected an answer of 200 to 299`
    expect(eventsOf(queue.journal)).toContainEqual({ type: 'notice', message })
  })

  it('does not wait for ever for an answer', async () => {
    const silent = createServer(() => undefined)
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => {
      silent.closeAllConnections()
      silent.close()
    })
    const queue = ended(`http://127.0.0.1:${(silent.address() as AddressInfo).port}/`)
    sending(queue, [], 50)
    await until(() => left(queue) === 0, 'the end of the delivery')
    expect(eventsOf(queue.journal).at(-1)).toMatchObject({
      message: expect.stringMatching(/no answer \(.*timeout.*\) from 127\.0\.0\.1:\d+ in 1 tries/),
    })
  })

  it('is called by the next server where one died before it could', async () => {
    const { calls, url } = await listening(503)
    const first = ended(url)
    const webhooks = sending(first, [30_000])
    await until(() => calls.length === 1)
    await webhooks.stop()
    first.close()
    const second = openQueue(first.folder)
    expect(left(second)).toBe(1)
    second.database.query('UPDATE deliveries SET due = 0').run()
    sending(second)
    await until(() => calls.length === 2)
    expect(calls[1]!.body).toBe(calls[0]!.body)
  })
})

function left({ database }: { database: ReturnType<typeof openQueue>['database'] }): number {
  return Number(database.query('SELECT count(*) AS left_over FROM deliveries').get()!.left_over)
}
