import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { filesUnder, packGolden, unpackGolden } from './golden-files.ts'
import { temporaryFolder } from './temporary.ts'

const large = new Uint8Array(100_000).map((_, index) => index % 251)

test('large reference files are kept packed and read unpacked', () => {
  const folder = temporaryFolder({ 'golden/a/large.json': large, 'golden/small.json': '{}' })
  const golden = join(folder, 'golden')
  expect(packGolden(golden)).toEqual(['a/large.json'])
  expect(filesUnder(golden)).toEqual(['a/large.json.br', 'small.json'])
  expect(packGolden(golden)).toEqual([])
  const unpacked = unpackGolden(golden, join(folder, 'cache'))
  expect(filesUnder(unpacked)).toEqual(['a/large.json', 'small.json'])
  expect(readFileSync(join(unpacked, 'a/large.json')).equals(large)).toBe(true)
})

test('reference files are unpacked once, and anew when one has changed', () => {
  const folder = temporaryFolder({ 'golden/small.json': '{}', 'other/small.json': '[]' })
  const cache = join(folder, 'cache')
  const first = unpackGolden(join(folder, 'golden'), cache)
  expect(unpackGolden(join(folder, 'golden'), cache)).toBe(first)
  expect(unpackGolden(join(folder, 'other'), cache)).not.toBe(first)
  expect(readdirSync(cache)).toHaveLength(2)
  expect(existsSync(join(first, 'small.json'))).toBe(true)
})
