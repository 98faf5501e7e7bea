import { describe, expect, it } from 'vitest'
import { FormatError } from '../../engine/errors.ts'
import { type Builder, createBuilder } from '../../engine/onnx/builder.ts'
import { integers, mul, reshape, vector } from '../../engine/onnx/express.ts'
import { gradient } from '../../engine/onnx/gradient.ts'
import { rules } from '../../engine/onnx/gradients/index.ts'
import { type OpName, ops } from '../../engine/onnx/ops/index.ts'
import type { Value } from '../../engine/onnx/value.ts'
import { cpuDevice } from '../../engine/runtime/device.ts'
import { createSession, newCounters } from '../../engine/runtime/session.ts'
import type { HostTensor } from '../../engine/runtime/tensor.ts'
import { type GradientCase, gradientCases } from './gradient-cases.ts'
import { type GradientProgram, gradientProgram, slopes } from './gradient-check.ts'
import { relativeDifference } from './numbers.ts'
import { evaluate } from './reference.ts'

describe('the table of gradients', () => {
  it('has a case for every rule', () => {
    const covered = new Set<string>(gradientCases.map(({ op }) => op))
    expect(Object.keys(rules).filter((op) => !covered.has(op))).toEqual([])
  })

  it('has cases of different names that use the op they are for', () => {
    const names = gradientCases.map(({ op, title }) => `${op}, ${title}`)
    expect(new Set(names).size).toBe(names.length)
    for (const one of gradientCases) {
      const used = gradientProgram(one).program.operations.map(({ op }) => op)
      expect([one.title, used.includes(one.op)]).toEqual([one.title, true])
    }
  })

  it('leaves out only comparisons, sizes and what no loss passes through', () => {
    expect(Object.keys(ops).filter((op) => !(op in rules))).toEqual([
      ...['Equal', 'Less', 'Shape', 'FusedMatMul', 'ConvTranspose', 'AveragePool'],
      'MultiHeadAttention',
    ])
  })
})

describe('a gradient is the slope of the loss', () => {
  it.each(
    gradientCases.map((one) => [`${one.op}, ${one.title}`, one] as const),
  )('%s', async (_, one) => {
    const built = gradientProgram(one)
    checkSlopes(built)
    await checkRuntime(built, one)
  })
})

/** The reference's gradient against its own loss; constants are stored as float32. */
function checkSlopes(built: GradientProgram): void {
  for (const { name, byGradient, byDifference, shape } of slopes(built)) {
    expect(shape, name).toEqual(built.feeds[name]!.shape)
    const difference = Math.abs(byGradient - byDifference)
    expect(difference / Math.max(Math.abs(byDifference), 0.01), name).toBeLessThanOrEqual(1e-6)
  }
}

/** Ops that the runtime rounds or approximates. */
const looser: Partial<Record<OpName, number>> = { Cast: 1e-3 }

async function checkRuntime({ program, feeds }: GradientProgram, { op }: GradientCase) {
  const session = await createSession(program, cpuDevice, newCounters())
  const given = program.inputs.map(({ name, type }): [string, HostTensor] => {
    const { data, shape } = feeds[name]!
    const isWhole = type === 'int64'
    return [name, { shape, data: isWhole ? wholes(data) : Float32Array.from(data) }]
  })
  const found = await session.run(Object.fromEntries(given))
  const expected = evaluate(program, feeds)
  for (const { name } of program.outputs) {
    const { data, shape } = expected.get(name)!
    expect(found[name]!.shape, name).toEqual(shape)
    const error = relativeDifference(Array.from(found[name]!.data, Number), data)
    expect(error, name).toBeLessThanOrEqual(looser[op] ?? 1e-5)
  }
  await session.release()
}

function wholes(data: readonly number[]): BigInt64Array {
  return BigInt64Array.from(data, (value) => BigInt(value))
}

describe('a loss that passes through an op without a rule is refused', () => {
  const through: Readonly<Record<string, (builder: Builder, x: Value) => Value>> = {
    FusedMatMul: (builder, x) =>
      builder.op('FusedMatMul', [flat(builder, x), flat(builder, x)], { transA: 1, transB: 0 }),
    ConvTranspose: (builder, x) =>
      builder.op('ConvTranspose', [x, vector(builder, [1, 1], [2, 1, 1, 1])], {
        kernel_shape: [1, 1],
      }),
    AveragePool: (builder, x) =>
      builder.op('AveragePool', [x], { kernel_shape: [2, 2], strides: [2, 2] }),
    MultiHeadAttention: (builder, x) => {
      const tokens = reshape(builder, x, [1, 4, 8])
      return builder.op('MultiHeadAttention', [tokens, tokens, tokens], { num_heads: 2 })
    },
  }
  const flat = (builder: Builder, x: Value) => reshape(builder, x, [4, 8])

  it.each(Object.entries(through))('%s', (op, build) => {
    const message = refusalOf((builder) => {
      const x = builder.input('x', 'float32', [1, 2, 4, 4])
      return [build(builder, x), [x]]
    })
    expect(message).toBe(`${op}: has no gradient, expected an op that a loss may pass through`)
  })
})

describe('a gradient is refused where', () => {
  const planes = [1, 2, 4, 4]

  it.each<[string, (builder: Builder) => [Value, Value[]], string]>([
    [
      'a parameter has no part in the loss',
      (builder) => {
        const [x, y] = ['x', 'y'].map((name) => builder.input(name, 'float32', [2]))
        return [builder.op('Neg', [x]), [x!, y!]]
      },
      'y: no gradient arrives, expected a part in the loss',
    ],
    [
      'a parameter is only compared',
      (builder) => {
        const [x, y] = ['x', 'y'].map((name) => builder.input(name, 'float32', [2]))
        return [builder.op('Where', [builder.op('Less', [y, x]), x, x]), [x!, y!]]
      },
      'y: no gradient arrives, expected a part in the loss',
    ],
    [
      'an exponent is trained',
      (builder) => {
        const x = builder.input('x', 'float32', [2])
        return [builder.op('Pow', [x, x]), [x]]
      },
      'Pow: gradient of exponent x is wanted, expected a constant',
    ],
    [
      'columns are picked',
      (builder) => {
        const x = builder.input('x', 'float32', [2, 3])
        return [builder.op('Gather', [x, integers(builder, [0])], { axis: 1 }), [x]]
      },
      'Gather: gradient for [2, 3], expected rows of a table of two axes',
    ],
    [
      'a picture grows by three',
      (builder) => {
        const x = builder.input('x', 'float32', planes)
        const bytes = new Uint8Array(new Float32Array([1, 1, 3, 3]).buffer)
        const scales = builder.constant('float32', [4], bytes, [1, 1, 3, 3])
        return [builder.op('Resize', [x, undefined, scales], { mode: 'nearest' }), [x]]
      },
      'Resize: gradient from [1, 2, 12, 12] to [1, 2, 4, 4], expected twice the height and width',
    ],
    [
      'a convolution has groups',
      (builder) => {
        const x = builder.input('x', 'float32', planes)
        const weight = vector(builder, [1, 1], [2, 1, 1, 1])
        return [builder.op('Conv', [x, weight], { kernel_shape: [1, 1], group: 2 }), [x]]
      },
      'Conv: gradient for groups or unequal strides, expected neither',
    ],
    [
      'a symbol may be odd under a stride of two',
      (builder) => {
        const x = builder.input('x', 'float32', [1, 1, 'h', 'w'])
        const weight = vector(builder, new Array(9).fill(1), [1, 1, 3, 3])
        const attributes = { kernel_shape: [3, 3], pads: [1, 1, 1, 1], strides: [2, 2] }
        return [builder.op('Conv', [x, weight], attributes), [x]]
      },
      'Conv: gradient from size (floor((h-1)/2)+1) to h, expected 2 times it',
    ],
  ])('%s', (_, build, message) => {
    expect(refusalOf(build)).toBe(message)
  })

  it('the gradient that arrives has another shape', () => {
    const builder = createBuilder('program')
    const x = builder.input('x', 'float32', [2])
    const y = mul(builder, x, x)
    expect(() => gradient(builder, [{ value: y, gradOut: vector(builder, [1], []) }], [x])).toThrow(
      `${y.name}: a gradient of shape [] arrives, expected [2]`,
    )
  })
})

/** The message with which the gradient of a result is refused. */
function refusalOf(build: (builder: Builder) => readonly [Value, readonly Value[]]): string {
  const builder = createBuilder('program')
  const [value, parameters] = build(builder)
  const gradOut = builder.input('gradOut', 'float32', value.shape)
  try {
    gradient(builder, [{ value, gradOut }], parameters)
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(FormatError)
    return (thrown as Error).message
  }
  return 'not refused'
}
