import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { Executor } from '../../../engine/executor/types.ts'
import type { ServerEvent, Submission } from '../../../engine/protocol/index.ts'
import { startDispatcher } from '../../../engine/server/queue/dispatcher.ts'
import { createCache } from '../../../engine/workflow/index.ts'
import { smallDisk } from '../../support/temporary.ts'
import { type PlainExecutor, plainExecutor } from './plain-executor.ts'
import { catalogue, eventsOf, openQueue, sum, until, waiting } from './support.ts'

const ann = { client: 'ann' }

interface Options {
  readonly count?: number
  readonly folder?: string
  readonly others?: readonly Executor[]
}

/** A queue with executors of this process that share the results of earlier runs. */
function openAll({ count = 1, folder, others = [] }: Options = {}) {
  const queue = openQueue(folder)
  const cache = createCache({ bytes: 2 ** 20 })
  const executors = Array.from({ length: count }, (_, index) => {
    return plainExecutor(`cpu ${index}`, { catalogue, cache })
  })
  const dispatcher = startDispatcher({
    ...{ runs: queue.runs, journal: queue.journal, onPreview: () => undefined },
    executors: [...others, ...executors],
    patience: 5,
  })
  onTestFinished(() => dispatcher.stop())
  const ended = (id: string) =>
    until(() => !['waiting', 'running'].includes(queue.runs.get(id)!.state), `end of ${id}`)
  const submit = (submission: Submission) => queue.runs.submit(submission, ann).run.id
  return { ...queue, executors: executors as PlainExecutor[], dispatcher, ended, submit }
}

function ofType<Type extends ServerEvent['type']>(events: readonly ServerEvent[], type: Type) {
  return events.filter((event) => event.type === type) as Extract<ServerEvent, { type: Type }>[]
}

describe('the dispatcher', () => {
  it('runs what is submitted and tells of it', async () => {
    const { runs, journal, dispatcher, ended, submit } = openAll()
    const id = submit(sum(4, 5))
    await ended(id)
    expect(runs.detail(id)).toMatchObject({
      ...{ state: 'done', nodes: { all: 3, settled: 3 } },
      results: { sum: { type: 'number', value: 9 } },
      nodeStatus: { a: { state: 'done' }, b: { state: 'done' }, add: { state: 'done' } },
    })
    const events = eventsOf(journal)
    const states = ofType(events, 'node').map(({ node, status }) => `${node} ${status.state}`)
    expect(states.slice(0, 3)).toEqual(['a waiting', 'b waiting', 'add waiting'])
    expect(states.slice(-2)).toEqual(['add running', 'add done'])
    expect(ofType(events, 'output')).toMatchObject([{ run: id, name: 'sum', value: { value: 9 } }])
    expect(ofType(events, 'run').at(-1)).toEqual({ type: 'run', run: runs.get(id) })
    expect(ofType(events, 'queue').at(-1)!.queue).toEqual({
      paused: false,
      waiting: 0,
      running: [],
    })
    expect(dispatcher.counts()).toMatchObject({ started: 1, done: 1, failed: 0, nodesRun: 3 })
  })

  it('tells of steps, and gives a failed run its sentence', async () => {
    const { runs, journal, dispatcher, ended, submit } = openAll()
    const slow = submit(waiting(4))
    const nodes = {
      a: { type: 'number' },
      fail: { type: 'fail', inputs: { value: 'a.value' } },
      add: { type: 'add', inputs: { a: 'fail.value' } },
    }
    const failing = submit({ workflow: { version: 1, outputs: { sum: 'add.sum' }, nodes } })
    await ended(failing)
    const steps = ofType(eventsOf(journal), 'progress').filter(({ run }) => run === slow)
    expect(steps.map(({ step, steps: all }) => `${step}/${all}`)).toEqual([
      '1/4',
      '2/4',
      '3/4',
      '4/4',
    ])
    const error = 'fail: memory: 3 GB needed, 2 GB free; try a smaller picture'
    expect(runs.detail(failing)).toMatchObject({
      ...{ state: 'failed', error },
      nodeStatus: { fail: { state: 'failed', error }, add: { state: 'skipped', because: 'fail' } },
    })
    expect(dispatcher.counts()).toMatchObject({ started: 2, done: 1, failed: 1, nodesFailed: 1 })
  })

  it('keeps all executors at work, each with one run', async () => {
    const { runs, executors, ended, submit } = openAll({ count: 3 })
    const ids = Array.from({ length: 9 }, () => submit(waiting(3)))
    await until(() => runs.queue.running.length === 3, 'three at once')
    for (const id of ids) await ended(id)
    expect(executors.flatMap(({ begun }) => begun).sort()).toEqual([...ids].sort())
    for (const { begun } of executors) expect(begun.length).toBeGreaterThan(0)
  })

  it('begins a run again whose process died, and uses what was finished', async () => {
    const { runs, journal, executors, dispatcher, ended, submit } = openAll()
    const id = submit({ ...waiting(8), outputs: ['value'] })
    const next = submit(sum())
    await until(() => runs.detail(id)!.nodeStatus.wait?.step === 3, 'the third step')
    executors[0]!.die()
    await until(() => runs.get(id)!.restarts === 1, 'the restart')
    await ended(next)
    expect(runs.detail(id)).toMatchObject({
      ...{ state: 'done', restarts: 1, results: { value: { value: 7 } } },
      nodeStatus: { wait: { state: 'done' } },
    })
    // It went before the one that waited, and its first node came from the cache.
    expect(executors[0]!.begun).toEqual([id, id, next])
    const a = ofType(eventsOf(journal), 'node').filter(
      ({ run, node }) => run === id && node === 'a',
    )
    expect(a.filter(({ status }) => status.state === 'running').length).toBe(1)
    expect(dispatcher.counts()).toMatchObject({ started: 3, crashed: 1, done: 2 })
  })

  it('gives up a run whose process dies each time, and goes on with the next', async () => {
    const { runs, executors, dispatcher, ended, submit } = openAll()
    const bad = submit(waiting(1000))
    const good = submit(sum())
    for (let crash = 1; crash <= 4; crash++) {
      await until(() => runs.detail(bad)!.nodeStatus.wait?.step !== undefined, `try ${crash}`)
      executors[0]!.die()
      await until(() => dispatcher.counts().crashed === crash, `crash ${crash}`)
    }
    await ended(good)
    const error =
      'run: its process died 4 times, expected it to end; the last time: process ended by'
    expect(runs.get(bad)).toMatchObject({ state: 'failed', error: `${error} SIGKILL` })
    expect(runs.detail(bad)!.nodeStatus.wait!.state).toBe('failed')
    expect(runs.get(good)!.state).toBe('done')
  })

  it('cancels what runs, by the store or by itself', async () => {
    const { runs, dispatcher, ended, submit } = openAll()
    for (const cancel of [runs.cancel, dispatcher.cancel]) {
      const id = submit(waiting(1000))
      await until(() => runs.detail(id)!.nodeStatus.wait?.step !== undefined, 'a step')
      cancel(id)
      await ended(id)
      expect(runs.get(id)).toMatchObject({ state: 'cancelled' })
    }
    expect(dispatcher.counts()).toMatchObject({ cancelled: 2 })
  })

  it('ends a live run for the next one of its client', async () => {
    const { runs, ended, submit } = openAll()
    const first = submit({ ...waiting(1000), live: true })
    await until(() => runs.get(first)!.state === 'running', 'the start')
    const second = submit({ ...sum(), live: true })
    await ended(second)
    expect(runs.get(second)!.state).toBe('done')
    expect(runs.list({})).toEqual([])
  })

  it('hands a new value to the running run, and keeps it for the next try', async () => {
    const { runs, dispatcher, ended, submit } = openAll()
    const id = submit(waiting(20))
    await until(() => runs.get(id)!.state === 'running', 'the start')
    await expect(dispatcher.set(id, 'wait', 'steps', 2)).resolves.toEqual({ applied: 'now' })
    await expect(dispatcher.set(id, 'wait', 'steps', 'x')).rejects.toThrow('wait: steps is "x"')
    await ended(id)
    await expect(dispatcher.set(id, 'wait', 'steps', 2)).rejects.toThrow(
      `run ${id}: it is not running, expected one that is`,
    )
    const again = runs.retry(id, { from: 'failed' }, 'ann')
    expect(runs.detail(again.id)!.workflow).toMatchObject({
      nodes: { wait: { params: { steps: 2 } } },
    })
  })

  it('begins nothing while the queue is paused', async () => {
    const { runs, executors, ended, submit } = openAll()
    runs.pause(true)
    const id = submit(sum())
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(executors[0]!.begun).toEqual([])
    runs.pause(false)
    await ended(id)
    expect(runs.get(id)!.state).toBe('done')
  })

  it('gives a run back when it is stopped, and the next server ends it', async () => {
    const first = openAll()
    const id = first.submit(waiting(30))
    await until(() => first.runs.get(id)!.state === 'running', 'the start')
    await first.dispatcher.stop()
    await first.executors[0]!.stop()
    expect(first.runs.get(id)).toMatchObject({ state: 'waiting', restarts: 0 })
    first.close()
    const second = openAll({ folder: first.folder })
    expect(second.runs.recover()).toEqual([])
    await second.ended(id)
    expect(second.runs.get(id)).toMatchObject({ state: 'done', restarts: 0 })
  })

  it('leaves an executor alone that is being started, while another can work', async () => {
    const { executors, ended, submit } = openAll({ others: [neverReady] })
    const ids = Array.from({ length: 4 }, () => submit(waiting(2)))
    for (const id of ids) await ended(id)
    expect(executors[0]!.begun).toEqual(ids)
  })

  it('gives a run the sentence of an executor that cannot start it', async () => {
    const { runs, ended, submit } = openAll({ count: 0, others: [neverReady] })
    const id = submit(sum())
    await ended(id)
    const error = 'the process of the device does not start: no driver'
    expect(runs.get(id)).toMatchObject({ state: 'failed', error })
  })

  it('keeps the end of a run until there is room on the disk to write it down', async (test) => {
    const folder = smallDisk(4 * 2 ** 20)
    if (!folder) return test.skip()
    const { runs, ended, submit, close, dispatcher } = openAll({ folder })
    const id = submit(waiting(10))
    await until(() => runs.detail(id)!.nodeStatus.wait?.step !== undefined, 'a step')
    const filler = join(folder, 'filler')
    expect(() => writeFileSync(filler, new Uint8Array(8 * 2 ** 20))).toThrow('ENOSPC')
    await until(() => runs.detail(id)!.nodeStatus.wait?.state === 'done', 'its last node')
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(runs.get(id)!.state).toBe('running')
    rmSync(filler)
    await ended(id)
    expect(runs.detail(id)).toMatchObject({ state: 'done', results: { value: { value: 7 } } })
    await dispatcher.stop()
    close()
  })
})

/** The executor of a device that is broken. */
const neverReady: Executor = {
  ...{ name: 'broken', state: 'restarting', restarts: 5, pid: undefined, run: undefined },
  start() {
    throw new Error('the process of the device does not start: no driver')
  },
  stop: async () => undefined,
}
