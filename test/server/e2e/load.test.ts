import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { queueInfo, type RunInfo, runInfo } from '../../../engine/protocol/index.ts'
import {
  keptDesk,
  oneNumber,
  removeDesk,
  type ServerProcess,
  shipped,
  startServer,
  until,
} from './support.ts'
import { expectNoGap, type Watcher, watch } from './watcher.ts'

const desk = keptDesk()
let server: ServerProcess
beforeAll(async () => {
  server = await startServer(desk)
})
afterAll(async () => {
  await server.kill()
  removeDesk(desk)
})

/** Runs of the test of memory; `MAZERU_RUNS=1000` is the long way. */
const memoryRuns = Number(process.env.MAZERU_RUNS ?? 200)
const mebibyte = 2 ** 20
const listed = z.object({ runs: z.array(runInfo) })

function drawing(seed: number, steps = 8) {
  return { workflow: shipped('two-loras', { 'sampler.steps': steps, 'sampler.seed': seed }) }
}

const done = (run: string) => (event: { type: string; run?: unknown }) =>
  event.type === 'run' &&
  (event.run as RunInfo).id === run &&
  (event.run as RunInfo).state === 'done'

const previewsOf = ({ previews }: Watcher, run: string) =>
  previews.filter(({ head }) => head.run === run)

async function pause(paused: boolean): Promise<void> {
  await server.call(queueInfo, 'POST', '/api/queue', { body: { paused } })
}

async function waitingRuns(): Promise<RunInfo[]> {
  const found: RunInfo[] = []
  for (;;) {
    const before = found.length ? `&before=${found.at(-1)!.id}` : ''
    const page = `/api/runs?state=waiting&limit=500${before}`
    const { runs } = await server.call(listed, 'GET', page)
    found.push(...runs)
    if (runs.length < 500) return found
  }
}

describe('many clients at once', () => {
  it('fifty that watch one run each get every event in order, and its preview', async () => {
    const watchers = await Promise.all(
      Array.from({ length: 50 }, (_, index) => watch(server.port, { client: `tab ${index}` })),
    )
    const id = await server.submit(drawing(1))
    const last = await Promise.all(watchers.map((watcher) => watcher.event(done(id))))
    expect(new Set(last.map(({ sequence }) => sequence)).size).toBe(1)
    const about = (watcher: Watcher) =>
      JSON.stringify(
        watcher.events.filter(({ sequence }) => sequence <= last[0]!.sequence).slice(-40),
      )
    for (const watcher of watchers) {
      expectNoGap(watcher, watcher.welcome.sequence)
      expect(about(watcher)).toBe(about(watchers[0]!))
      expect(previewsOf(watcher, id).length).toBeGreaterThan(0)
      expect(previewsOf(watcher, id)[0]!.bytes.toString('latin1', 8, 12)).toBe('WEBP')
    }
  })

  it('one that connects again gets exactly what it missed', async () => {
    const [gone, steady] = await Promise.all([watch(server.port), watch(server.port)])
    const id = await server.submit(drawing(2, 16))
    await gone.event((event) => event.type === 'progress' && event.step >= 4)
    await gone.cut()
    const seen = gone.events.at(-1)!.sequence
    await steady.event((event) => event.type === 'progress' && event.step >= 10)
    const { epoch } = gone.welcome
    const back = await watch(server.port, { epoch, since: seen })
    expect(back.welcome.snapshot).toBeUndefined()
    await Promise.all([steady, back].map((watcher) => watcher.event(done(id))))
    expectNoGap(back, seen)
    const missed = (watcher: Watcher) =>
      watcher.events.filter(({ sequence }) => sequence > seen && sequence <= end)
    const end = steady.events.at(-1)!.sequence
    await until(() => back.events.at(-1)!.sequence >= end, 'all events have come')
    expect(missed(back)).toEqual(missed(steady))
    const stranger = await watch(server.port, { epoch: 'another', since: seen })
    expect(stranger.welcome.snapshot?.runs.map((run) => run.id)).toContain(id)
  })

  it('one that does not read slows nobody, misses no event and loses only previews', async () => {
    const [slow, quick] = await Promise.all([watch(server.port), watch(server.port)])
    slow.socket.pause()
    // Each run tells of long texts: together more than any buffer of the system holds.
    const texts = Array.from({ length: 60 }, (_, index) => [
      `t${index}`,
      { type: 'text', params: { value: `${index} ${'混'.repeat(1990)}` } },
    ])
    const outputs = texts.map(([id]) => `${id}.value`)
    const chatter = { workflow: { version: 1, nodes: Object.fromEntries(texts) }, outputs }
    const talk = await Promise.all(Array.from({ length: 30 }, () => server.submit(chatter)))
    const id = await server.submit(drawing(3, 30))
    await Promise.all([...talk, id].map((run) => quick.event(done(run))))
    expect(slow.events.some(({ event }) => done(id)(event))).toBe(false)
    const metrics = String((await server.ask('GET', '/metrics')).bytes)
    expect(Number(/previews_dropped_total (\d+)/.exec(metrics)![1])).toBeGreaterThan(0)
    slow.socket.resume()
    await slow.event(done(id))
    expectNoGap(slow, slow.welcome.sequence)
    expect(
      slow.welcome.snapshot && slow.messages.filter((one) => one.type === 'welcome'),
    ).toHaveLength(1)
    await until(() => previewsOf(slow, id).length > 0, 'the last preview has come')
    expect(previewsOf(slow, id).length).toBeLessThan(previewsOf(quick, id).length)
    const lastOf = (watcher: Watcher) => previewsOf(watcher, id).at(-1)!.bytes
    expect(lastOf(slow).equals(lastOf(quick))).toBe(true)
  })
})

describe('a thousand submissions from five clients', () => {
  it('are all there, in fair order, and can be moved, changed and cancelled', async () => {
    await pause(true)
    const clients = ['a', 'b', 'c', 'd', 'e']
    const ids = await Promise.all(
      clients.map(async (client) => {
        const own: string[] = []
        for (let count = 0; count < 200; count++) {
          own.push(await server.submit({ workflow: oneNumber(count) }, client))
        }
        return own
      }),
    )
    const waiting = await waitingRuns()
    expect(new Set(waiting.map(({ id }) => id))).toEqual(new Set(ids.flat()))
    expect(waiting.map(({ place }) => place)).toEqual(waiting.map((_, index) => index + 1))
    // Nobody's runs stand before another's of the same rank.
    for (const place of [5, 100, 500]) {
      const counts = clients.map(
        (name) => waiting.slice(0, place).filter((run) => run.client === name).length,
      )
      expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(2)
    }
    const moved = ids[4]!.at(-1)!
    const one = z.object({ run: runInfo })
    const change = (id: string, body: object) =>
      server.call(one, 'PATCH', `/api/runs/${id}`, { body })
    expect((await change(moved, { place: 3 })).run.place).toBe(3)
    expect((await waitingRuns())[2]!.id).toBe(moved)
    const urgent = ids[3]!.at(-1)!
    expect((await change(urgent, { priority: 5 })).run.place).toBe(1)
    await change(urgent, { settings: { 'a.value': 777 } })
    const keep = new Set([moved, urgent, ...ids[0]!.slice(0, 20)])
    await Promise.all(
      ids
        .flat()
        .filter((id) => !keep.has(id))
        .map((id) => server.call(one, 'POST', `/api/runs/${id}/cancel`)),
    )
    const rest = await waitingRuns()
    expect(new Set(rest.map(({ id }) => id))).toEqual(keep)
    await pause(false)
    const ended = await Promise.all([...keep].map((id) => server.ended(id)))
    expect(new Set(ended.map(({ state }) => state))).toEqual(new Set(['done']))
    expect((await server.ended(urgent)).results).toMatchObject({ value: { value: 777 } })
    const first = [...ended].sort((a, b) => a.started! - b.started!)[0]!
    expect(first.id).toBe(urgent)
    expect((await server.call(queueInfo, 'GET', '/api/queue')).waiting).toBe(0)
  })
})

describe('memory', () => {
  it(`does not grow over ${memoryRuns} runs`, { timeout: 30_000 + memoryRuns * 300 }, async () => {
    const watcher = await watch(server.port)
    const children = () => readFileSync(`/proc/${server.pid}/task/${server.pid}/children`, 'utf8')
    const pids = [server.pid, ...children().trim().split(' ').map(Number)]
    const batch = async (count: number, from: number) => {
      for (let sent = 0; sent < count; sent += 25) {
        const ids = await Promise.all(
          Array.from({ length: 25 }, (_, index) =>
            server.submit({ workflow: oneNumber((from + sent + index) % 1000), fresh: true }),
          ),
        )
        await Promise.all(ids.map((id) => watcher.event(done(id))))
      }
    }
    await batch(100, 0)
    const before = pids.map(residentBytes)
    await batch(memoryRuns, 100)
    const growth = pids.map((pid, index) => residentBytes(pid) - before[index]!)
    if (process.env.MAZERU_RUNS) console.log({ before, growth })
    for (const bytes of growth) expect(bytes).toBeLessThan(80 * mebibyte)
  })
})

/** What a process holds in memory. */
function residentBytes(pid: number): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) * 1024
}
