import { readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

const folder = `${import.meta.dirname}/../../../editor/words`
interface Table {
  readonly en: Record<string, string>
  readonly ja: Record<string, string>
}
const modules = await Promise.all(
  readdirSync(folder).map(
    (file) => import(`${folder}/${file}`) as Promise<Record<string, unknown>>,
  ),
)
const tables = modules.flatMap(Object.entries).filter(([name]) => name.endsWith('Words')) as [
  string,
  Table,
][]
const blanks = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map(([blank]) => blank).sort()

describe('the tables of words', () => {
  it('are found', () => expect(tables.length).toBeGreaterThan(3))

  for (const [name, { en, ja }] of tables.filter(([, table]) => table && 'en' in table)) {
    it(`put the same values into both languages: ${name}`, () => {
      const uneven = Object.keys(en).filter(
        (key) => String(blanks(en[key] ?? '')) !== String(blanks(ja[key] ?? '')),
      )
      expect(uneven).toEqual([])
      expect(Object.values(ja).filter((text) => text.trim() === '')).toEqual([])
    })
  }
})
