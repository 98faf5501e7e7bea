import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { openDatabase } from '../../../engine/server/queue/database.ts'
import { openJournal } from '../../../engine/server/queue/journal.ts'
import { temporaryFolder } from '../../support/temporary.ts'

function openOne(most?: number) {
  const database = openDatabase(join(temporaryFolder(), 'mazeru.db'))
  onTestFinished(() => database.close())
  let time = 0
  const clock = () => ++time
  return { database, journal: openJournal({ database, clock, ...(most ? { most } : {}) }) }
}

const notice = (index: number) => ({ type: 'notice', message: `${index}` }) as const

describe('the journal', () => {
  it('numbers events without gaps and gives those after any number', () => {
    const { journal } = openOne()
    expect(journal.sequence).toBe(0)
    expect(journal.after(0, 10)).toEqual([])
    for (let index = 1; index <= 5; index++) expect(journal.add(notice(index))).toBe(index)
    expect(journal.after(3, 10)).toEqual([
      { sequence: 4, time: 4, event: notice(4) },
      { sequence: 5, time: 5, event: notice(5) },
    ])
    expect(journal.after(1, 2)!.map(({ sequence }) => sequence)).toEqual([2, 3])
    expect(journal.after(5, 10)).toEqual([])
  })

  it('says so where events are gone or the number is of another journal', () => {
    const { journal } = openOne(4)
    for (let index = 1; index <= 11; index++) journal.add(notice(index))
    expect(journal.after(7, 10)!.map(({ event }) => event)).toEqual([8, 9, 10, 11].map(notice))
    expect(journal.after(6, 10)).toBeUndefined()
    expect(journal.after(0, 10)).toBeUndefined()
    expect(journal.after(12, 10)).toBeUndefined()
    expect(journal.after(-1, 10)).toBeUndefined()
    expect(journal.after(Number.NaN, 10)).toBeUndefined()
  })

  it('lets a reader that falls behind by any number catch up in pieces', () => {
    const { journal } = openOne(100)
    const seen: number[] = []
    for (let index = 1; index <= 250; index++) {
      journal.add(notice(index))
      if (index % 90 !== 0) continue
      for (const { sequence } of journal.after(seen.length, 1000)!) seen.push(sequence)
    }
    expect(seen).toEqual(Array.from({ length: 180 }, (_, index) => index + 1))
  })

  it('tells its followers until they leave', () => {
    const { journal } = openOne()
    const told: string[] = []
    const tell = () => void told.push('a')
    const offs = [journal.follow(tell), journal.follow(tell), journal.follow(() => told.push('b'))]
    journal.add(notice(1))
    offs[0]!()
    journal.add(notice(2))
    offs[1]!()
    offs[2]!()
    journal.add(notice(3))
    expect(told.join('')).toBe('aabab')
  })

  it('has another epoch each time it is opened', () => {
    const { database, journal } = openOne()
    const again = openJournal({ database, clock: () => 0 })
    expect(again.epoch).toMatch(/^[0-9a-f]{16}$/)
    expect(again.epoch).not.toBe(journal.epoch)
  })
})
