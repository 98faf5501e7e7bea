import { existsSync, mkdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { unfinishedEnding } from '../../engine/files/save.ts'
import { abandonedAfter, sweepUnfinished } from '../../engine/files/sweep.ts'
import { temporaryFolder } from '../support/temporary.ts'

test('what a crash has left unfinished goes once nobody can be writing on it', async () => {
  const folder = temporaryFolder()
  const elsewhere = temporaryFolder()
  mkdirSync(join(folder, 'loras'))
  const now = Date.now()
  const make = (path: string, age: number) => {
    writeFileSync(path, 'half')
    utimesSync(path, (now - age) / 1000, (now - age) / 1000)
    return path
  }
  const old = make(join(folder, 'loras', `.a${unfinishedEnding}`), abandonedAfter + 5000)
  const fresh = make(join(folder, `.b${unfinishedEnding}`), abandonedAfter - 5000)
  const whole = make(join(folder, 'loras', 'style.safetensors'), abandonedAfter + 5000)
  const linked = make(join(elsewhere, `.c${unfinishedEnding}`), abandonedAfter + 5000)
  symlinkSync(elsewhere, join(folder, 'linked'))
  expect(await sweepUnfinished(folder, now)).toBe(1)
  expect([old, fresh, whole, linked].map((path) => existsSync(path))).toEqual([
    ...[false, true, true, true],
  ])
  expect(await sweepUnfinished(join(folder, 'absent'), now)).toBe(0)
})
