import { describe, expect, it } from 'vitest'
import { FormatError } from '../../engine/errors.ts'
import { type Builder, createBuilder } from '../../engine/onnx/builder.ts'
import type { Shape } from '../../engine/onnx/dims.ts'
import { integers, reshape, split, transpose, vector } from '../../engine/onnx/express.ts'
import type { OpName } from '../../engine/onnx/ops/index.ts'
import type { Attribute, Value } from '../../engine/onnx/value.ts'

type Attributes = Record<string, Attribute>

/** Adds an op on inputs `a`, `b` … of these shapes and gives the message of the refusal. */
function refusal(op: OpName, shapes: readonly Shape[], attributes?: Attributes): string {
  return refusalOf((builder) => {
    const values = shapes.map((shape, index) => builder.input('abcd'[index]!, 'float32', shape))
    builder.op(op, values, attributes)
  })
}

function refusalOf(act: (builder: Builder) => void): string {
  try {
    act(createBuilder('program'))
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(FormatError)
    return (thrown as Error).message
  }
  return 'not refused'
}

const conv = { kernel_shape: [3, 3], pads: [1, 1, 1, 1], strides: [1, 1] }

describe('a program is refused where', () => {
  it.each<[string, OpName, Shape[], Attributes | undefined, string]>([
    [
      'sizes cannot be one',
      'Add',
      [
        ['n', 4],
        ['n', 5],
      ],
      undefined,
      'Add: shapes [n, 4] and [n, 5], expected sizes that are equal or 1',
    ],
    [
      'inner sizes differ',
      'MatMul',
      [
        ['n', 't', 8],
        [9, 4],
      ],
      undefined,
      'MatMul: [n, t, 8] and [9, 4], expected equal inner sizes',
    ],
    [
      'a linear layer has another width',
      'Gemm',
      [
        ['m', 8],
        [4, 9],
      ],
      { transB: 1 },
      'Gemm: inner size of b is 9, expected 8',
    ],
    [
      'a bias has another size',
      'Gemm',
      [['m', 8], [4, 8], [5]],
      { transB: 1 },
      'Gemm: size of c is 5, expected 4',
    ],
    [
      'tokens are not flattened',
      'Gemm',
      [
        ['n', 't', 8],
        [4, 8],
      ],
      { transB: 1 },
      'Gemm: a has shape [n, t, 8], expected 2 axes',
    ],
    [
      'channels mismatch',
      'Conv',
      [
        ['n', 4, 'h', 'w'],
        [8, 5, 3, 3],
      ],
      conv,
      'Conv: channels of a for b is 4, expected 5',
    ],
    [
      'a norm has another width',
      'LayerNormalization',
      [['n', 't', 8], [9]],
      { axis: -1 },
      'LayerNormalization: size of b is 9, expected 8',
    ],
    [
      'heads do not divide the width',
      'MultiHeadAttention',
      [
        ['n', 't', 10],
        ['n', 'o', 10],
        ['n', 'o', 10],
      ],
      { num_heads: 4 },
      'MultiHeadAttention: width is 10, expected a multiple of 4',
    ],
    [
      'keys have another width',
      'MultiHeadAttention',
      [
        ['n', 't', 8],
        ['n', 'o', 12],
        ['n', 'o', 12],
      ],
      { num_heads: 4 },
      'MultiHeadAttention: width of b is 12, expected 8',
    ],
    [
      'joined parts differ elsewhere',
      'Concat',
      [
        ['n', 4, 'h'],
        ['n', 4, 'w'],
      ],
      { axis: 1 },
      'Concat: axis 2 of b is w, expected h',
    ],
    [
      'an axis is not there',
      'Softmax',
      [['n', 4]],
      { axis: 2 },
      'Softmax: axis is 2, expected -2 to 1',
    ],
    [
      'an order of axes names one twice',
      'Transpose',
      [['n', 4]],
      { perm: [0, 0] },
      'Transpose: perm is 0,0, expected each axis once',
    ],
    ['inputs are too few', 'Conv', [['n', 4, 'h', 'w']], conv, 'Conv: 1 inputs, expected 2 to 3'],
    [
      'an attribute is absent',
      'Split',
      [['n', 4], [2]],
      undefined,
      'Split: attribute axis is undefined, expected a number',
    ],
  ])('%s', (_, op, shapes, attributes, message) => {
    expect(refusal(op, shapes, attributes)).toBe(message)
  })

  it.each<[string, (builder: Builder, x: Value) => void, string]>([
    [
      'elements would be lost',
      (builder, x) => reshape(builder, x, [0, 5]),
      'Reshape: [n, 6] to [n, 5], expected equal numbers of elements',
    ],
    [
      'parts do not sum up',
      (builder, x) => split(builder, x, [2, 3], 1),
      'Split: axis 1 is 6, expected 5',
    ],
    [
      'types are mixed',
      (builder, x) => builder.op('Mul', [x, vector(builder, [1], [1], 'float16')]),
      'Mul: x is float32 and constant_0 is float16, expected one type',
    ],
    [
      'sizes are computed at run time',
      (builder, x) => {
        const sizes = builder.input('sizes', 'int64', [2])
        builder.op('Reshape', [x, sizes])
      },
      'Reshape: sizes is computed, expected sizes known in advance',
    ],
    [
      'a symbol is expanded to another',
      (builder, x) => builder.op('Expand', [x, integers(builder, [2, 6])]),
      'Expand: axis 0 is n, expected 2',
    ],
    [
      'an order of axes is too short',
      (builder, x) => transpose(builder, x, [0]),
      'Transpose: length of perm is 1, expected 2',
    ],
    [
      'a name stands twice',
      (builder) => builder.input('x', 'float32', []),
      'program: two values are named x, expected one',
    ],
    [
      'a constant has too few bytes',
      (builder) => builder.constant('float32', [2], new Uint8Array(4)),
      'constant_0: 4 bytes, expected 8 for float32 [2]',
    ],
    [
      'a weight in its file has another size',
      (builder) => {
        const data = { file: 'weights.safetensors', offset: 0, length: 10 }
        builder.weight('w', 'float16', [2, 3], data)
      },
      'w: 10 bytes, expected 12 for float16 [2, 3]',
    ],
    [
      'a value is of another program',
      (builder) => {
        const foreign = createBuilder('other').input('y', 'float32', [1])
        builder.op('Neg', [foreign])
      },
      'Neg: y belongs to another program',
    ],
  ])('%s', (_, act, message) => {
    expect(refusalOf((builder) => act(builder, builder.input('x', 'float32', ['n', 6])))).toBe(
      message,
    )
  })
})

describe('a finished program', () => {
  it('holds no op and no constant that no output needs', () => {
    const builder = createBuilder('program')
    const x = builder.input('x', 'float32', ['n', 2])
    const unused = builder.input('unused', 'float32', [1])
    builder.op('Mul', [unused, vector(builder, [1], [1])])
    builder.output('y', builder.op('Neg', [x]))
    const program = builder.finish()
    expect(program.operations.map(({ op }) => op)).toEqual(['Neg', 'Identity'])
    expect(program.initializers).toEqual([])
    expect(program.inputs.map(({ name }) => name)).toEqual(['x', 'unused'])
  })

  it('holds a weight once, however often it is asked for', () => {
    const builder = createBuilder('program')
    const data = { file: 'weights.safetensors', offset: 0, length: 8 }
    const first = builder.weight('w', 'float32', [2], data)
    expect(builder.weight('w', 'float32', [2], data)).toBe(first)
    builder.output('y', builder.op('Add', [first, first]))
    expect(builder.finish().initializers).toHaveLength(1)
  })
})
