import { describe, expect, it } from 'vitest'
import { type OpName, ops } from '../../engine/onnx/ops/index.ts'
import { cpuDevice } from '../../engine/runtime/device.ts'
import { type ProbeCase, probeCases } from '../../engine/runtime/probe-cases.ts'
import { createSession, newCounters } from '../../engine/runtime/session.ts'
import { boundSymbols, relativeDifference, sizesOfShape } from './numbers.ts'
import { evaluate } from './reference.ts'

/** Of float32; looser where the runtime approximates exp and erf. */
const tolerance = 1e-6
const looser: Partial<Record<OpName, number>> = {
  Exp: 1e-5,
  Erf: 1e-5,
  Gelu: 1e-5,
  QuickGelu: 1e-5,
  Sigmoid: 1e-5,
  Tanh: 1e-5,
  Softmax: 1e-5,
  MultiHeadAttention: 1e-5,
  // float32 loses digits of a variance when the mean is large.
  InstanceNormalization: 1e-5,
  LayerNormalization: 1e-5,
}

const cases = probeCases()

describe('the table of ops', () => {
  it('has a case for every op', () => {
    const covered = new Set(cases.map(({ op }) => op))
    expect(Object.keys(ops).filter((op) => !covered.has(op as OpName))).toEqual([])
  })

  it('has cases of different names that use the op they are for', () => {
    expect(new Set(cases.map(({ name }) => name)).size).toBe(cases.length)
    for (const { name, op, program } of cases) {
      expect([name, program.operations.some((it) => it.op === op)]).toEqual([name, true])
    }
  })
})

describe('on the processor', () => {
  it.each(cases.map((one) => [one.name, one] as const))('%s is right', async (_, one) => {
    await check(one)
  })
})

/** Shapes by the rule of the op, numbers by the reference, at every size. */
async function check({ program, op, feeds }: ProbeCase): Promise<void> {
  const session = await createSession(program, cpuDevice, newCounters())
  for (const feed of feeds) {
    const sizes = boundSymbols(program.inputs, feed)
    const expected = evaluate(program, feed)
    const results = await session.run(feed)
    for (const { name, shape } of program.outputs) {
      const { data, shape: found } = results[name]!
      expect(found).toEqual(sizesOfShape(shape, sizes))
      expect(expected.get(name)!.shape).toEqual(found)
      const difference = relativeDifference(Array.from(data, Number), expected.get(name)!.data)
      expect(difference).toBeLessThanOrEqual(looser[op] ?? tolerance)
    }
  }
  await session.release()
}
