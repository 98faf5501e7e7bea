import { readdirSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openValueKeeper, openValuePictures } from '../../engine/executor/value-pictures.ts'
import { temporaryFolder } from '../support/temporary.ts'

const bytes = (length: number) => new Uint8Array(length).fill(7)

describe('pictures of values', () => {
  it('are given back by run, node, output and number', async () => {
    const folder = temporaryFolder()
    expect(await openValueKeeper(folder, 1000).keep('r', 'n', 'image', [bytes(3), bytes(4)])).toBe(
      2,
    )
    const pictures = openValuePictures(folder)
    expect(await pictures.get('r', 'n', 'image', 1)).toHaveLength(4)
    expect(await pictures.get('r', 'n', 'image', 2)).toBeUndefined()
    expect(await pictures.get('r', 'n', 'mask', 0)).toBeUndefined()
    expect(await pictures.get('r', 'n', 'image', 0.5)).toBeUndefined()
  })

  it('are found under names of every kind, and none leads out of the folder', async () => {
    const folder = temporaryFolder({ 'secret.o.0.webp': 'secret', 'values/r/keep': '' })
    const values = join(folder, 'values')
    const keeper = openValueKeeper(values, 1000)
    const pictures = openValuePictures(values)
    for (const node of ['a/b', 'a.b', '..', '絵'.repeat(200), 'a\0b', '\ud800', 'CON*']) {
      expect(await keeper.keep('r', node, 'o', [bytes(node.length)])).toBe(1)
      expect(await pictures.get('r', node, 'o', 0)).toHaveLength(node.length)
    }
    expect(await pictures.get('..', 'secret', 'o', 0)).toBeUndefined()
    expect(await pictures.get('r/../..', 'secret', 'o', 0)).toBeUndefined()
    expect(readdirSync(folder).sort()).toEqual(['secret.o.0.webp', 'values'])
  })

  it('of the oldest runs go where all are more than the limit', async () => {
    const folder = temporaryFolder()
    const keeper = openValueKeeper(folder, 250)
    const pictures = openValuePictures(folder)
    for (const [index, run] of ['first', 'second', 'third'].entries()) {
      await keeper.keep(run, 'n', 'o', [bytes(100)])
      utimesSync(join(folder, run), index, index)
      await keeper.trim(run)
    }
    expect(await pictures.get('first', 'n', 'o', 0)).toBeUndefined()
    expect(await pictures.get('second', 'n', 'o', 0)).toHaveLength(100)
    await keeper.keep('large', 'n', 'o', [bytes(1000)])
    await keeper.trim('large')
    expect(readdirSync(folder)).toEqual(['large'])
  })

  it('are left out where they cannot be written', async () => {
    const folder = temporaryFolder({ file: 'in the way' })
    expect(await openValueKeeper(join(folder, 'file'), 100).keep('r', 'n', 'o', [bytes(1)])).toBe(0)
  })
})
