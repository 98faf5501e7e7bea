import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createBuilder } from '../../engine/onnx/builder.ts'
import { encodeProgram } from '../../engine/onnx/encode.ts'
import { bytesOf, cast } from '../../engine/onnx/express.ts'
import type { ElementType } from '../../engine/onnx/value.ts'
import { cpuDevice } from '../../engine/runtime/device.ts'
import { createSession, newCounters } from '../../engine/runtime/session.ts'
import { scratch } from '../support/cli.ts'

const counters = newCounters

/** `x + w`, with `w` of four numbers at an offset of a file. */
async function addStored(type: ElementType, stored: ArrayBufferView, offset: number) {
  using folder = scratch()
  const bytes = bytesOf(stored)
  const file = join(folder.path, 'weights.safetensors')
  writeFileSync(file, Buffer.concat([Buffer.alloc(offset, 0x55), bytes, Buffer.alloc(9, 0x55)]))
  const builder = createBuilder('add')
  const x = builder.input('x', 'float32', ['n', 4])
  const w = builder.weight('w', type, [4], { file, offset, length: bytes.length })
  builder.output('y', builder.op('Add', [x, cast(builder, w, 'float32')]))
  const counted = counters()
  const session = await createSession(builder.finish(), cpuDevice, counted)
  const { y } = await session.run({ x: { data: new Float32Array(4), shape: [1, 4] } })
  await session.release()
  return { numbers: [...y!.data], counted }
}

describe('a weight', () => {
  const numbers = [1, -2, 0.5, 4]

  it.each([0, 8, 100, 4096])('is read from its file at offset %i', async (offset) => {
    const { numbers: found, counted } = await addStored(
      'float32',
      new Float32Array(numbers),
      offset,
    )
    expect(found).toEqual(numbers)
    expect(counted).toMatchObject({ sessionsBuilt: 1, weightBytesRead: 16 })
  })

  it('may be stored as float16', async () => {
    expect((await addStored('float16', new Float16Array(numbers), 24)).numbers).toEqual(numbers)
  })

  it('may be stored as bfloat16', async () => {
    const halves = new Uint16Array(new Float32Array(numbers).buffer).filter((_, i) => i % 2 === 1)
    expect((await addStored('bfloat16', halves, 24)).numbers).toEqual(numbers)
  })

  it.each([4, 100_000])('may travel in the program: %i numbers', async (size) => {
    const builder = createBuilder('held')
    const x = builder.input('x', 'float32', ['n', 1])
    const first = Float32Array.from({ length: size }, (_, i) => i)
    const second = first.map((value) => value / 2)
    const [a, b] = [first, second].map((data, i) =>
      builder.weight(`w${i}`, 'float32', [size], bytesOf(data)),
    )
    builder.output('y', builder.op('Add', [builder.op('Add', [x, a]), b]))
    const session = await createSession(builder.finish(), cpuDevice, counters())
    const { y } = await session.run({ x: { data: new Float32Array(1), shape: [1, 1] } })
    await session.release()
    expect(y!.data).toEqual(first.map((value) => value * 1.5))
  })

  it('stays in its file: the encoded program does not hold it', () => {
    const builder = createBuilder('large')
    const data = { file: '/models/weights.safetensors', offset: 0, length: 4_000_000 }
    builder.output('y', builder.weight('w', 'float32', [1_000_000], data))
    const encoded = encodeProgram(builder.finish())
    expect(encoded.length).toBeLessThan(300)
    const text = Buffer.from(encoded).toString('latin1')
    expect(text).toContain('weights.safetensors')
    expect(text).not.toContain('/models')
  })

  it('is one of several in one file', async () => {
    using folder = scratch()
    const file = join(folder.path, 'weights.safetensors')
    writeFileSync(file, bytesOf(new Float32Array([1, 2, 3, 4])))
    const builder = createBuilder('two weights')
    const first = builder.weight('a', 'float32', [2], { file, offset: 8, length: 8 })
    const second = builder.weight('b', 'float32', [2], { file, offset: 0, length: 8 })
    builder.output('y', builder.op('Sub', [first, second]))
    const session = await createSession(builder.finish(), cpuDevice, counters())
    const { y } = await session.run({})
    await session.release()
    expect([...y!.data]).toEqual([2, 2])
  })
})
