import type { Shape } from '../../engine/onnx/dims.ts'
import { vector } from '../../engine/onnx/express.ts'
import type { GradientCase } from './gradient-cases.ts'

const sizes = { n: 2, t: 3, o: 4, h: 4, w: 6, '2*h': 4, '2*w': 6 }

/** Shapes of products that networks have, and the broadcasts between them. */
const products: readonly (readonly [Shape, Shape])[] = [
  [
    [3, 5],
    [5, 4],
  ],
  [
    ['n', 't', 5],
    [5, 4],
  ],
  [
    ['n', 2, 't', 5],
    ['n', 2, 5, 'o'],
  ],
  [
    ['n', 1, 't', 5],
    [3, 5, 'o'],
  ],
  [
    [3, 5],
    ['n', 5, 'o'],
  ],
]

const gemms = [0, 1].flatMap((transA) =>
  [0, 1].flatMap((transB) =>
    [undefined, [4], [1, 4], ['t', 4]].map((bias) => ({ transA, transB, bias })),
  ),
)

/** Title, kernel `[out, in, height, width]`, pads, stride, size of the input. */
const convs: readonly (readonly [
  string,
  readonly number[],
  readonly number[],
  number,
  readonly (number | string)[],
])[] = [
  ['1x1', [3, 2, 1, 1], [0, 0, 0, 0], 1, ['h', 'w']],
  ['3x3', [3, 2, 3, 3], [1, 1, 1, 1], 1, ['h', 'w']],
  ['3x3 without padding', [2, 2, 3, 3], [0, 0, 0, 0], 1, [5, 4]],
  ['3x3 with more padding than kernel', [2, 1, 3, 3], [3, 0, 1, 2], 1, [4, 5]],
  ['3x3 padded right and below', [2, 2, 3, 3], [0, 0, 1, 1], 1, [5, 4]],
  ['2x3', [2, 3, 2, 3], [1, 1, 0, 1], 1, [4, 4]],
  ['3x3 by two', [3, 2, 3, 3], [1, 1, 1, 1], 2, ['2*h', '2*w']],
  ['3x3 by two, padded right and below', [2, 3, 3, 3], [0, 0, 1, 1], 2, ['2*h', '2*w']],
  ['3x3 by two of odd sizes', [2, 2, 3, 3], [1, 1, 1, 1], 2, [5, 7]],
  ['1x1 by two', [2, 2, 1, 1], [0, 0, 0, 0], 2, ['2*h', '2*w']],
]

function convCases(): GradientCase[] {
  return convs.flatMap(([title, shape, pads, stride, size]) =>
    [true, false].map((isTrained): GradientCase => {
      const [out, inner] = shape as [number, number]
      return {
        op: 'Conv',
        title: `${title}, ${isTrained ? 'trained' : 'frozen'} kernel`,
        sizes,
        inputs: {
          x: { shape: ['n', inner, ...size], isTrained: true },
          w: { shape, isTrained },
          b: { shape: [out], isTrained },
        },
        build: (builder, inputs) =>
          builder.op('Conv', inputs, {
            kernel_shape: shape.slice(2),
            pads,
            strides: [stride, stride],
          }),
      }
    }),
  )
}

function normCases(): GradientCase[] {
  const groups = { shape: ['n', 3, 'o'] as Shape, range: [-1, 2] as const, isTrained: true }
  const epsilon = { epsilon: { float: 1e-5 } }
  return [
    {
      op: 'InstanceNormalization',
      title: 'ones and zeros',
      sizes,
      inputs: { x: groups },
      build(builder, [x]) {
        const ones = vector(builder, [1, 1, 1], [3])
        const zeros = vector(builder, [0, 0, 0], [3])
        return builder.op('InstanceNormalization', [x, ones, zeros], epsilon)
      },
    },
    {
      op: 'InstanceNormalization',
      title: 'weights over planes',
      sizes,
      inputs: {
        x: { shape: ['n', 3, 'h', 'w'], isTrained: true },
        w: { shape: [3], isTrained: true },
        b: { shape: [3], isTrained: true },
      },
      build: (builder, inputs) => builder.op('InstanceNormalization', inputs, epsilon),
    },
    {
      op: 'InstanceNormalization',
      title: 'small numbers, where the epsilon counts',
      sizes,
      inputs: { x: { ...groups, range: [-0.01, 0.01] }, w: { shape: [3] }, b: { shape: [3] } },
      build: (builder, inputs) =>
        builder.op('InstanceNormalization', inputs, { epsilon: { float: 1e-2 } }),
    },
    {
      op: 'LayerNormalization',
      title: 'weights and bias',
      sizes,
      inputs: {
        x: { shape: ['n', 't', 6], isTrained: true },
        w: { shape: [6], isTrained: true },
        b: { shape: [6], isTrained: true },
      },
      build: (builder, inputs) =>
        builder.op('LayerNormalization', inputs, { axis: -1, ...epsilon }),
    },
    {
      op: 'LayerNormalization',
      title: 'frozen weights without bias',
      sizes,
      inputs: { x: { shape: ['n', 6], isTrained: true }, w: { shape: [6] } },
      build: (builder, inputs) =>
        builder.op('LayerNormalization', inputs, { axis: -1, ...epsilon }),
    },
  ]
}

/** Cases of the ops with weights, norms and softmax. */
export const networkGradients: readonly GradientCase[] = [
  ...products.map(
    ([left, right]): GradientCase => ({
      op: 'MatMul',
      title: `[${left}] and [${right}]`,
      sizes,
      inputs: { a: { shape: left, isTrained: true }, b: { shape: right, isTrained: true } },
      build: (builder, inputs) => builder.op('MatMul', inputs),
    }),
  ),
  ...gemms.map(
    ({ transA, transB, bias }): GradientCase => ({
      op: 'Gemm',
      title: `transA ${transA}, transB ${transB}, bias ${bias ? `[${bias}]` : 'absent'}`,
      sizes,
      inputs: {
        a: { shape: transA ? [5, 't'] : ['t', 5], isTrained: true },
        b: { shape: transB ? [4, 5] : [5, 4], isTrained: true },
        ...(bias && { c: { shape: bias, isTrained: true } }),
      },
      build: (builder, inputs) => builder.op('Gemm', inputs, { transA, transB }),
    }),
  ),
  {
    op: 'Softmax',
    title: 'the last axis',
    sizes,
    inputs: { x: { shape: ['n', 't', 'o'], range: [-3, 3], isTrained: true } },
    build: (builder, [x]) => builder.op('Softmax', [x], { axis: -1 }),
  },
  ...convCases(),
  ...normCases(),
]
