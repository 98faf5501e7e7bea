import { createHash } from 'node:crypto'
import { symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { WorkflowError } from '../../engine/errors.ts'
import { foldersOf, openFolder } from '../../engine/files/folder.ts'
import { openFiles } from '../../engine/files.ts'
import { temporaryFolder } from '../support/temporary.ts'

const content = { 'b.png': 'bb', 'a.txt': 'a', 'sub/c.png': 'ccc', '.hidden/d.png': 'd', '.e': 'e' }

describe('a folder of pictures', () => {
  it('lists its files, sorted, with sizes and without hidden ones', async () => {
    const files = await openFolder(temporaryFolder(content), 'cats').list()
    expect(files.map(({ path, size }) => [path, size])).toEqual([
      ['a.txt', 1],
      ['b.png', 2],
      ['sub/c.png', 3],
    ])
    expect(files.every(({ modified }) => modified > 0)).toBe(true)
  })

  it('follows links, each folder once, and passes over those that lead nowhere', async () => {
    const folder = temporaryFolder(content)
    symlinkSync(folder, join(folder, 'sub', 'again'))
    symlinkSync(join(folder, 'gone'), join(folder, 'gone.png'))
    symlinkSync(temporaryFolder({ 'f.png': 'f' }), join(folder, 'other'))
    const files = await openFolder(folder, 'cats').list()
    expect(files.map(({ path }) => path)).toEqual(['a.txt', 'b.png', 'other/f.png', 'sub/c.png'])
  })

  it('reads files and tells their SHA-256, anew after a change', async () => {
    const folder = temporaryFolder(content)
    const source = openFolder(folder, 'cats')
    expect(Buffer.from(await source.read('sub/c.png')).toString()).toBe('ccc')
    expect(await source.hash('b.png')).toBe(sha256('bb'))
    expect(await source.hash('b.png')).toBe(sha256('bb'))
    writeFileSync(join(folder, 'b.png'), 'changed')
    expect(await source.hash('b.png')).toBe(sha256('changed'))
  })

  it.each([
    '../secret',
    '/etc/passwd',
    'sub/../../secret',
    '..\\secret',
  ])('lets no name lead out of it: %s', async (path) => {
    const source = openFolder(temporaryFolder(content), 'cats')
    await expect(source.read(path)).rejects.toThrow(WorkflowError)
    await expect(source.hash(path)).rejects.toThrow(WorkflowError)
  })

  it('refuses a file that is gone or far too large', async () => {
    const folder = temporaryFolder(content)
    const source = openFolder(folder, 'cats')
    await expect(source.read('x.png')).rejects.toThrow(/^cats: x.png cannot be read \(ENOENT/)
    truncateSync(join(folder, 'b.png'), 2 ** 28 + 1)
    await expect(source.read('b.png')).rejects.toThrow(
      'b.png: file has 268435457 bytes, at most 268435456 can be read',
    )
  })
})

describe('folders below the input folder', () => {
  const files = () => {
    const root = temporaryFolder({
      'input/cats/a.png': 'a',
      'input/cats/close/b.png': 'b',
      'input/notes/n.txt': 'n',
      'input/c.png': 'c',
    })
    return { root, files: openFiles({ models: [], input: join(root, 'input'), output: root }) }
  }

  it('are those with pictures', async () => {
    expect(await files().files.names('input-folders')).toEqual(['cats', 'cats/close'])
    expect(foldersOf(['a/b/c.png', 'd.png'])).toEqual(['a', 'a/b'])
  })

  it('have a fingerprint that follows every file in them', async () => {
    const { root, files: opened } = files()
    const fingerprint = () => opened.fingerprint('input-folders', 'cats')
    const first = await fingerprint()
    expect(await fingerprint()).toBe(first)
    writeFileSync(join(root, 'input', 'cats', 'close', 'b.txt'), 'a caption')
    expect(await fingerprint()).not.toBe(first)
    expect(await opened.fingerprint('input-folders', 'dogs')).toBeUndefined()
    expect(await opened.fingerprint('input-folders', 'c.png')).toBeUndefined()
  })

  it('open by name, and a wrong name gets the nearest', async () => {
    const { root, files: opened } = files()
    const source = await opened.folder('cats')
    expect((await source.list()).map(({ path }) => path)).toEqual(['a.png', 'close/b.png'])
    await expect(opened.folder('cat')).rejects.toThrow(
      `input-folders: no folder "cat", expected one of the 2 in ${join(root, 'input')}; did you mean cats`,
    )
    await expect(opened.folder('c.png')).rejects.toThrow(
      'c.png: this is a file, a folder of pictures expected',
    )
  })
})

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
