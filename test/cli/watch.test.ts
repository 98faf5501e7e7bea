import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { watchFile } from '../../engine/cli/watch.ts'

describe('watching a workflow', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'mazeru-'))
    writeFileSync(join(folder, 'a.json'), '1')
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  it('tells of a save in place', async () => {
    const watch = watchFile(join(folder, 'a.json'))
    writeFileSync(join(folder, 'a.json'), '2')
    expect(await watch.next()).toBe(true)
    watch.close()
  })

  it('tells of a save by renaming, more than once', async () => {
    const watch = watchFile(join(folder, 'a.json'))
    for (const text of ['2', '3']) {
      const change = watch.next()
      writeFileSync(join(folder, 'a.json.new'), text)
      renameSync(join(folder, 'a.json.new'), join(folder, 'a.json'))
      expect(await change).toBe(true)
    }
    watch.close()
  })

  it('takes saves that follow closely for one, and other files for none', async () => {
    const watch = watchFile(join(folder, 'a.json'))
    for (let i = 0; i < 5; i++) writeFileSync(join(folder, 'a.json'), `${i}`)
    expect(await watch.next()).toBe(true)
    writeFileSync(join(folder, 'b.json'), '1')
    const next = watch.next()
    setTimeout(() => watch.close(), 300)
    expect(await next).toBe(false)
  })

  it('ends at once when closed', async () => {
    const watch = watchFile(join(folder, 'a.json'))
    watch.close()
    expect(await watch.next()).toBe(false)
  })
})
