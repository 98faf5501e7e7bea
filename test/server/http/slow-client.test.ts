import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { PreviewFrame } from '../../../engine/executor/types.ts'
import { connect, desk } from './support.ts'

let table: Awaited<ReturnType<typeof desk>>
beforeAll(async () => {
  table = await desk({ limits: { waiting: 2 ** 18 } })
})
afterAll(() => table.end())

const long = 'x'.repeat(50_000)

function picture(step: number): PreviewFrame {
  const bytes = new Uint8Array(100_000).fill(step)
  return { head: { run: 'r', node: 'n', item: 0, items: 1, width: 8, height: 8 }, bytes }
}

/** The bytes of a frame after its head. */
function stepOf(frame: Buffer): number | undefined {
  return frame[4 + frame.readUInt32LE(0)]
}

it('a client that does not read loses previews, no event, and fills no memory', async () => {
  const slow = await connect(table.port)
  const quick = await connect(table.port)
  for (const tab of [slow, quick]) {
    tab.send({ type: 'hello', client: 'tab' })
    await tab.next('welcome')
  }
  slow.socket.pause()
  const count = 600
  const before = process.memoryUsage().rss
  for (let n = 0; n < count; n++) {
    table.journal.add({ type: 'notice', message: `${n} ${long}` })
    table.preview(picture(n % 250))
    if (n % 20 === 0) await sleep(1)
  }
  table.preview(picture(251))
  const last = (message: string) => message.startsWith(`${count - 1} `)
  await quick.next('event', ({ event }) => event.type === 'notice' && last(event.message))
  // Behind what the system holds for the connection, nothing has piled up for the slow one.
  expect(process.memoryUsage().rss - before).toBeLessThan(250 * 2 ** 20)
  slow.socket.resume()
  await slow.next('event', ({ event }) => event.type === 'notice' && last(event.message))
  while (stepOf(slow.frames.at(-1) ?? Buffer.alloc(8)) !== 251) await sleep(5)
  for (const tab of [slow, quick]) {
    const events = tab.messages.flatMap((one) => (one.type === 'event' ? [one] : []))
    const notices = events.flatMap(({ event }) => (event.type === 'notice' ? [event.message] : []))
    expect(notices.map((message) => Number(message.split(' ')[0]))).toEqual(
      Array.from({ length: count }, (_, n) => n),
    )
  }
  expect(slow.frames.length).toBeLessThan(count)
  slow.socket.terminate()
  quick.socket.terminate()
})

it('a client that slept beyond the journal gets a snapshot and goes on from there', async () => {
  const slow = await connect(table.port)
  slow.send({ type: 'hello', client: 'tab' })
  await slow.next('welcome')
  slow.socket.pause()
  for (let n = 0; n < 20_500; n++) {
    const message = n < 400 ? `${n} ${long}` : String(n)
    table.journal.add({ type: 'notice', message })
    if (n % 50 === 0) await sleep(0)
  }
  slow.socket.resume()
  const welcome = await slow.next('welcome')
  expect(welcome.snapshot).toBeDefined()
  table.journal.add({ type: 'notice', message: 'and on' })
  const next = await slow.next(
    'event',
    ({ event }) => event.type === 'notice' && event.message === 'and on',
  )
  expect(next.sequence).toBe(table.journal.sequence)
  slow.socket.terminate()
})

it('a preview says what it is of, before its bytes', async () => {
  const tab = await connect(table.port)
  tab.send({ type: 'hello', client: 'tab' })
  await tab.next('welcome')
  table.preview(picture(7))
  while (tab.frames.length === 0) await sleep(5)
  const frame = tab.frames[0]!
  const length = frame.readUInt32LE(0)
  expect(JSON.parse(frame.subarray(4, 4 + length).toString())).toEqual(picture(7).head)
  expect(frame.length - 4 - length).toBe(100_000)
  tab.socket.terminate()
})
