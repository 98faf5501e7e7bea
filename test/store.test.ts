import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openStore } from '../engine/store.ts'
import { seeded } from './support/seeded.ts'
import { smallDisk, temporaryFolder } from './support/temporary.ts'

const key = (i: number) => i.toString(16).padStart(64, '0')
const bytes = (length: number) => seeded(length).bytes(length)
const entryOf = (folder: string, i: number) => join(folder, 'entries', key(i).slice(0, 2), key(i))
const stored = (folder: string) =>
  readdirSync(join(folder, 'entries'), { recursive: true, withFileTypes: true }).filter((e) =>
    e.isFile(),
  )

describe('the store', () => {
  it('gives back what was put, in another process too', async () => {
    const folder = temporaryFolder()
    const store = openStore({ folder, maxBytes: 1e6 })
    expect(await store.get(key(1))).toBeUndefined()
    for (const length of [0, 1, 1000]) {
      await store.put(key(1), bytes(length))
      const again = openStore({ folder, maxBytes: 1e6 })
      expect(Buffer.from(bytes(length)).equals((await again.get(key(1)))!)).toBe(true)
    }
    await store.remove(key(1))
    await store.remove(key(1))
    expect(await store.get(key(1))).toBeUndefined()
  })

  it('takes any text as a key', async () => {
    const folder = temporaryFolder()
    const store = openStore({ folder: join(folder, 'cache'), maxBytes: 1e6 })
    for (const odd of ['', '../../escape', 'a/b', '\0', '猫']) {
      await store.put(odd, Buffer.from(odd))
      expect(String(await store.get(odd))).toBe(odd)
    }
    expect(readdirSync(folder)).toEqual(['cache'])
  })

  it('misses where an entry is damaged in any byte, cut off or renamed', async () => {
    const folder = temporaryFolder()
    const store = openStore({ folder, maxBytes: 1e6 })
    await store.put(key(1), bytes(20))
    const whole = readFileSync(entryOf(folder, 1))
    for (let at = 0; at < whole.length; at++) {
      const changed = Buffer.from(whole)
      changed[at]! ^= 1
      writeFileSync(entryOf(folder, 1), changed)
      expect(await store.get(key(1))).toBeUndefined()
      writeFileSync(entryOf(folder, 1), whole.subarray(0, at))
      expect(await store.get(key(1))).toBeUndefined()
    }
    expect(stored(folder)).toEqual([])
    await store.put(key(1), bytes(20))
    mkdirSync(dirname(entryOf(folder, 2)), { recursive: true })
    renameSync(entryOf(folder, 1), entryOf(folder, 2))
    expect(await store.get(key(2))).toBeUndefined()
  })

  it('drops what was unused for longest when it grows beyond its size', async () => {
    const folder = temporaryFolder()
    const store = openStore({ folder, maxBytes: 10_500 })
    for (let i = 0; i < 10; i++) {
      await store.put(key(i), bytes(1000))
      utimesSync(entryOf(folder, i), 1000 + i, 1000 + i)
    }
    await store.get(key(0))
    await store.put(key(10), bytes(1000))
    const kept = (await Promise.all(Array.from({ length: 11 }, (_, i) => store.get(key(i))))).map(
      Boolean,
    )
    expect(kept).toEqual([true, false, false, true, true, true, true, true, true, true, true])
    const size = stored(folder).reduce(
      (sum, e) => sum + statSync(join(e.parentPath, e.name)).size,
      0,
    )
    expect(size).toBeLessThanOrEqual(10_500)
  })

  it('keeps within its size whatever is put, from two processes', async () => {
    const folder = temporaryFolder()
    const stores = [openStore({ folder, maxBytes: 5000 }), openStore({ folder, maxBytes: 5000 })]
    const { below, pick } = seeded(3)
    for (let i = 0; i < 100; i++) {
      await pick(stores).put(key(below(30)), bytes(below(3000)))
    }
    await stores[0]!.put(key(99), bytes(4900))
    expect(await stores[1]!.get(key(99))).toBeDefined()
    const size = stored(folder).reduce(
      (sum, e) => sum + statSync(join(e.parentPath, e.name)).size,
      0,
    )
    expect(size).toBeLessThanOrEqual(5000)
  })

  it('does not take what is larger than itself', async () => {
    const folder = temporaryFolder()
    const store = openStore({ folder, maxBytes: 500 })
    await store.put(key(1), bytes(100))
    await store.put(key(2), bytes(600))
    expect(await store.get(key(1))).toBeDefined()
    expect(await store.get(key(2))).toBeUndefined()
  })

  it('may be deleted at any time', async () => {
    const folder = temporaryFolder()
    const store = openStore({ folder, maxBytes: 1e6 })
    await store.put(key(1), bytes(10))
    rmSync(folder, { recursive: true })
    expect(await store.get(key(1))).toBeUndefined()
    await store.put(key(1), bytes(10))
    expect(await store.get(key(1))).toBeDefined()
  })

  it('goes on without a disk to write to, and says so once', async (context) => {
    const folder = smallDisk(16384)
    if (!folder) return context.skip('no disk can be mounted here')
    const problems: string[] = []
    const store = openStore({
      folder,
      maxBytes: 1e9,
      onProblem: (message) => problems.push(message),
    })
    await store.put(key(1), bytes(50_000))
    await store.put(key(2), bytes(50_000))
    expect(await store.get(key(1))).toBeUndefined()
    expect(problems).toEqual([
      `cache: ${join(folder, 'entries', '00')}: 50040 bytes do not fit, the disk is full; free some space or choose another folder`,
    ])
    expect(readdirSync(folder)).toEqual([])
  })

  it('removes what a crash has left, once it is old', async () => {
    const folder = temporaryFolder({
      'entries/00/.old.mazeru-unfinished': 'x',
      'entries/00/.new.mazeru-unfinished': 'x',
    })
    utimesSync(join(folder, 'entries/00/.old.mazeru-unfinished'), 1000, 1000)
    await openStore({ folder, maxBytes: 1000 }).put('a', bytes(1))
    expect(readdirSync(join(folder, 'entries/00'))).toEqual(['.new.mazeru-unfinished'])
  })
})

describe('a record', () => {
  it('is read back by its name, whatever the name', async () => {
    const folder = temporaryFolder()
    const store = openStore({ folder, maxBytes: 1000 })
    const record = { nodes: { a: { key: 'x', params: [1, 'two', null] } } }
    await store.writeRecord('a/../猫 : cat.json', record)
    expect(await openStore({ folder, maxBytes: 1000 }).readRecord('a/../猫 : cat.json')).toEqual(
      record,
    )
    expect(await store.readRecord('other')).toBeUndefined()
  })

  it('that is damaged is none', async () => {
    const folder = temporaryFolder()
    const store = openStore({ folder, maxBytes: 1000 })
    await store.writeRecord('a', { b: 1 })
    const [file] = readdirSync(join(folder, 'records'))
    writeFileSync(join(folder, 'records', file!), '{"b"')
    expect(await store.readRecord('a')).toBeUndefined()
  })
})
