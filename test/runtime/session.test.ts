import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { DeviceError, FormatError } from '../../engine/errors.ts'
import { createBuilder } from '../../engine/onnx/builder.ts'
import { integers } from '../../engine/onnx/express.ts'
import { cpuDevice } from '../../engine/runtime/device.ts'
import { createSession, holdTensors } from '../../engine/runtime/session.ts'
import { scratch } from '../support/cli.ts'
import { counters } from './fakes.ts'
import { convProgram, filled, sumProgram, weightProgram } from './session-cases.ts'

describe('a session', () => {
  it('serves every size of its symbols', async () => {
    const session = await createSession(sumProgram(), cpuDevice, counters())
    for (const n of [1, 3, 2]) {
      const { sum } = await session.run({ x: filled(1, n, 4), y: filled(2, n, 4) })
      expect(sum).toEqual(filled(3, n, 4))
    }
    await session.release()
  })

  it('refuses wrong shapes', async () => {
    const session = await createSession(convProgram(), cpuDevice, counters())
    const weight = filled(1, 2, 5, 3, 3)
    await expect(session.run({ x: filled(1, 1, 4, 8, 8), weight })).rejects.toThrow(
      'conv: weight has shape [2, 5, 3, 3], expected [out, 4, 3, 3]',
    )
    await session.release()
  })

  it('refuses numbers that do not fill a shape', async () => {
    const session = await createSession(sumProgram(), cpuDevice, counters())
    const y = { data: new Float32Array(7), shape: [2, 4] }
    await expect(session.run({ x: filled(1, 2, 4), y })).rejects.toThrow(
      'tensor: 7 values, expected 8 for [2, 4]',
    )
    await session.release()
  })

  it('gives whole numbers as whole numbers', async () => {
    const builder = createBuilder('sizes')
    const x = builder.input('x', 'float32', ['n', 'm'])
    builder.output('sizes', builder.op('Shape', [x]))
    builder.output('row', builder.op('Gather', [x, integers(builder, [1])], { axis: 0 }))
    const session = await createSession(builder.finish(), cpuDevice, counters())
    const { sizes, row } = await session.run({ x: filled(1, 2, 3) })
    expect(sizes!.data).toEqual(new BigInt64Array([2n, 3n]))
    expect(row).toEqual(filled(1, 1, 3))
    await session.release()
  })

  it('may be released twice', async () => {
    const session = await createSession(sumProgram(), cpuDevice, counters())
    await session.release()
    await session.release()
    const feeds = { x: filled(1, 1, 4), y: filled(1, 1, 4) }
    await expect(session.run(feeds)).rejects.toThrow(DeviceError)
  })

  it('names the program and the device where a weight is not in its file', async () => {
    using folder = scratch()
    const file = join(folder.path, 'short.safetensors')
    writeFileSync(file, new Uint8Array(10))
    const loading = createSession(weightProgram(file), cpuDevice, counters())
    await expect(loading).rejects.toThrow(DeviceError)
    await expect(loading).rejects.toThrow('weight: cannot be loaded on cpu: ')
  })

  it('takes weights of one folder', async () => {
    const builder = createBuilder('two folders')
    const [a, b] = ['a', 'b'].map((name) =>
      builder.weight(name, 'float32', [1], { file: `/models/${name}/w`, offset: 0, length: 4 }),
    )
    builder.output('y', builder.op('Add', [a, b]))
    const loading = createSession(builder.finish(), cpuDevice, counters())
    await expect(loading).rejects.toThrow(FormatError)
    await expect(loading).rejects.toThrow(
      'two folders: weights lie in 2 folders, expected one; put the files together',
    )
  })
})

describe('a held tensor', () => {
  it('is fed like any other, until it is released', async () => {
    const session = await createSession(sumProgram(), cpuDevice, counters())
    const { y } = await holdTensors({ y: filled(2, 2, 4) }, cpuDevice)
    expect(y.shape).toEqual([2, 4])
    const x = filled(1, 2, 4)
    for (let i = 0; i < 2; i++) expect((await session.run({ x, y })).sum).toEqual(filled(3, 2, 4))
    y.release()
    y.release()
    await expect(session.run({ x, y })).rejects.toThrow(
      'tensor [2, 4]: released, expected to be held',
    )
    await session.release()
  })

  it('is refused where its shape is wrong', async () => {
    const session = await createSession(sumProgram(), cpuDevice, counters())
    const { y } = await holdTensors({ y: filled(2, 3, 4) }, cpuDevice)
    await expect(session.run({ x: filled(1, 2, 4), y })).rejects.toThrow(
      'sum: y has shape [3, 4], expected [n, 4] with n 2',
    )
    await session.release()
  })
})
