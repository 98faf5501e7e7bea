import { describe, expect, it } from 'vitest'
import type { Builder } from '../../engine/onnx/builder.ts'
import { add, integers, mul, scalar, sizesOf, split } from '../../engine/onnx/express.ts'
import type { Value } from '../../engine/onnx/value.ts'
import { cpuDevice } from '../../engine/runtime/device.ts'
import { createSession, newCounters } from '../../engine/runtime/session.ts'
import { gradientProgram, slopes } from './gradient-check.ts'
import { evaluate } from './reference.ts'

type Run = <T>(build: () => T) => T

interface SegmentCase {
  title: string
  /** Ops between `run`'s braces are those of a segment. */
  build(builder: Builder, inputs: readonly Value[], run: Run): Value | readonly Value[]
}

const soften = (builder: Builder, x: Value) => builder.op('Softmax', [x], { axis: -1 })

const cases: readonly SegmentCase[] = [
  {
    title: 'a chain of ops',
    build: (builder, [x, w], run) => {
      const y = mul(builder, x!, w!)
      return run(() => soften(builder, builder.op('Tanh', [y])))
    },
  },
  {
    title: 'a parameter is used inside and outside',
    build: (builder, [x, w], run) => {
      const y = run(() => soften(builder, mul(builder, x!, w!)))
      return add(builder, mul(builder, y, w!), x!)
    },
  },
  {
    title: 'several results, one of them unused and one only inside',
    build: (builder, [x, w], run) => {
      const [a, b] = run(() => {
        const parts = split(builder, builder.op('Sigmoid', [mul(builder, x!, w!)]), [1, 2, 3], 2)
        return [soften(builder, parts[1]!), builder.op('Exp', [parts[2]!])]
      })
      return [a!, b!]
    },
  },
  {
    title: 'a result that no loss sees',
    build: (builder, [x, w], run) => {
      const [used] = run(() => {
        const y = mul(builder, x!, w!)
        return [builder.op('Sin', [y]), builder.op('Exp', [y])]
      })
      return used!
    },
  },
  {
    title: 'a segment that no loss sees',
    build: (builder, [x, w], run) => {
      const y = mul(builder, x!, w!)
      run(() => builder.op('Exp', [y]))
      return builder.op('Sin', [y])
    },
  },
  {
    title: 'one segment after another, and one in another',
    build: (builder, [x, w], run) => {
      const y = run(() =>
        mul(
          builder,
          run(() => builder.op('Tanh', [x])),
          w!,
        ),
      )
      const z = run(() => add(builder, soften(builder, y), x!))
      return mul(builder, z, y)
    },
  },
  {
    title: 'sizes asked inside are used outside',
    build: (builder, [x, w], run) => {
      const [y, sizes] = run(() => {
        const product = mul(builder, builder.op('Sin', [x]), w!)
        return [builder.op('Tanh', [product]), sizesOf(builder, product, 0, 3)] as const
      })
      const mean = builder.op('ReduceMean', [y, integers(builder, [0, 1])])
      return add(builder, builder.op('Expand', [mean, sizes]), y)
    },
  },
  {
    title: 'a single number goes in',
    build: (builder, [x, w], run) => {
      const total = builder.op('ReduceSum', [w, integers(builder, [0, 1, 2])], { keepdims: 0 })
      const half = mul(builder, total, scalar(builder, 0.5))
      return run(() => builder.op('Sin', [mul(builder, x!, half)]))
    },
  },
]

const setup = ({ build }: SegmentCase, isRecomputed: boolean) => ({
  sizes: { n: 2, t: 3 },
  inputs: {
    x: { shape: ['n', 't', 6], isTrained: true },
    w: { shape: [1, 1, 6], isTrained: true },
  },
  build: (builder: Builder, inputs: readonly Value[]) =>
    build(builder, inputs, isRecomputed ? builder.recomputed : (act) => act()),
})

describe('what is computed again gives the same gradient', () => {
  it.each(cases.map((one) => [one.title, one] as const))('%s', async (_, one) => {
    const plain = gradientProgram(setup(one, false))
    const again = gradientProgram(setup(one, true))
    for (const { name, byGradient, byDifference } of slopes(again)) {
      expect(Math.abs(byGradient - byDifference), name).toBeLessThanOrEqual(1e-6)
    }
    const expected = evaluate(plain.program, plain.feeds)
    const found = evaluate(again.program, again.feeds)
    const results = await onRuntime(again)
    for (const { name } of again.program.outputs) {
      const { data } = expected.get(name)!
      for (const [index, value] of data.entries()) {
        expect(found.get(name)!.data[index]).toBeCloseTo(value, 12)
        expect(results[name]!.data[index]).toBeCloseTo(value, 5)
      }
    }
  })

  it('adds the ops of a segment once more, and only where a gradient arrives', () => {
    const countOf = (index: number, op: string, isRecomputed: boolean) =>
      gradientProgram(setup(cases[index]!, isRecomputed)).program.operations.filter(
        (operation) => operation.op === op,
      ).length
    expect([countOf(0, 'Softmax', false), countOf(0, 'Softmax', true)]).toEqual([1, 2])
    expect([countOf(4, 'Exp', false), countOf(4, 'Exp', true)]).toEqual([0, 0])
  })
})

async function onRuntime({ program, feeds }: ReturnType<typeof gradientProgram>) {
  const session = await createSession(program, cpuDevice, newCounters())
  const given = program.inputs.map(({ name }) => {
    const { data, shape } = feeds[name]!
    return [name, { data: Float32Array.from(data), shape }]
  })
  const results = await session.run(Object.fromEntries(given))
  await session.release()
  return results
}
