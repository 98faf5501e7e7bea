import { expect, it } from 'vitest'
import { endOf, eventsOf, openQueue, sum } from './support.ts'

const ann = { client: 'ann' }

it('the history keeps the runs that ended last, and all that wait', () => {
  const { folder, runs, close } = openQueue()
  const ids = Array.from({ length: 5 }, () => runs.submit(sum(), ann).run.id)
  for (const id of ids.slice(0, 4)) {
    runs.claim('cpu')
    runs.finish(id, endOf('done'))
  }
  close()
  const next = openQueue(folder, { kept: { runs: 2, keys: 1e12 } })
  next.runs.recover()
  expect(next.runs.list({}).map(({ id }) => id)).toEqual([ids[4], ids[3], ids[2]])
  const removed = eventsOf(next.journal).filter(({ type }) => type === 'run-removed')
  expect(removed).toEqual([ids[1], ids[0]].map((id) => ({ type: 'run-removed', id })))
})

it('a key of long ago gives a new run, and its run stays', () => {
  const { folder, runs, close } = openQueue()
  const { id } = runs.submit(sum(), { ...ann, key: 'k' }).run
  close()
  const soon = openQueue(folder, { kept: { runs: 10, keys: 1e12 } })
  soon.runs.recover()
  expect(soon.runs.submit(sum(), { ...ann, key: 'k' })).toMatchObject({ isNew: false, run: { id } })
  soon.close()
  const late = openQueue(folder, { kept: { runs: 10, keys: -1000 } })
  late.runs.recover()
  expect(late.runs.submit(sum(), { ...ann, key: 'k' }).isNew).toBe(true)
  expect(late.runs.get(id)).toBeDefined()
})
