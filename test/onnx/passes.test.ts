import { describe, expect, test } from 'vitest'
import { createBuilder } from '../../engine/onnx/builder.ts'
import { add, mul, scalar } from '../../engine/onnx/express.ts'
import { mergeEqual, type Pass, standardPasses, withoutUnused } from '../../engine/onnx/passes.ts'
import type { Program } from '../../engine/onnx/value.ts'
import { cpuDevice } from '../../engine/runtime/device.ts'
import { createSession, newCounters } from '../../engine/runtime/session.ts'

/** `(2x + 2x) * sigmoid(2x)`, written wastefully, and an op that nobody asks for. */
function wasteful(passes: readonly Pass[]): Program {
  const builder = createBuilder('wasteful')
  const x = builder.input('x', 'float32', ['length'])
  const doubled = () => mul(builder, x, scalar(builder, 2))
  builder.op('Exp', [x])
  builder.output(
    'y',
    mul(builder, add(builder, doubled(), doubled()), builder.op('Sigmoid', [doubled()])),
  )
  return builder.finish(passes)
}

async function run(program: Program): Promise<number[]> {
  const counters = newCounters()
  const session = await createSession(program, cpuDevice, counters)
  const x = { data: new Float32Array([-1.5, 0, 0.25, 3]), shape: [4] }
  const { y } = await session.run({ x })
  await session.release()
  return [...(y!.data as Float32Array)]
}

describe('passes', () => {
  test('merge equal constants and equal ops', () => {
    const before = wasteful([])
    const after = wasteful([mergeEqual])
    const count = (program: Program, op: string) =>
      program.operations.filter((operation) => operation.op === op).length
    expect([before.initializers.length, after.initializers.length]).toEqual([3, 1])
    expect([count(before, 'Mul'), count(after, 'Mul')]).toEqual([4, 2])
  })

  test('leave out what no output needs', () => {
    const ops = (passes: readonly Pass[]) => wasteful(passes).operations.map(({ op }) => op)
    expect(ops([])).toContain('Exp')
    expect(ops([withoutUnused])).not.toContain('Exp')
  })

  test('change no number of the result', async () => {
    const reference = await run(wasteful([]))
    for (const pass of standardPasses) expect(await run(wasteful([pass]))).toEqual(reference)
    expect(await run(wasteful(standardPasses))).toEqual(reference)
  })
})
