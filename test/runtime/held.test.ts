import { describe, expect, it } from 'vitest'
import { cpuDevice, type Device } from '../../engine/runtime/device.ts'
import { holdTensors, hostNumbers, readTensors } from '../../engine/runtime/held.ts'
import { createSession, newCounters } from '../../engine/runtime/session.ts'
import { lacks } from '../support/requires.ts'
import { filled, sumProgram } from './session-cases.ts'

const webgpu: Device = { ...cpuDevice, provider: 'webgpu', name: 'adapter' }

/** The same on every provider. */
function heldCases(device: Device): void {
  it('a result is held, fed again and read', async () => {
    const counters = newCounters()
    const session = await createSession(sumProgram(), device, counters, { holds: () => true })
    const x = filled(1, 2, 4)
    const first = await session.runHeld({ x, y: x })
    expect(first.results).toEqual({})
    const second = await session.runHeld({ x, y: first.held.sum! })
    const held = { first: first.held.sum!, second: second.held.sum! }
    expect(await readTensors(held, device, counters)).toEqual({
      first: filled(2, 2, 4),
      second: filled(3, 2, 4),
    })
    for (const tensor of Object.values(held)) tensor.release()
    await session.release()
  })

  it('a result outlives the session that made it', async () => {
    const session = await createSession(sumProgram(), device, newCounters(), { holds: () => true })
    const { held } = await session.runHeld({ x: filled(1, 1, 4), y: filled(4, 1, 4) })
    await session.release()
    expect(await readTensors(held, device)).toEqual({ sum: filled(5, 1, 4) })
    held.sum!.release()
    held.sum!.release()
  })

  it('bytes are counted where the host gives or takes them', async () => {
    const counters = newCounters()
    const held = await holdTensors({ y: filled(2, 3, 4) }, device, counters)
    expect(counters.bytesUploaded).toBe(48)
    const session = await createSession(sumProgram(), device, counters)
    await session.run({ x: filled(1, 3, 4), y: held.y })
    expect(counters).toMatchObject({ bytesUploaded: 96, bytesReadBack: 48, sessionsBuilt: 1 })
    held.y.release()
    await session.release()
  })

  it('a session that holds results is not run for the host', async () => {
    const session = await createSession(sumProgram(), device, newCounters(), { holds: () => true })
    const running = session.run({ x: filled(1, 1, 4), y: filled(4, 1, 4) })
    await expect(running).rejects.toThrow('sum: holds outputs, expected to be run by runHeld')
    await session.release()
  })
}

describe('on the CPU', () => {
  heldCases(cpuDevice)

  it('numbers of a held tensor are at hand', async () => {
    const { y } = await holdTensors({ y: filled(2, 3, 4) }, cpuDevice)
    expect(hostNumbers(y)).toEqual(filled(2, 3, 4).data)
  })
})

describe.skipIf(lacks('webgpu'))('on a WebGPU adapter', () => {
  heldCases(webgpu)

  it('numbers of a held tensor are not at hand', async () => {
    const { y } = await holdTensors({ y: filled(2, 3, 4) }, webgpu)
    expect(hostNumbers(y)).toBeUndefined()
    y.release()
  })
})
