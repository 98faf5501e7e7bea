import { spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openRunFolder } from '../../engine/files/run-folder.ts'
import { temporaryFolder } from '../support/temporary.ts'

describe('the folder of a training run', () => {
  it('is held by one run at a time, and says by whom and since when', async () => {
    const output = temporaryFolder()
    const first = await openRunFolder(output, 'fox')
    await expect(openRunFolder(output, 'fox')).rejects.toThrow(
      new RegExp(
        `^training "fox": process ${process.pid} has been writing into it since 20..-..-..T.*Z, ` +
          'a folder that no run holds expected; stop that run or choose another name$',
      ),
    )
    await first.close()
    await (await openRunFolder(output, 'fox')).close()
    expect(readdirSync(first.path)).toEqual(['state'])
  })

  it('lets in one of many that come at once', async () => {
    const output = temporaryFolder()
    const tries = Array.from({ length: 8 }, () => openRunFolder(output, 'fox'))
    const settled = await Promise.allSettled(tries)
    expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  })

  it('is taken over from a process that is gone', async () => {
    const output = temporaryFolder()
    const gone = spawn(process.execPath, ['-e', ''])
    await new Promise((resolve) => gone.on('close', resolve))
    const folder = await openRunFolder(output, 'fox')
    const lock = join(folder.path, 'run.lock')
    const text = JSON.parse(readFileSync(lock, 'utf8'))
    await folder.close()
    for (const stale of [
      JSON.stringify({ ...text, pid: gone.pid }),
      // A later process has the number of the one that held it.
      JSON.stringify({ ...text, birth: 'another boot 17' }),
      'half a lo',
    ]) {
      writeFileSync(lock, stale)
      const again = await openRunFolder(output, 'fox')
      expect(JSON.parse(readFileSync(lock, 'utf8')).pid).toBe(process.pid)
      await again.close()
    }
  })

  it('refuses a name that leads out of it', async () => {
    await expect(openRunFolder(temporaryFolder(), '../fox')).rejects.toThrow(
      'training: name is "../fox", a path inside the folder expected',
    )
  })

  it('keeps states by step and drops what a crash left unfinished', async () => {
    const output = temporaryFolder()
    const folder = await openRunFolder(output, 'fox')
    for (const step of [2, 10, 1]) await folder.writeState(step, Uint8Array.of(step))
    writeFileSync(join(folder.path, 'state', '.a.mazeru-unfinished'), 'half')
    await folder.close()
    const again = await openRunFolder(output, 'fox')
    expect(await again.states()).toEqual([10, 2, 1])
    expect([...(await again.readState(10))]).toEqual([10])
    await again.removeState(2)
    expect(await again.states()).toEqual([10, 1])
    expect(existsSync(join(folder.path, 'state', '.a.mazeru-unfinished'))).toBe(false)
    await again.close()
  })

  it('cuts the log to a step, and an unfinished line with it', async () => {
    const output = temporaryFolder()
    const folder = await openRunFolder(output, 'fox')
    expect(await folder.beginLog(0)).toEqual([])
    for (const step of [1, 2, 3]) await folder.appendLog(JSON.stringify({ step }))
    await folder.close()
    const path = join(folder.path, 'log.jsonl')
    writeFileSync(path, '{"step":4,"lo', { flag: 'a' })
    const again = await openRunFolder(output, 'fox')
    expect(await again.beginLog(9)).toEqual(['{"step":1}', '{"step":2}', '{"step":3}'])
    expect(await again.beginLog(2)).toEqual(['{"step":1}', '{"step":2}'])
    await again.appendLog('{"step":3}')
    await again.syncLog()
    expect(readFileSync(path, 'utf8')).toBe('{"step":1}\n{"step":2}\n{"step":3}\n')
    await again.close()
  })
})
