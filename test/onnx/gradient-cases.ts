import type { Shape } from '../../engine/onnx/dims.ts'
import {
  cast,
  integers,
  joinSizes,
  mul,
  reshape,
  sizesOf,
  split,
  transpose,
  vector,
} from '../../engine/onnx/express.ts'
import type { OpName } from '../../engine/onnx/ops/index.ts'
import type { Attribute } from '../../engine/onnx/value.ts'
import { networkGradients } from './gradient-cases-network.ts'
import type { GradientSetup } from './gradient-check.ts'

/** A case of a gradient: the op it is for, and what is special about it. */
export interface GradientCase extends GradientSetup {
  op: OpName
  title: string
}

type Range = readonly [number, number]

/** Ops of one input and a range in which they are smooth. */
const unaryOps: readonly (readonly [OpName, Range, Readonly<Record<string, Attribute>>?])[] = [
  ['Neg', [-1, 1]],
  ['Abs', [0.1, 2]],
  ['Abs', [-2, -0.1]],
  ['Exp', [-2, 2]],
  ['Log', [0.2, 4]],
  ['Sin', [-3, 3]],
  ['Cos', [-3, 3]],
  ['Erf', [-2, 2]],
  ['Sqrt', [0.3, 4]],
  ['Reciprocal', [0.5, 3]],
  ['Sigmoid', [-4, 4]],
  ['Tanh', [-3, 3]],
  ['Gelu', [-3, 3]],
  ['QuickGelu', [-4, 4], { alpha: { float: 1 } }],
  ['QuickGelu', [-4, 4], { alpha: { float: 1.702 } }],
  ['Identity', [-1, 1]],
]

const binaryOps: readonly (readonly [OpName, Range, Range])[] = [
  ['Add', [-1, 1], [-1, 1]],
  ['Sub', [-1, 1], [-1, 1]],
  ['Mul', [-1, 1], [-1, 1]],
  ['Div', [-1, 1], [0.5, 2]],
  ['Min', [-1, 1], [-1, 1]],
  ['Max', [-1, 1], [-1, 1]],
]

/** How two shapes may meet: each way of a broadcast, in numbers and in symbols. */
const meetings: readonly (readonly [Shape, Shape])[] = [
  [
    ['n', 3, 'm'],
    ['n', 3, 'm'],
  ],
  [['n', 3, 'm'], []],
  [[3], ['n', 2, 3]],
  [
    ['n', 1, 'm'],
    [5, 'm'],
  ],
  [
    [1, 4, 'h', 'w'],
    ['n', 4, 1, 1],
  ],
]

const sizes = { n: 2, m: 3, h: 2, w: 3 }

/** Every rule at least once; those with more than one way, each of them. */
export const gradientCases: readonly GradientCase[] = [
  ...unaryOps.map(
    ([op, range, attributes], index): GradientCase => ({
      op,
      title: `${range.join(' to ')} (${index})`,
      sizes,
      inputs: { x: { shape: ['n', 5, 'm'], range, isTrained: true } },
      build: (builder, [x]) => builder.op(op, [x], attributes),
    }),
  ),
  ...binaryOps.flatMap(([op, left, right]) =>
    meetings.map(
      ([first, second]): GradientCase => ({
        op,
        title: `[${first}] and [${second}]`,
        sizes,
        inputs: {
          a: { shape: first, range: left, isTrained: true },
          b: { shape: second, range: right, isTrained: true },
        },
        build: (builder, [a, b]) => builder.op(op, [a, b]),
      }),
    ),
  ),
  {
    op: 'Mul',
    title: 'a value by itself, and added to itself',
    sizes,
    inputs: { x: { shape: ['n', 3], isTrained: true } },
    build: (builder, [x]) => builder.op('Add', [mul(builder, x!, x!), x]),
  },
  {
    op: 'Pow',
    title: 'a constant exponent',
    sizes,
    inputs: { x: { shape: ['n', 5], range: [0.3, 2], isTrained: true } },
    build: (builder, [x]) => builder.op('Pow', [x, vector(builder, [2, 3, 1, -1, 0.5], [5])]),
  },
  {
    op: 'Where',
    title: 'both choices broadcast',
    sizes,
    inputs: {
      a: { shape: ['n', 1, 4], isTrained: true },
      b: { shape: [3, 1], isTrained: true },
      c: { shape: ['n', 3, 4] },
    },
    build: (builder, [a, b, c]) =>
      builder.op('Where', [builder.op('Less', [c, vector(builder, [0], [])]), a, b]),
  },
  {
    op: 'Cast',
    title: 'to half precision and back',
    sizes,
    inputs: { x: { shape: ['n', 3], isTrained: true } },
    build: (builder, [x]) => cast(builder, cast(builder, x!, 'float16'), 'float32'),
  },
  ...layoutGradients(),
  ...networkGradients,
]

function layoutGradients(): GradientCase[] {
  const nearest = {
    mode: 'nearest',
    coordinate_transformation_mode: 'asymmetric',
    nearest_mode: 'floor',
  }
  const planes = { shape: ['n', 4, 'h', 'w'] as Shape, isTrained: true }
  return [
    {
      op: 'Reshape',
      title: 'to groups',
      sizes,
      inputs: { x: planes },
      build: (builder, [x]) => reshape(builder, x!, [0, 2, -1]),
    },
    {
      op: 'Reshape',
      title: 'to sizes asked of another value',
      sizes,
      inputs: { x: { shape: ['n', 'h*w', 4], isTrained: true }, like: { shape: ['n', 'h', 'w'] } },
      build(builder, [x, like]) {
        const front = joinSizes(builder, [sizesOf(builder, like!, 0, 3), 4])
        return builder.op('Reshape', [x, front])
      },
    },
    {
      op: 'Unsqueeze',
      title: 'in front and behind',
      sizes,
      inputs: { x: { shape: ['n', 3], isTrained: true } },
      build: (builder, [x]) => builder.op('Unsqueeze', [x, integers(builder, [0, 3])]),
    },
    {
      op: 'Transpose',
      title: 'an order that is not its own inverse',
      sizes,
      inputs: { x: planes },
      build: (builder, [x]) => transpose(builder, x!, [2, 0, 3, 1]),
    },
    {
      op: 'Concat',
      title: 'three parts, one of them frozen',
      sizes,
      inputs: { a: planes, b: { shape: ['n', 1, 'h', 'w'] }, c: planes },
      build: (builder, inputs) => builder.op('Concat', inputs, { axis: 1 }),
    },
    {
      op: 'Concat',
      title: 'one value twice, by a negative axis',
      sizes,
      inputs: { a: { shape: ['n', 3], isTrained: true } },
      build: (builder, [a]) => builder.op('Concat', [a, a], { axis: -1 }),
    },
    {
      op: 'Split',
      title: 'every part is used',
      sizes,
      inputs: { x: planes },
      build: (builder, [x]) => split(builder, x!, [1, 3], 1),
    },
    {
      op: 'Split',
      title: 'the middle part is not used',
      sizes,
      inputs: { x: { shape: ['n', 'm', 6], isTrained: true } },
      build(builder, [x]) {
        const [first, , last] = split(builder, x!, [1, 2, 3], -1)
        return [first!, last!]
      },
    },
    {
      op: 'Slice',
      title: 'from the end, beyond the end, by negative axes',
      sizes,
      inputs: { x: { shape: ['n', 5, 6], isTrained: true } },
      build(builder, [x]) {
        const given = [
          [-4, 1],
          [99, -1],
          [1, -1],
        ].map((it) => integers(builder, it))
        return builder.op('Slice', [x, ...given])
      },
    },
    {
      op: 'Slice',
      title: 'the first axes',
      inputs: { x: { shape: [5, 6], isTrained: true } },
      build: (builder, [x]) =>
        builder.op('Slice', [x, integers(builder, [1, 2]), integers(builder, [4, 6])]),
    },
    {
      op: 'Pad',
      title: 'outward and inward',
      sizes,
      inputs: { x: { shape: ['n', 2, 'h', 3], isTrained: true } },
      build: (builder, [x]) =>
        builder.op('Pad', [x, integers(builder, [0, 0, -1, 2, 0, 1, 1, -1])]),
    },
    {
      op: 'Gather',
      title: 'rows of a table, some of them more than once',
      inputs: {
        table: { shape: [7, 3], isTrained: true },
        ids: { shape: [2, 4], positions: [0, 6, 3, 3, 6, 6, 1, 0] },
      },
      build: (builder, [table, ids]) => builder.op('Gather', [table, ids], { axis: 0 }),
    },
    {
      op: 'Expand',
      title: 'a row to a batch',
      sizes,
      inputs: { x: { shape: [1, 1, 4], isTrained: true }, like: { shape: ['n', 'm', 4] } },
      build: (builder, [x, like]) => builder.op('Expand', [x, sizesOf(builder, like!, 0, 3)]),
    },
    {
      op: 'Resize',
      title: 'by scales',
      sizes,
      inputs: { x: planes },
      build(builder, [x]) {
        const bytes = new Uint8Array(new Float32Array([1, 1, 2, 2]).buffer)
        const scales = builder.constant('float32', [4], bytes, [1, 1, 2, 2])
        return builder.op('Resize', [x, undefined, scales], nearest)
      },
    },
    {
      op: 'Resize',
      title: 'to the sizes of another value',
      sizes: { ...sizes, '2*h': 4, '2*w': 6 },
      inputs: { x: planes, like: { shape: ['n', 1, '2*h', '2*w'] } },
      build(builder, [x, like]) {
        const front = [sizesOf(builder, x!, 0, 1), 4, sizesOf(builder, like!, 2, 4)]
        return builder.op('Resize', [x, undefined, undefined, joinSizes(builder, front)], nearest)
      },
    },
    ...(['ReduceSum', 'ReduceMean'] as const).flatMap((op) =>
      ([[-1], [2, 3], [1], [0, 2, 3]] as const).flatMap((axes) =>
        [1, 0].map(
          (keepdims): GradientCase => ({
            op,
            title: `axes ${axes.join(' ')}, ${keepdims ? 'which stay as 1' : 'which go'}`,
            sizes,
            inputs: { x: planes },
            build: (builder, [x]) => builder.op(op, [x, integers(builder, axes)], { keepdims }),
          }),
        ),
      ),
    ),
  ]
}
