import { execFileSync, spawn } from 'node:child_process'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { DeviceError, FormatError } from '../../../engine/errors.ts'
import { openDatabase } from '../../../engine/server/queue/database.ts'
import { smallDisk, temporaryFolder } from '../../support/temporary.ts'
import { openQueue, sum } from './support.ts'

const options = { wait: 50 }

function open(path: string, migrations?: readonly string[]) {
  const database = openDatabase(path, { ...options, ...(migrations ? { migrations } : {}) })
  onTestFinished(() => database.close())
  return database
}

/** The error of opening a file. */
function refusal(path: string): Error {
  try {
    open(path)
  } catch (thrown) {
    return thrown as Error
  }
  throw new Error('it was opened')
}

describe('the database of a server', () => {
  it('is in write-ahead mode and synced at each write', () => {
    const database = open(join(temporaryFolder(), 'new/data/mazeru.db'))
    const pragma = (name: string) => Object.values(database.query(`PRAGMA ${name}`).get()!)[0]
    expect(pragma('journal_mode')).toBe('wal')
    expect(pragma('synchronous')).toBe(2)
    expect(pragma('foreign_keys')).toBe(1)
    expect(statSync(database.path).mode & 0o077).toBe(0)
  })

  it('takes all of a write or nothing', () => {
    const database = open(join(temporaryFolder(), 'mazeru.db'))
    const put = (name: string) => database.query('INSERT INTO facts VALUES (?, 1)').run(name)
    const names = () =>
      database
        .query('SELECT name FROM facts')
        .all()
        .map(({ name }) => name)
    const failing = () =>
      database.write(() => {
        put('a')
        database.write(() => put('b'))
        throw new Error('no')
      })
    expect(failing).toThrow('no')
    expect(names()).toEqual([])
    database.write(() => database.write(() => put('c')))
    expect(names()).toEqual(['c'])
  })

  it('belongs to one server, and says whose it is', () => {
    const path = join(temporaryFolder(), 'mazeru.db')
    const first = open(path)
    const error = refusal(path)
    expect(error).toBeInstanceOf(DeviceError)
    expect(error.message).toBe(
      `mazeru.db: in use by another mazeru server (process ${process.pid}), expected it to be ` +
        'free; stop that one, or give this one another data folder',
    )
    first.close()
    open(path)
  })

  it('is free as soon as the process that had it is gone, however it went', async () => {
    const folder = temporaryFolder()
    const path = join(folder, 'mazeru.db')
    const source = new URL('../../../engine/server/queue/database.ts', import.meta.url).href
    const code = `
      import { openDatabase } from ${JSON.stringify(source)}
      const database = openDatabase(${JSON.stringify(path)})
      database.query("INSERT INTO facts VALUES ('kept', 'yes')").run()
      process.stdout.write('open')
      setInterval(() => {}, 1000)`
    const child = spawn(process.execPath, ['--input-type=module', '-e', code])
    await new Promise((resolve) => child.stdout.once('data', resolve))
    expect(refusal(path).message).toContain(`(process ${child.pid})`)
    child.kill('SIGKILL')
    await new Promise((resolve) => child.once('exit', resolve))
    expect(open(path).query('SELECT name FROM facts').all()).toEqual([{ name: 'kept' }])
  })

  it('goes through the migrations that it lacks, each whole', () => {
    const path = join(temporaryFolder(), 'mazeru.db')
    const steps = ['CREATE TABLE one (a)', 'CREATE TABLE two (b)', 'CREATE TABLE one (c)']
    open(path, steps.slice(0, 1)).close()
    open(path, steps.slice(0, 2)).close()
    expect(() => open(path, steps)).toThrow('table one already exists')
    const database = open(path, steps.slice(0, 2))
    expect(database.query('PRAGMA user_version').get()).toEqual({ user_version: 2 })
    expect(database.query('SELECT * FROM one, two').all()).toEqual([])
  })

  it('refuses one of a newer version by name', () => {
    const path = join(temporaryFolder(), 'mazeru.db')
    open(path, ['CREATE TABLE one (a)', 'CREATE TABLE two (b)', 'CREATE TABLE three (c)']).close()
    const error = refusal(path)
    expect(error).toBeInstanceOf(FormatError)
    expect(error.message).toBe(
      'mazeru.db: version 3, at most 1 can be read; update mazeru to open it',
    )
  })

  it('refuses what is damaged or no database, and leaves it as it is', () => {
    const text = join(temporaryFolder({ 'mazeru.db': 'x'.repeat(5000) }), 'mazeru.db')
    const noDatabase = refusal(text)
    expect(noDatabase).toBeInstanceOf(FormatError)
    expect(noDatabase.message).toContain('mazeru.db: damaged (no database), expected a database of')
    expect(readFileSync(text, 'utf8')).toBe('x'.repeat(5000))

    const queue = openQueue()
    for (let count = 0; count < 30; count++) queue.runs.submit(sum(), { client: 'a' })
    queue.close()
    const { path } = queue.database
    const bytes = readFileSync(path)
    // Page 1 has the schema; what lies behind it is overwritten.
    bytes.fill(0xa5, 4096)
    writeFileSync(path, bytes)
    const error = refusal(path)
    expect(error).toBeInstanceOf(FormatError)
    expect(error.message).toMatch(
      /^mazeru\.db: damaged \(.+\), expected a database of mazeru; move/,
    )
  })

  it('loses nothing on a full disk, and goes on once there is room', (test) => {
    const folder = smallDisk(8 * 2 ** 20)
    if (!folder) return test.skip()
    const queue = openQueue(folder)
    const filler = join(folder, 'filler')
    const ids: string[] = []
    const submitMany = () => {
      for (let count = 0; count < 2000; count++) {
        ids.push(queue.runs.submit(sum(), { client: 'a', key: `${ids.length}` }).run.id)
      }
    }
    execFileSync('dd', ['if=/dev/zero', `of=${filler}`, 'bs=1k', 'count=6000'], { stdio: 'ignore' })
    expect(submitMany).toThrow(DeviceError)
    expect(submitMany).toThrow('mazeru.db: no space left on its disk, expected some; free some')
    expect(ids.length).toBeGreaterThan(10)
    expect(queue.runs.list({ limit: 500 }).map(({ id }) => id)).toEqual(
      [...ids].reverse().slice(0, 500),
    )
    execFileSync('rm', [filler])
    ids.push(queue.runs.submit(sum(), { client: 'b' }).run.id)
    queue.close()
    const again = openQueue(folder)
    expect(again.runs.queue.waiting).toBe(ids.length)
    again.close()
  })
})
