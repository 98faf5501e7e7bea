import { readdirSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { trimFolder } from '../../../engine/server/library/thumbnails.ts'
import { temporaryFolder } from '../../support/temporary.ts'

it('the oldest small pictures go where there are too many', async () => {
  const names = ['aa/1.webp', 'bb/2.webp', 'aa/3.webp']
  const folder = temporaryFolder(Object.fromEntries(names.map((name) => [name, 'x'.repeat(100)])))
  for (const [age, name] of names.entries()) utimesSync(join(folder, name), 1000, 2000 - age)
  const left = () =>
    readdirSync(folder, { recursive: true }).filter((one) => `${one}`.includes('.'))
  await trimFolder(folder, 300)
  expect(left()).toHaveLength(3)
  await trimFolder(folder, 250)
  expect(left().sort()).toEqual(['aa/1.webp', 'bb/2.webp'])
  await trimFolder(join(folder, 'none'), 0)
})
