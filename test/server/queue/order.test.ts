import { describe, expect, it } from 'vitest'
import { waitingRuns } from '../../../engine/server/queue/order.ts'
import type { RunStore } from '../../../engine/server/queue/types.ts'
import { seeded } from '../../support/seeded.ts'
import { temporaryFolder } from '../../support/temporary.ts'
import { endOf, openQueue, sum } from './support.ts'

/** The queue as a plain list that is searched from its start for everything. */
function slowQueue() {
  interface Entry {
    readonly id: string
    readonly client: string
    priority: number
    round: number
  }
  const list: Entry[] = []
  /** Round served last by priority, and last turn by priority and client. */
  const served = new Map<number, number>()
  const turns = new Map<string, number>()
  const openRound = ({ client, priority }: Entry) =>
    Math.max(served.get(priority) ?? 0, (turns.get(`${priority} ${client}`) ?? -1) + 1)
  const isBefore = (a: Entry, b: Entry) =>
    a.priority > b.priority || (a.priority === b.priority && a.round <= b.round)
  const insertLast = (entry: Entry) => {
    let index = 0
    while (index < list.length && isBefore(list[index]!, entry)) index++
    list.splice(index, 0, entry)
  }
  const back = (entry: Entry) => {
    const mine = list.filter((other) => {
      return other.client === entry.client && other.priority === entry.priority
    })
    entry.round = Math.max(openRound(entry), ...mine.map(({ round }) => round + 1))
    insertLast(entry)
  }
  const front = (entry: Entry) => {
    const index = list.findIndex(({ priority }) => priority === entry.priority)
    if (index < 0) {
      back(entry)
      return
    }
    entry.round = list[index]!.round
    list.splice(index, 0, entry)
  }
  const take = (id: string) =>
    list.splice(
      list.findIndex((entry) => entry.id === id),
      1,
    )[0]!
  return {
    ids: () => list.map(({ id }) => id),
    submit(id: string, client: string, priority: number, place: 'back' | 'front') {
      const entry = { id, client, priority, round: 0 }
      if (place === 'front') front(entry)
      else back(entry)
    },
    claim() {
      const entry = list.shift()!
      const { priority, client, round } = entry
      served.set(priority, Math.max(served.get(priority) ?? 0, round))
      const key = `${priority} ${client}`
      turns.set(key, Math.max(turns.get(key) ?? -1, round))
      return entry
    },
    cancel: (id: string) => void take(id),
    putBack: (entry: Entry) => front(entry),
    prioritise(id: string, priority: number) {
      const entry = take(id)
      entry.priority = priority
      back(entry)
    },
    place(id: string, place: number) {
      const entry = take(id)
      const same = list.filter(({ priority }) => priority === entry.priority)
      const before = list.filter(({ priority }) => priority > entry.priority).length
      const index = Math.min(same.length, Math.max(0, place - 1 - before))
      const neighbour = same[index - 1] ?? same[index]
      if (neighbour) entry.round = neighbour.round
      list.splice(before + index, 0, entry)
    },
  }
}

/** Runs that a store would serve, in order. */
function served(runs: RunStore, most = 1000): string[] {
  return runs.list({ state: 'waiting', limit: most }).map(({ id }) => id)
}

describe('the order of waiting runs', () => {
  it.each([1, 2, 3, 4, 5, 6])('is that of a plain list after any changes (%i)', (seed) => {
    const dice = seeded(seed)
    const folder = temporaryFolder()
    let queue = openQueue(folder)
    const model = slowQueue()
    const running: ReturnType<typeof model.claim>[] = []
    const some = () => dice.pick(model.ids())
    const steps: Record<string, () => void> = {
      submit() {
        const client = dice.pick(['ann', 'ben', 'cat'])
        const priority = dice.pick([0, 0, 0, 1, -5])
        const place = dice.pick(['back', 'back', 'back', 'front'] as const)
        const { run } = queue.runs.submit({ ...sum(), priority, place }, { client })
        model.submit(run.id, client, priority, place)
      },
      claim() {
        const claimed = queue.runs.claim('cpu')!
        const entry = model.claim()
        expect(claimed.info.id).toBe(entry.id)
        running.push(entry)
      },
      cancel() {
        const id = some()
        queue.runs.cancel(id)
        model.cancel(id)
      },
      prioritise() {
        const id = some()
        const priority = dice.pick([0, 1, -5])
        if (queue.runs.get(id)!.priority === priority) return
        queue.runs.change(id, { priority })
        model.prioritise(id, priority)
      },
      place() {
        const id = some()
        const place = 1 + dice.below(model.ids().length + 2)
        const { place: got } = queue.runs.change(id, { place })
        model.place(id, place)
        expect(got).toBe(model.ids().indexOf(id) + 1)
      },
      crash() {
        const entry = running.pop()
        if (!entry) return
        queue.runs.finish(entry.id, endOf('failed', { crashed: true }))
        if (queue.runs.get(entry.id)!.state === 'waiting') model.putBack(entry)
      },
      finish() {
        const entry = running.shift()
        if (entry) queue.runs.finish(entry.id, endOf('done'))
      },
      restart() {
        if (running.length > 0) return
        queue.close()
        queue = openQueue(folder)
        queue.runs.recover()
      },
    }
    const often = ['submit', 'submit', 'submit', 'place', 'place', ...Object.keys(steps)]
    for (let count = 0; count < 150; count++) {
      steps[model.ids().length === 0 ? 'submit' : dice.pick(often)]!()
      expect(served(queue.runs)).toEqual(model.ids())
    }
    const places = queue.runs.list({ limit: 500 }).filter(({ place }) => place !== undefined)
    for (const { id, place } of places) expect(place).toBe(model.ids().indexOf(id) + 1)
  })

  it('serves a client with a few runs in turn with one that has a hundred', () => {
    const { runs } = openQueue()
    for (let count = 0; count < 100; count++) runs.submit(sum(), { client: 'many' })
    for (let count = 0; count < 10; count++) runs.claim('cpu')
    for (let count = 0; count < 3; count++) runs.submit(sum(), { client: 'few' })
    const clients = Array.from({ length: 8 }, () => runs.claim('cpu')!.info.client)
    expect(clients).toEqual(['few', 'many', 'few', 'many', 'few', 'many', 'many', 'many'])
  })

  it('does not let a client be in debt for runs that it has cancelled', () => {
    const { runs } = openQueue()
    const ids = Array.from({ length: 20 }, () => runs.submit(sum(), { client: 'ann' }).run.id)
    for (const id of ids) runs.cancel(id)
    for (let count = 0; count < 3; count++) runs.submit(sum(), { client: 'ben' })
    expect(runs.submit(sum(), { client: 'ann' }).run.place).toBe(2)
  })

  it('serves a higher priority first, whoever has it', () => {
    const { runs } = openQueue()
    const low = runs.submit({ ...sum(), priority: -100 }, { client: 'a' }).run
    const high = runs.submit({ ...sum(), priority: 100 }, { client: 'a' }).run
    const middle = runs.submit(sum(), { client: 'b' }).run
    expect(served(runs)).toEqual([high.id, middle.id, low.id])
  })

  it('finds a place between two neighbours as often as is asked', () => {
    const { runs } = openQueue()
    const ids = [1, 2, 3].map((value) => {
      return runs.submit(sum(value), { client: `${value}` }).run.id
    })
    // Halving the distance each time would come to an end after some fifty.
    for (let count = 0; count < 130; count++) {
      const [first, second, third] = served(runs)
      runs.change(third!, { place: 2 })
      expect(served(runs)).toEqual([first, third, second])
    }
    expect(served(runs).sort()).toEqual(ids)
  })

  it('is read from an index, however many wait', () => {
    const { database } = openQueue()
    const planOf = (sql: string, ...values: (string | number)[]) => {
      const steps = database.query(`EXPLAIN QUERY PLAN ${sql}`).all(...values)
      return steps.map(({ detail }) => `${detail}`).join('; ')
    }
    const order = 'ORDER BY late, round, position LIMIT 1'
    // No sorting: a step "USE TEMP B-TREE" would follow.
    const first = planOf(`SELECT * FROM ${waitingRuns} ${order}`)
    expect(first).toMatch(/^SCAN runs USING INDEX runs_waiting$/)
    const ofPriority = planOf(`SELECT * FROM ${waitingRuns} AND late = ? ${order}`, 0)
    expect(ofPriority).toMatch(/^SEARCH runs USING INDEX runs_waiting \(late=\?\)$/)
    const range = '(late, round, position) > (?, ?, ?) AND (late, round, position) <= (?, ?, ?)'
    const counted = planOf(`SELECT count(*) FROM ${waitingRuns} AND ${range}`, 0, 0, 0, 1, 1, 1)
    expect(counted).toMatch(/^SEARCH runs USING COVERING INDEX runs_waiting \(/)
    const failed = planOf(`SELECT * FROM runs WHERE state = 'failed' ORDER BY number DESC`)
    expect(failed).toMatch(/^SEARCH runs USING INDEX runs_by_state \(state=\?\)$/)
  })
})
