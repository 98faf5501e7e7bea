import { describe, expect, it } from 'vitest'
import { WorkflowError } from '../../../engine/errors.ts'
import { endOf, eventsOf, openQueue, sum, until } from './support.ts'

const ann = { client: 'ann' }

describe('a run store', () => {
  it('gives the same run for the same key of a client, and another to another client', () => {
    const { runs } = openQueue()
    const first = runs.submit(sum(), { client: 'ann', key: 'k1' })
    expect(first.isNew).toBe(true)
    const again = runs.submit(sum(), { client: 'ann', key: 'k1' })
    expect(again).toEqual({ run: first.run, isNew: false })
    expect(runs.submit(sum(), { client: 'ben', key: 'k1' }).run.id).not.toBe(first.run.id)
    expect(runs.submit(sum(), { client: 'ann' }).isNew).toBe(true)
    expect(runs.queue.waiting).toBe(3)
  })

  it('binds inputs and settings when a run is submitted', () => {
    const { runs } = openQueue()
    runs.submit({ ...sum(), inputs: { first: 40 }, settings: { 'b.value': '5' } }, ann)
    const { workflow } = runs.claim('cpu')!.request as never as { workflow: Workflow }
    expect(workflow.nodes.a!.params).toEqual({ value: 40 })
    expect(workflow.nodes.b!.params).toEqual({ value: 5 })
  })

  it('refuses what cannot be bound with a sentence, and keeps nothing of it', () => {
    const { runs, journal } = openQueue()
    const refuse = (submission: object, message: string) => {
      const submit = () => runs.submit({ ...sum(), ...submission }, ann)
      expect(submit).toThrow(WorkflowError)
      expect(submit).toThrow(message)
    }
    refuse({ inputs: { frist: 1 } }, 'input frist: no such input, expected first')
    refuse({ settings: { 'c.value': 1 } }, 'c.value: no node "c", expected a, b, add')
    refuse({ settings: { 'a.value': 1e9 } }, 'a: value is 1000000000, expected -1000 to 1000')
    refuse({ workflow: { version: 1 } }, 'workflow: nodes: missing, expected an object')
    refuse({ webhook: { url: 'file:///etc' } }, 'webhook: address begins with file:, expected http')
    const own = 'webhook: 192.168.0.7 is in a private network, a public one expected; start'
    refuse({ webhook: { url: 'http://192.168.0.7/hook' } }, own)
    refuse({ webhook: { url: 'here' } }, 'webhook: "here" is no address, expected http or https')
    expect(runs.list({})).toEqual([])
    expect(journal.sequence).toBe(0)
  })

  it('keeps runs, statuses, results and the pause over a restart', () => {
    const first = openQueue()
    const { id } = first.runs.submit({ ...sum(), document: 'sums', outputs: ['sum'] }, ann).run
    first.runs.claim('cpu')
    const status = { state: 'done', seconds: 1 } as const
    first.runs.note({ type: 'node', run: id, node: 'add', status })
    first.runs.note({ type: 'metric', run: id, node: 'add', name: 'step', values: { loss: 2 } })
    const results = { sum: { type: 'number', value: 3 } }
    first.runs.finish(id, endOf('done', { nodes: { add: status }, results }))
    first.runs.submit(sum(), ann)
    first.runs.pause(true)
    first.close()
    const { runs } = openQueue(first.folder)
    expect(runs.queue).toEqual({ paused: true, waiting: 1, running: [] })
    expect(runs.claim('cpu')).toBeUndefined()
    const metrics = { step: { loss: 2 } }
    expect(runs.detail(id)).toMatchObject({
      ...{ id, state: 'done', document: 'sums', client: 'ann', outputs: ['sum'], results },
      nodeStatus: { add: { ...status, metrics } },
      nodes: { all: 1, settled: 1 },
    })
    runs.pause(false)
    expect(runs.claim('cpu')).toBeDefined()
  })

  it('writes what nodes tell in batches, and shows it at once', async () => {
    const { runs, database, journal } = openQueue()
    const { id } = runs.submit(sum(), ann).run
    runs.claim('cpu')
    const written = () => database.query('SELECT count(*) AS all_of FROM node_statuses').get()
    const status = { state: 'running' } as const
    runs.note({ type: 'node', run: id, node: 'add', status })
    runs.note({ type: 'progress', run: id, node: 'add', step: 2, steps: 5, secondsLeft: 3 })
    runs.note({ type: 'node', run: id, node: 'a', status: { state: 'done', seconds: 0 } })
    expect(written()).toEqual({ all_of: 0 })
    expect(runs.detail(id)!.nodeStatus).toEqual({
      add: { state: 'running', step: 2, steps: 5, secondsLeft: 3 },
      a: { state: 'done', seconds: 0 },
    })
    expect(runs.snapshot().nodes[id]).toEqual(runs.detail(id)!.nodeStatus)
    await until(() => written()!.all_of === 2)
    expect(runs.get(id)!.nodes).toEqual({ all: 2, settled: 1 })
    expect(eventsOf(journal)).toContainEqual({ type: 'run', run: runs.get(id) })
  })

  it('settles every node of a run that has ended', () => {
    const { runs } = openQueue()
    const { id } = runs.submit(sum(), ann).run
    runs.claim('cpu')
    runs.note({ type: 'node', run: id, node: 'a', status: { state: 'running' } })
    runs.note({ type: 'node', run: id, node: 'b', status: { state: 'waiting' } })
    runs.finish(id, endOf('failed', { error: 'a: no memory' }))
    expect(runs.detail(id)).toMatchObject({
      ...{ state: 'failed', error: 'a: no memory' },
      nodeStatus: { a: { state: 'failed', error: 'a: no memory' }, b: { state: 'cancelled' } },
    })
    // What comes late is not heard.
    runs.note({ type: 'node', run: id, node: 'a', status: { state: 'done' } })
    expect(runs.detail(id)!.nodeStatus.a!.state).toBe('failed')
  })

  it('changes a waiting run, and no other', () => {
    const { runs } = openQueue()
    const { id } = runs.submit(sum(), ann).run
    runs.submit(sum(), ann)
    runs.change(id, { settings: { 'a.value': 9 } })
    expect(runs.change(id, { priority: -1 })).toMatchObject({ priority: -1, place: 2 })
    expect(() => runs.change(id, { settings: { 'a.value': 'x' } })).toThrow('a: value is "x"')
    expect(() => runs.change('none', {})).toThrow('run none: no such run, expected one of the list')
    runs.claim('cpu')
    const claimed = runs.claim('cpu')!
    expect(claimed.info.id).toBe(id)
    expect(claimed.request.workflow).toMatchObject({ nodes: { a: { params: { value: 9 } } } })
    expect(() => runs.change(id, { priority: 1 })).toThrow(
      `run ${id}: it is running, expected wait`,
    )
  })

  it('ends a waiting run at once, and notes the wish for a running one', () => {
    const { runs } = openQueue()
    const wishes: string[] = []
    runs.onCancel((id) => wishes.push(id))
    const waiting = runs.submit(sum(), ann).run.id
    expect(runs.cancel(waiting)).toMatchObject({ state: 'cancelled' })
    const running = runs.submit(sum(), ann).run.id
    runs.claim('cpu')
    expect(runs.cancel(running)).toMatchObject({ state: 'running' })
    expect(wishes).toEqual([running])
    // Its process dies before it heard of the wish.
    runs.finish(running, endOf('failed', { crashed: true }))
    expect(runs.get(running)).toMatchObject({ state: 'cancelled', restarts: 0 })
    expect(runs.cancel('none')).toBeUndefined()
    expect(runs.cancel(running)).toMatchObject({ state: 'cancelled' })
  })

  it('runs a failed run again, mended, with what was set while it ran', () => {
    const { runs } = openQueue()
    const { id } = runs.submit({ ...sum(), document: 'sums', priority: 3 }, ann).run
    expect(() => runs.retry(id, { from: 'failed' }, 'ann')).toThrow('it is waiting, expected done')
    runs.claim('cpu')
    runs.finish(id, endOf('failed', { error: 'no', changes: { 'a.value': 8 } }))
    const again = runs.retry(id, { from: 'failed' }, 'ben')
    expect(again).toMatchObject({ retryOf: id, document: 'sums', priority: 3, client: 'ben' })
    const { request } = runs.claim('cpu')!
    expect(request).toMatchObject({
      fresh: false,
      workflow: { nodes: { a: { params: { value: 8 } } } },
    })
    const { workflow } = sum(100)
    runs.retry(id, { from: 'start', workflow }, 'ann')
    const mended = runs.claim('cpu')!.request
    expect(mended).toMatchObject({
      fresh: true,
      workflow: { nodes: { a: { params: { value: 100 } } } },
    })
    expect(runs.get(id)).toMatchObject({ state: 'failed' })
  })

  it('removes an ended run and its key, and refuses to remove one that is not', () => {
    const { runs, journal } = openQueue()
    const { id } = runs.submit(sum(), { client: 'ann', key: 'k' }).run
    expect(() => runs.remove(id)).toThrow(
      'it is waiting, expected done, failed, cancelled; cancel it',
    )
    runs.cancel(id)
    expect(runs.remove(id)).toBe(true)
    expect(runs.remove(id)).toBe(false)
    expect(runs.detail(id)).toBeUndefined()
    expect(eventsOf(journal)).toContainEqual({ type: 'run-removed', id })
    const next = runs.submit(sum(), { client: 'ann', key: 'k' })
    expect(next.isNew).toBe(true)
    expect(next.run.id).not.toBe(id)
  })

  it('lists by state, document, client, time and text, in pages', () => {
    const { runs } = openQueue()
    const ids = Array.from({ length: 12 }, (_, index) => {
      const document = index % 2 ? 'Odd cats' : 'even dogs'
      return runs.submit({ ...sum(index), document }, { client: index < 6 ? 'ann' : 'ben' }).run.id
    })
    for (const id of ids.slice(0, 3)) runs.cancel(id)
    const first = runs.claim('cpu')!.info.id
    runs.finish(first, endOf('failed', { error: 'add: Keine Zahl mehr' }))
    const listed = (filter: object) => runs.list(filter).map(({ id }) => id)
    expect(listed({})).toEqual([...ids].reverse())
    expect(listed({ state: 'cancelled' })).toEqual([ids[2], ids[1], ids[0]])
    expect(listed({ state: 'cancelled,failed' }).sort()).toEqual([...ids.slice(0, 3), first].sort())
    expect(listed({ document: 'Odd cats', client: 'ben' })).toEqual([ids[11], ids[9], ids[7]])
    expect(listed({ text: 'odd C', limit: 2 })).toEqual([ids[11], ids[9]])
    expect(listed({ text: 'keine zahl' })).toEqual([first])
    expect(listed({ text: 'ADD' }).length).toBe(12)
    expect(listed({ text: '%' })).toEqual([])
    const { created } = runs.get(ids[4]!)!
    expect(listed({ since: created, until: created })).toEqual([ids[4]])
    const paged: string[] = []
    for (let before: object = {}; ; before = { before: paged.at(-1) }) {
      const page = listed({ limit: 5, ...before })
      if (page.length === 0) break
      paged.push(...page)
    }
    expect(paged).toEqual([...ids].reverse())
    expect(() => runs.list({ before: 'gone' })).toThrow('run gone: no such run')
  })

  it('lists waiting runs in the order in which they will be served', () => {
    const { runs } = openQueue()
    for (let index = 0; index < 9; index++) {
      runs.submit({ ...sum(), priority: index % 3 }, { client: `${index % 2}` })
    }
    const queue = runs.list({ state: 'waiting' })
    expect(queue.map(({ place }) => place)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9])
    const rest = runs.list({ state: 'waiting', before: queue[3]!.id })
    expect(rest).toEqual(queue.slice(4))
    expect(queue.map(() => runs.claim('cpu')!.info.id)).toEqual(queue.map(({ id }) => id))
  })

  it('ends the former live run of a client with the next, and keeps none in the history', () => {
    const { runs } = openQueue()
    const wishes: string[] = []
    runs.onCancel((id) => wishes.push(id))
    for (let count = 0; count < 3; count++) runs.submit(sum(), ann)
    const live = () => runs.submit({ ...sum(), live: true }, ann).run
    const first = live()
    // It does not wait for what its own client has in the queue.
    expect(first).toMatchObject({ live: true, place: 2 })
    const second = live()
    expect(runs.get(first.id)).toBeUndefined()
    runs.claim('cpu')
    expect(runs.claim('cpu')!.request).toMatchObject({ run: second.id, live: true })
    const third = live()
    expect(wishes).toEqual([second.id])
    runs.finish(second.id, endOf('cancelled'))
    expect(runs.list({}).some(({ id }) => id === second.id)).toBe(false)
    expect(runs.list({}).some(({ id }) => id === third.id)).toBe(true)
    const other = runs.submit({ ...sum(), live: true }, { client: 'ben' }).run
    expect(runs.get(third.id)).toMatchObject({ state: 'waiting' })
    expect(runs.get(other.id)).toMatchObject({ state: 'waiting' })
  })

  it('notes saved pictures with the run that made them', () => {
    const { runs, journal } = openQueue()
    const { id } = runs.submit({ ...sum(), document: 'cats' }, ann).run
    runs.claim('cpu')
    const files = Array.from({ length: 10 }, (_, index) => `day/cat-${index}.png`)
    for (const file of files) runs.note({ type: 'saved', run: id, node: 'save', files: [file] })
    expect(runs.get(id)!.pictures).toEqual(files.slice(-8))
    expect(runs.runOfPicture(files[0]!)).toMatchObject({ run: id, node: 'save', document: 'cats' })
    expect(runs.runOfPicture('other.png')).toBeUndefined()
    const names = (filter: object) => runs.pictures(filter).map(({ file }) => file)
    expect(names({ limit: 3 })).toEqual([files[9], files[8], files[7]])
    expect(names({ limit: 3, before: files[7] })).toEqual([files[6], files[5], files[4]])
    expect(names({ text: 'CAT-4' })).toEqual([files[4]])
    expect(names({ run: 'none' })).toEqual([])
    runs.forgetPicture(files[9]!)
    expect(names({ run: id }).length).toBe(9)
    expect(eventsOf(journal)).toContainEqual({ type: 'run', run: runs.get(id) })
    const again = runs.submit(sum(), ann).run.id
    runs.claim('cpu')
    runs.note({ type: 'node', run: again, node: 'save', status: { state: 'cached' } })
    runs.note({ type: 'saved', run: again, node: 'save', files: [files[0]!] })
    expect(runs.get(again)!.pictures).toEqual([files[0]])
    expect(runs.runOfPicture(files[0]!)).toMatchObject({ run: id })
  })

  it('puts running runs of a dead server to the front, the earliest first', () => {
    const first = openQueue()
    const ids = Array.from({ length: 5 }, () => first.runs.submit(sum(), ann).run.id)
    const begun = [first.runs.claim('a')!, first.runs.claim('b')!].map(({ info }) => info.id)
    const cancelled = first.runs.claim('c')!.info.id
    first.runs.cancel(cancelled)
    const live = first.runs.submit({ ...sum(), live: true }, ann).run.id
    first.close()
    const { runs } = openQueue(first.folder)
    expect(runs.recover().map(({ id, restarts }) => [id, restarts])).toEqual([
      [begun[0], 1],
      [begun[1], 1],
    ])
    expect(runs.get(cancelled)).toMatchObject({ state: 'cancelled' })
    expect(runs.get(live)).toBeUndefined()
    expect(runs.list({ state: 'waiting' }).map(({ id }) => id)).toEqual([...begun, ...ids.slice(3)])
    expect(runs.queue.running).toEqual([])
  })

  it('fails a run whose process died more than three times', () => {
    const { runs } = openQueue()
    const { id } = runs.submit(sum(), ann).run
    const error = 'process ended by SIGSEGV in add'
    for (let restarts = 1; restarts <= 3; restarts++) {
      runs.claim('cpu')
      runs.finish(id, endOf('failed', { crashed: true, error }))
      expect(runs.get(id)).toMatchObject({ state: 'waiting', restarts })
    }
    runs.claim('cpu')
    runs.finish(id, endOf('failed', { crashed: true, error }))
    expect(runs.get(id)).toMatchObject({
      state: 'failed',
      error: `run: its process died 4 times, expected it to end; the last time: ${error}`,
    })
  })

  it('does not count it as a crash when a server lets a run go', () => {
    const { runs } = openQueue()
    const { id } = runs.submit(sum(), ann).run
    for (let count = 0; count < 9; count++) {
      runs.claim('cpu')
      runs.release(id)
    }
    expect(runs.get(id)).toMatchObject({ state: 'waiting', restarts: 0, place: 1 })
  })

  it('tells the journal of every change once it is on disk', () => {
    const { runs, journal } = openQueue()
    const { run } = runs.submit(sum(), ann)
    const queue = { paused: false, waiting: 1, running: [] }
    expect(eventsOf(journal)).toEqual([
      { type: 'run', run },
      { type: 'queue', queue },
    ])
    runs.pause(true)
    runs.pause(true)
    expect(eventsOf(journal, 2)).toEqual([{ type: 'queue', queue: { ...queue, paused: true } }])
  })
})

interface Workflow {
  readonly nodes: Readonly<Record<string, { readonly params?: object }>>
}
