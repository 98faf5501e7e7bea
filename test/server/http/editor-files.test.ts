import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ask, desk, folderWith } from './support.ts'

let table: Awaited<ReturnType<typeof desk>>
const folder = folderWith({
  'secret.txt': 'secret',
  'dist/index.html': '<!doctype html>editor',
  'dist/assets/main-a1b2c3d4.js': 'export {}',
  'dist/assets/main-a1b2c3d4.js.gz': gzipSync('export {}'),
  'dist/icon.svg': '<svg/>',
})
beforeAll(async () => {
  mkdirSync(join(folder.path, 'other'))
  writeFileSync(join(folder.path, 'other', 'x.txt'), 'secret')
  symlinkSync(join(folder.path, 'other'), join(folder.path, 'dist', 'link'))
  table = await desk({}, { editor: join(folder.path, 'dist') })
})
afterAll(async () => {
  await table.end()
  folder.remove()
})

const get = (path: string, headers = {}) => ask(table.port, 'GET', path, { headers })

it('the editor is the page of every address that is no file', async () => {
  for (const path of ['/', '/some/place', '/?template=demo']) {
    const { status, text, headers } = await get(path)
    expect([status, text]).toEqual([200, '<!doctype html>editor'])
    expect(headers['content-type']).toBe('text/html; charset=utf-8')
    expect(headers['cache-control']).toBe('no-cache')
  }
})

it('files with a hash in their name are kept for ever, others are asked for again', async () => {
  const script = await get('/assets/main-a1b2c3d4.js')
  expect(script.headers['cache-control']).toBe('public, max-age=31536000, immutable')
  expect(script.headers['content-type']).toBe('text/javascript; charset=utf-8')
  const icon = await get('/icon.svg')
  expect(icon.headers['cache-control']).toBe('no-cache')
  const again = await get('/icon.svg', { 'if-none-match': String(icon.headers.etag) })
  expect([again.status, again.text]).toEqual([304, ''])
})

it('a packed file is sent to who takes it', async () => {
  const packed = await get('/assets/main-a1b2c3d4.js', { 'accept-encoding': 'gzip, br' })
  expect(packed.headers['content-encoding']).toBe('gzip')
  expect(packed.headers['content-type']).toBe('text/javascript; charset=utf-8')
  expect((await get('/assets/main-a1b2c3d4.js')).headers['content-encoding']).toBeUndefined()
})

it.each([
  ...['/../secret.txt', '/%2e%2e/secret.txt', '/..%2fsecret.txt', '/assets/..%2f..%2fsecret.txt'],
  ...['/..%5csecret.txt', '/link/x.txt', '/%00secret.txt', '/%ff.txt', '/none.js'],
])('%s gives no file from elsewhere', async (path) => {
  const { status, text } = await get(path)
  expect([400, 404]).toContain(status)
  expect(text).not.toContain('secret"')
  expect(text.startsWith('secret')).toBe(false)
})
