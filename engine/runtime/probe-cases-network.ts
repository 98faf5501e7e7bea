import type { Builder } from '../onnx/builder.ts'
import { integers, vector } from '../onnx/express.ts'
import type { Value } from '../onnx/value.ts'
import type { CaseEntry } from './probe-cases.ts'
import { seededNumbers } from './probe-data.ts'
import { sizeOf } from './tensor.ts'

/** Cases of the ops with weights, norms and attention. */
export function networkCases(): CaseEntry[] {
  return [
    ...convCases(),
    ...runtimeConvs,
    ...gemmCases(),
    ...products,
    ...normCases(),
    ...softmaxCases(),
    ...reductions(),
    ...attentionCases(),
  ]
}

/** Title, weight shape, pads, stride. */
const convs: readonly (readonly [string, readonly number[], readonly number[], number])[] = [
  ['1x1', [24, 16, 1, 1], [0, 0, 0, 0], 1],
  ['1x1 of odd channels', [7, 5, 1, 1], [0, 0, 0, 0], 1],
  ['3x3', [16, 16, 3, 3], [1, 1, 1, 1], 1],
  ['3x3 into a picture', [32, 4, 3, 3], [1, 1, 1, 1], 1],
  ['3x3 out of a picture', [4, 32, 3, 3], [1, 1, 1, 1], 1],
  ['3x3 of odd channels', [7, 9, 3, 3], [1, 1, 1, 1], 1],
  ['3x3 of many channels', [64, 96, 3, 3], [1, 1, 1, 1], 1],
  ['3x3 by two', [8, 12, 3, 3], [1, 1, 1, 1], 2],
  ['3x3 by two, padded right and below', [8, 8, 3, 3], [0, 0, 1, 1], 2],
]

function convCases(): CaseEntry[] {
  return convs.map(([title, shape, pads, stride]) => ({
    op: 'Conv',
    title,
    inputs: { x: { shape: ['n', shape[1]!, 'h', 'w'] } },
    sizes: [
      { n: 1, h: 8, w: 8 },
      { n: 2, h: 9, w: 6 },
    ],
    build(builder, [x]) {
      const weights = [weight(builder, title, shape), weight(builder, `${title} b`, [shape[0]!])]
      return builder.op('Conv', [x, ...weights], convAttributes(shape.slice(2), pads, stride))
    },
  }))
}

/** Convolutions whose weights are fed, as those of LoRAs are. */
const runtimeConvs: readonly CaseEntry[] = [
  {
    op: 'Conv',
    title: '3x3 with fed weights of any rank',
    inputs: { x: { shape: ['n', 12, 'h', 'w'] }, down: { shape: ['r', 12, 3, 3] } },
    sizes: [
      { n: 1, h: 8, w: 8, r: 1 },
      { n: 2, h: 5, w: 7, r: 3 },
      { n: 2, h: 8, w: 8, r: 24 },
    ],
    build: (builder, inputs) => builder.op('Conv', inputs, convAttributes([3, 3], [1, 1, 1, 1], 1)),
  },
  {
    op: 'Conv',
    title: '1x1 with fed weights of any rank',
    inputs: { x: { shape: ['n', 'r', 'h', 'w'] }, up: { shape: [20, 'r', 1, 1] } },
    sizes: [
      { n: 1, h: 8, w: 8, r: 1 },
      { n: 2, h: 5, w: 7, r: 3 },
      { n: 2, h: 8, w: 8, r: 24 },
    ],
    build: (builder, inputs) => builder.op('Conv', inputs, convAttributes([1, 1], [0, 0, 0, 0], 1)),
  },
]

/** Inner size and columns of linear layers, with and without a bias. */
const linears: readonly (readonly [number, number, boolean])[] = [
  [33, 17, true],
  [64, 64, true],
  [96, 320, false],
  [320, 40, true],
]

function gemmCases(): CaseEntry[] {
  return linears.map(([inner, columns, biased]) => ({
    op: 'Gemm',
    title: `${inner} to ${columns}${biased ? ' with a bias' : ''}`,
    inputs: { x: { shape: ['m', inner] } },
    sizes: [{ m: 1 }, { m: 77 }, { m: 64 }],
    build(builder, [x]) {
      const title = `linear ${inner} ${columns}`
      const bias = biased ? [weight(builder, `${title} b`, [columns])] : []
      const matrix = weight(builder, title, [columns, inner])
      return builder.op('Gemm', [x, matrix, ...bias], { transB: 1 })
    },
  }))
}

const ranks = [
  { n: 1, t: 16, r: 1 },
  { n: 2, t: 77, r: 4 },
  { n: 2, t: 64, r: 20 },
]

const products: readonly CaseEntry[] = [
  {
    op: 'MatMul',
    title: 'tokens by a fed matrix of any rank',
    inputs: { x: { shape: ['n', 't', 40] }, down: { shape: [40, 'r'] } },
    sizes: ranks,
    build: (builder, inputs) => builder.op('MatMul', inputs),
  },
  {
    op: 'MatMul',
    title: 'ranks by a fed matrix',
    inputs: { x: { shape: ['n', 't', 'r'] }, up: { shape: ['r', 40] } },
    sizes: ranks,
    build: (builder, inputs) => builder.op('MatMul', inputs),
  },
  {
    op: 'MatMul',
    title: 'one row by a fed matrix',
    inputs: { x: { shape: ['n', 24] }, down: { shape: [24, 'r'] } },
    sizes: [
      { n: 1, r: 1 },
      { n: 2, r: 9 },
    ],
    build: (builder, inputs) => builder.op('MatMul', inputs),
  },
  {
    op: 'MatMul',
    title: 'scores of attention',
    inputs: { q: { shape: ['n', 2, 't', 40] }, k: { shape: ['n', 2, 40, 'o'] } },
    sizes: [
      { n: 1, t: 16, o: 16 },
      { n: 2, t: 64, o: 77 },
    ],
    build: (builder, inputs) => builder.op('MatMul', inputs),
  },
]

function normCases(): CaseEntry[] {
  // Off centre, as activations are: a variance by differences of squares loses digits here. And
  // small, so that the epsilon counts.
  const ranges = [
    ['groups off centre', 1e-5, [1, 5]],
    ['small groups', 1e-5, [-0.01, 0.01]],
    ['small groups with a small epsilon', 1e-6, [-0.01, 0.01]],
  ] as const
  const groups = ranges.map(
    ([title, epsilon, range]): CaseEntry => ({
      op: 'InstanceNormalization',
      title,
      inputs: { x: { shape: ['n', 8, 'm'], range } },
      sizes: [
        { n: 1, m: 16 },
        { n: 2, m: 189 },
        { n: 1, m: 1024 },
      ],
      build(builder, [x]) {
        const ones = vector(builder, new Array(8).fill(1), [8])
        const zeros = vector(builder, new Array(8).fill(0), [8])
        const attributes = { epsilon: { float: epsilon } }
        return builder.op('InstanceNormalization', [x, ones, zeros], attributes)
      },
    }),
  )
  const layers = [33, 64, 320, 1280].map(
    (width): CaseEntry => ({
      op: 'LayerNormalization',
      title: `width ${width}`,
      inputs: { x: { shape: ['n', 't', width], range: [-1, 3] } },
      sizes: [
        { n: 1, t: 3 },
        { n: 2, t: 16 },
      ],
      build: (builder, [x]) =>
        builder.op(
          'LayerNormalization',
          [
            x,
            weight(builder, `norm ${width}`, [width]),
            weight(builder, `shift ${width}`, [width]),
          ],
          { axis: -1, epsilon: { float: 1e-5 } },
        ),
    }),
  )
  return [...groups, ...layers]
}

function softmaxCases(): CaseEntry[] {
  return [16, 77, 257, 1024].map((width) => ({
    op: 'Softmax',
    title: `over ${width}`,
    inputs: { x: { shape: ['n', 2, 't', width], range: [-8, 8] } },
    sizes: [
      { n: 1, t: 5 },
      { n: 2, t: 16 },
    ],
    build: (builder, [x]) => builder.op('Softmax', [x], { axis: -1 }),
  }))
}

function reductions(): CaseEntry[] {
  return (['ReduceMean', 'ReduceSum'] as const).flatMap((op) =>
    [[-1], [2, 3]].map((axes) => ({
      op,
      title: `axes ${axes.join(' ')}`,
      inputs: { x: { shape: ['n', 6, 'h', 'w'], range: [-1, 2] } },
      sizes: [
        { n: 1, h: 4, w: 4 },
        { n: 2, h: 5, w: 33 },
      ],
      build: (builder, [x]) => builder.op(op, [x, integers(builder, axes)]),
    })),
  )
}

/** Heads, head size, and pairs of query tokens and other tokens that one session sees. */
const attentions: readonly (readonly [number, number, readonly (readonly [number, number])[]])[] = [
  [
    2,
    40,
    [
      [16, 16],
      [16, 77],
    ],
  ],
  [
    1,
    8,
    [
      [17, 77],
      [5, 3],
    ],
  ],
  [2, 40, [[64, 64]]],
  [
    2,
    64,
    [
      [64, 77],
      [16, 77],
    ],
  ],
  [2, 80, [[64, 64]]],
  [2, 40, [[256, 256]]],
  [
    1,
    64,
    [
      [256, 77],
      [64, 77],
    ],
  ],
  [1, 160, [[256, 256]]],
  [
    4,
    8,
    [
      [256, 256],
      [64, 64],
      [1024, 77],
    ],
  ],
]

function attentionCases(): CaseEntry[] {
  return attentions.map(([heads, size, pairs]) => ({
    op: 'MultiHeadAttention',
    title: `${pairs.map(([t, o]) => `${t} on ${o}`).join(', ')}, ${heads} of ${size}`,
    inputs: {
      q: { shape: ['n', 't', heads * size] },
      k: { shape: ['n', 'o', heads * size] },
      v: { shape: ['n', 'o', heads * size] },
    },
    sizes: pairs.map(([t, o], index) => ({ n: index === 0 ? 2 : 1, t, o })),
    build: (builder, inputs) => builder.op('MultiHeadAttention', inputs, { num_heads: heads }),
  }))
}

function convAttributes(kernel: readonly number[], pads: readonly number[], stride: number) {
  return { kernel_shape: kernel, pads, strides: [stride, stride] }
}

/** Constant weights, scaled as trained ones are so that results stay near 1. */
function weight(builder: Builder, seed: string, shape: readonly number[]): Value {
  const inner = Math.max(1, sizeOf(shape.slice(1)))
  const spread = Math.sqrt(3 / inner)
  return vector(builder, [...seededNumbers(seed, sizeOf(shape), -spread, spread)], shape)
}
