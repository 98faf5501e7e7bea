import { readFileSync } from 'node:fs'
import { afterAll, describe, expect, it } from 'vitest'
import { systemInfo } from '../../../engine/protocol/index.ts'
import {
  keptDesk,
  pictureOf,
  removeDesk,
  type ServerProcess,
  serverFor,
  shipped,
  until,
} from './support.ts'
import { expectNoGap, type Watcher, watch } from './watcher.ts'

// One folder for all: what the models need is built once.
const desk = keptDesk()
afterAll(() => removeDesk(desk))

const steps = 15

function drawing(seed: number) {
  return { workflow: shipped('two-loras', { 'sampler.steps': steps, 'sampler.seed': seed }) }
}

/** The process of the executor: the first that the server started. */
function executorOf({ pid }: ServerProcess): number {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')
  const found = children.find((child) =>
    readFileSync(`/proc/${child}/cmdline`, 'utf8').split('\0').includes('executor'),
  )
  return Number(found)
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

const halfWay = (watcher: Watcher, run: string) =>
  watcher.event((event) => event.type === 'progress' && event.run === run && event.step > steps / 3)

/** Expects the picture that the same workflow gives when nothing disturbs it. */
async function expectUndisturbed(server: ServerProcess, id: string, seed: number): Promise<void> {
  const run = await server.ended(id)
  expect(run.state).toBe('done')
  const reference = await server.ended(await server.submit({ ...drawing(seed), fresh: true }))
  expect(pictureOf(desk, run).equals(pictureOf(desk, reference))).toBe(true)
}

describe('a run under way', () => {
  it('is begun again when its process is killed in the middle of a step', async () => {
    const server = await serverFor(desk)
    const watcher = await watch(server.port)
    const id = await server.submit(drawing(1))
    await halfWay(watcher, id)
    const victim = executorOf(server)
    process.kill(victim, 'SIGKILL')
    await watcher.event(({ type, ...event }) => {
      const { run } = event as { run?: { id: string; state: string; restarts: number } }
      return type === 'run' && run!.id === id && run!.state === 'waiting' && run!.restarts === 1
    })
    const { message } = (await watcher.event(({ type }) => type === 'notice')).event as {
      message: string
    }
    expect(message).toMatch(
      /the process of the device ended \(signal SIGKILL\); it is started again/,
    )
    const failed = watcher.events.flatMap(({ event }) =>
      event.type === 'node' && event.node === 'sampler' ? [event.status] : [],
    )
    expect(failed.at(-1)).toMatchObject({
      state: 'failed',
      error: expect.stringMatching(/at step/),
    })
    expect((await server.ask('GET', '/health')).status).toBe(200)
    await expectUndisturbed(server, id, 1)
    expect(await server.ended(id)).toMatchObject({ restarts: 1 })
    const { executors } = await server.call(systemInfo, 'GET', '/api/system')
    expect(executors).toMatchObject([{ state: 'idle', restarts: 1 }])
    expect(executorOf(server)).not.toBe(victim)
    expectNoGap(watcher, watcher.welcome.sequence)
    await server.stop()
  })

  it('leaves no process behind when the server is killed, and goes on in the next', async () => {
    const server = await serverFor(desk)
    const watcher = await watch(server.port)
    const id = await server.submit(drawing(4))
    await halfWay(watcher, id)
    const orphan = executorOf(server)
    await server.kill()
    await until(() => !isAlive(orphan), 'the executor has gone')
    const next = await serverFor(desk)
    await expectUndisturbed(next, id, 4)
    expect(await next.ended(id)).toMatchObject({ restarts: 1 })
    await next.stop()
  })

  it('is put back when the server is asked to stop, and goes on with the next server', async () => {
    const server = await serverFor(desk)
    const watcher = await watch(server.port)
    const id = await server.submit(drawing(5))
    const waiting = await server.submit(drawing(6))
    await halfWay(watcher, id)
    const closed = new Promise((resolve) => watcher.socket.once('close', resolve))
    const executor = executorOf(server)
    const { code, signal, stderr } = await server.stop()
    expect([code, signal]).toEqual([0, null])
    expect(stderr).toContain('stopping')
    expect(await closed).toBe(1001)
    expect(isAlive(executor)).toBe(false)
    const next = await serverFor(desk)
    await expectUndisturbed(next, id, 5)
    // It was not the run's fault.
    expect(await next.ended(id)).toMatchObject({ restarts: 0 })
    expect((await next.ended(waiting)).state).toBe('done')
    await next.stop()
  })
})
