import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type CheckBlock, createCheckBlock } from '../../engine/inference/check-block.ts'
import { createBuilder } from '../../engine/onnx/builder.ts'
import { cpuDevice, type Device } from '../../engine/runtime/device.ts'
import { openDevice } from '../../engine/runtime/open-device.ts'
import { type ProbeBench, runProbe } from '../../engine/runtime/probe.ts'
import { type ProbeCase, probeCases } from '../../engine/runtime/probe-cases.ts'
import { createSession, holdTensors } from '../../engine/runtime/session.ts'
import { scratch } from '../support/cli.ts'
import { lacks } from '../support/requires.ts'
import { counters, emptyMemory } from './fakes.ts'
import { convProgram, filled, sumProgram, weightProgram } from './session-cases.ts'

/** Compiling shaders for a software adapter takes seconds each. */
const slow = 120_000

const webgpu: Device = {
  provider: 'webgpu',
  name: 'adapter',
  type: 'float32',
  fused: new Set(['QuickGelu', 'Gelu']),
}

describe.skipIf(lacks('webgpu'))('on a WebGPU adapter', () => {
  let check: CheckBlock
  beforeAll(() => {
    check = createCheckBlock()
  })
  afterAll(() => check.remove())

  it('a held tensor is fed from the device, until it is released', async () => {
    const session = await createSession(sumProgram(), webgpu, counters())
    const held = await holdTensors({ y: filled(2, 2, 4), z: filled(5, 1, 4) }, webgpu)
    const x = filled(1, 2, 4)
    for (let i = 0; i < 3; i++) {
      expect((await session.run({ x, y: held.y })).sum).toEqual(filled(3, 2, 4))
    }
    expect((await session.run({ x: held.z, y: held.z })).sum).toEqual(filled(10, 1, 4))
    held.z.release()
    expect((await session.run({ x, y: held.y })).sum).toEqual(filled(3, 2, 4))
    held.y.release()
    held.y.release()
    await expect(session.run({ x, y: held.y })).rejects.toThrow('released, expected to be held')
    await session.release()
  })

  it('held tensors outlive the session they were first fed to', async () => {
    const { y } = await holdTensors({ y: filled(2, 1, 4) }, webgpu)
    const x = filled(1, 1, 4)
    for (let i = 0; i < 2; i++) {
      const session = await createSession(sumProgram(), webgpu, counters())
      expect((await session.run({ x, y })).sum).toEqual(filled(3, 1, 4))
      await session.release()
    }
    y.release()
  })

  it('memory of released tensors is used again', async () => {
    const large = { y: filled(1, 500_000, 4) }
    const hold = async (times: number) => {
      for (let i = 0; i < times; i++) (await holdTensors(large, webgpu)).y.release()
      return process.memoryUsage.rss()
    }
    const before = await hold(8)
    // 12 times 8 MB, were they kept.
    expect((await hold(12)) - before).toBeLessThan(60e6)
  })

  it('wrong shapes are refused before the device sees them', async () => {
    const session = await createSession(convProgram(), webgpu, counters())
    const feeds = { x: filled(1, 1, 4, 8, 8), weight: filled(1, 2, 5, 3, 3) }
    await expect(session.run(feeds)).rejects.toThrow(
      'conv: weight has shape [2, 5, 3, 3], expected [out, 4, 3, 3]',
    )
    await expect(session.run({ ...feeds, weight: filled(1, 0, 4, 3, 3) })).rejects.toThrow(
      'conv: weight has shape [0, 4, 3, 3], expected [out, 4, 3, 3] with sizes of 1 and more',
    )
    await session.release()
  })

  it('weights are read from their file', async () => {
    using folder = scratch()
    const file = join(folder.path, 'weights.safetensors')
    writeFileSync(file, new Uint8Array(new Float32Array([0, 0, 1, 2, 3, 4]).buffer))
    const session = await createSession(weightProgram(file), webgpu, counters())
    const { y } = await session.run({ x: filled(1, 1, 4) })
    expect([...y!.data]).toEqual([2, 3, 4, 5])
    await session.release()
  })

  it('an op that the adapter gets wrong is computed by the processor', async () => {
    const builder = createBuilder('sine')
    const x = builder.input('x', 'float32', ['n', 4])
    builder.output('y', builder.op('Neg', [builder.op('Sin', [builder.op('Abs', [x])])]))
    const program = builder.finish()
    const device = { ...webgpu, cpuOps: new Set(['Sin']) }
    const feeds = { x: filled(2, 1, 4) }
    const run = async (on: Device) => {
      const session = await createSession(program, on, counters())
      const { y } = await session.run(feeds)
      await session.release()
      return y
    }
    expect(await run(device)).toEqual(await run(cpuDevice))
  })

  it('what the adapter has no kernel for is seen', async () => {
    const cases = probeCases().filter(({ name }) => /^Cast.*(weights|positions)/.test(name))
    const found = await results(cases, webgpu)
    expect(found.map(({ name, verdict, isElsewhere }) => [name, verdict, isElsewhere])).toEqual([
      ['Cast, float16 weights', 'right', undefined],
      ['Cast, bfloat16 weights', 'right', undefined],
      ['Cast, positions', 'right', true],
    ])
  })

  it('a table of two-byte numbers is read, with kernels for them or without', async () => {
    const cases = probeCases().filter(({ name }) => /^Gather|^Cast, float16/.test(name))
    const device = await openDevice({ provider: 'webgpu', memory: emptyMemory(), cases })
    const found = await results(cases, device)
    expect(found.map(({ verdict }) => verdict)).toEqual(cases.map(() => 'right'))
  })

  it('a block with LoRAs agrees with the processor', { timeout: slow }, async () => {
    const { feeds, ...block } = check.block(webgpu.fused)
    // One size: each other one costs a software adapter the same time again.
    const [result] = await results([{ ...block, feeds: feeds.slice(0, 1) }], webgpu)
    expect(result).toMatchObject({ verdict: 'right' })
    expect(result!.error).toBeLessThan(1e-4)
  })

  it('what a probe finds wrong is left out', { timeout: slow }, async () => {
    const cases = probeCases().filter(({ name }) =>
      /^(Neg|Cos|Conv, 1x1 of odd|Multi.*, 64 on 64, 2 of 40)/.test(name),
    )
    const memory = emptyMemory()
    const device = await openDevice({ provider: 'webgpu', memory, cases })
    expect(device.provider).toBe('webgpu')
    expect(memory.records.size).toBe(1)
    for (const one of await results(cases, device)) {
      const isFused = one.op === 'MultiHeadAttention'
      if (!isFused || device.fused.has('MultiHeadAttention')) expect(one.verdict).toBe('right')
    }
    if (!device.name.startsWith('SwiftShader')) return
    expect([...device.fused]).toEqual(['QuickGelu', 'Gelu', 'FusedMatMul'])
    expect(device.cpuOps).toEqual(new Set(['Cos']))
  })
})

function results(cases: readonly ProbeCase[], device: Device) {
  const bench: ProbeBench = {
    device,
    reference: cpuDevice,
    open: (program, on, options) => createSession(program, on, counters(), options),
    clock: () => 0,
  }
  return Array.fromAsync(runProbe(cases, bench))
}
