import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Program } from '../../engine/onnx/value.ts'
import { cpuDevice } from '../../engine/runtime/device.ts'
import { createSessionPool } from '../../engine/runtime/session-pool.ts'
import { type Scratch, scratch } from '../support/cli.ts'
import { filled, sumProgram, weightProgram } from './session-cases.ts'

let folder: Scratch
let file: string
beforeAll(() => {
  folder = scratch()
  file = join(folder.path, 'weights.safetensors')
  writeFileSync(file, new Uint8Array(24))
})
afterAll(() => folder[Symbol.dispose]())

const never = (): Program => {
  throw new Error('built again')
}

describe('a pool of sessions', () => {
  it('loads a program once', async () => {
    const pool = createSessionPool(cpuDevice, 1000)
    const session = await pool.session('sum', sumProgram)
    expect(await pool.session('sum', never)).toBe(session)
    expect(pool.counters).toMatchObject({ sessionsBuilt: 1, weightBytesRead: 0 })
    await pool.close()
  })

  it('loads a program once for two that ask at a time', async () => {
    const pool = createSessionPool(cpuDevice, 1000)
    const [one, two] = await Promise.all([
      pool.session('sum', sumProgram),
      pool.session('sum', never),
    ])
    expect(one).toBe(two)
    await pool.close()
  })

  it('unloads the least recently used where weights exceed the budget', async () => {
    const pool = createSessionPool(cpuDevice, 40)
    const program = () => weightProgram(file)
    const first = await pool.session('first', program)
    await pool.session('second', program)
    await pool.session('first', never)
    await pool.session('third', program)
    expect(await pool.session('first', never)).toBe(first)
    await pool.session('second', program)
    expect(pool.counters).toMatchObject({ sessionsBuilt: 4, weightBytesRead: 64 })
    await pool.close()
  })

  it('always fits the one asked for', async () => {
    const pool = createSessionPool(cpuDevice, 1)
    const session = await pool.session('weight', () => weightProgram(file))
    expect((await session.run({ x: filled(1, 1, 4) })).y).toEqual(filled(1, 1, 4))
    await pool.close()
  })

  it('forgets a program that cannot be loaded', async () => {
    const pool = createSessionPool(cpuDevice, 1000)
    await expect(pool.session('sum', () => weightProgram('/nowhere/w'))).rejects.toThrow('weight: ')
    await expect(pool.session('sum', never)).rejects.toThrow('built again')
    expect((await pool.session('sum', sumProgram)).program).toBe('sum')
    await pool.close()
  })
})
