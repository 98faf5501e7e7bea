import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { filesUnder, packGolden, unpackGolden } from './golden-files.ts'
import { temporaryFolder } from './temporary.ts'

const large = new Uint8Array(100_000).map((_, index) => index % 251)
const other = large.map((byte) => byte ^ 1)

test('large reference files are kept packed by folder and read unpacked', () => {
  const folder = temporaryFolder({
    'golden/a/deep/large.json': large,
    'golden/a/small.json': '{}',
    'golden/b/README.md': 'text'.repeat(10_000),
    'golden/b/other.json': other,
  })
  const golden = join(folder, 'golden')
  expect(packGolden(golden)).toEqual(['a/deep/large.json', 'b/other.json'])
  expect(filesUnder(golden)).toEqual(['a.pack.br', 'a/small.json', 'b.pack.br', 'b/README.md'])
  expect(packGolden(golden)).toEqual([])
  const unpacked = unpackGolden(golden, join(folder, 'cache'))
  const paths = ['a/deep/large.json', 'a/small.json', 'b/README.md', 'b/other.json']
  expect(filesUnder(unpacked)).toEqual(paths)
  expect(readFileSync(join(unpacked, 'a/deep/large.json')).equals(large)).toBe(true)
  expect(readFileSync(join(unpacked, 'b/other.json')).equals(other)).toBe(true)
})

test('a new large file joins the archive of its folder, or takes the place of an old one', () => {
  const folder = temporaryFolder({ 'golden/a/first.json': large, 'golden/a/second.json': large })
  const golden = join(folder, 'golden')
  packGolden(golden)
  mkdirSync(join(golden, 'a'), { recursive: true })
  writeFileSync(join(golden, 'a/second.json'), other)
  writeFileSync(join(golden, 'a/third.json'), large)
  const plain = unpackGolden(golden, join(folder, 'cache'))
  expect(packGolden(golden)).toEqual(['a/second.json', 'a/third.json'])
  for (const unpacked of [plain, unpackGolden(golden, join(folder, 'cache'))]) {
    expect(filesUnder(unpacked)).toEqual(['a/first.json', 'a/second.json', 'a/third.json'])
    expect(readFileSync(join(unpacked, 'a/second.json')).equals(other)).toBe(true)
  }
})

test('files and folders leave an archive when they are named', () => {
  const folder = temporaryFolder({
    'golden/a/one/x.json': large,
    'golden/a/one-more/x.json': large,
    'golden/a/two.json': large,
  })
  const golden = join(folder, 'golden')
  packGolden(golden)
  packGolden(golden, ['a/one', 'a/two.json'])
  expect(filesUnder(unpackGolden(golden, join(folder, 'cache')))).toEqual(['a/one-more/x.json'])
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
