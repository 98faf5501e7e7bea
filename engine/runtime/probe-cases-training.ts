import { integers, vector } from '../onnx/express.ts'
import type { CaseEntry } from './probe-cases.ts'
import { seededNumbers } from './probe-data.ts'
import { sizeOf } from './tensor.ts'

/** Cases of what only gradients use: products of transposes, convolutions turned back, pooling. */
export function trainingCases(): CaseEntry[] {
  return [...products, ...turnedConvs(), ...rest]
}

const planeSizes = [
  { n: 1, h: 4, w: 4 },
  { n: 2, h: 5, w: 3 },
]

const products: readonly CaseEntry[] = [
  {
    op: 'FusedMatMul',
    title: 'rows by a transposed matrix',
    inputs: { y: { shape: ['n', 't', 24] }, b: { shape: [40, 24] } },
    sizes: [
      { n: 1, t: 16 },
      { n: 2, t: 77 },
    ],
    build: (builder, inputs) => builder.op('FusedMatMul', inputs, { transA: 0, transB: 1 }),
  },
  {
    op: 'FusedMatMul',
    title: 'transposed scores by gradients',
    inputs: { a: { shape: ['n', 2, 't', 'o'] }, y: { shape: ['n', 2, 't', 40] } },
    sizes: [
      { n: 1, t: 16, o: 16 },
      { n: 2, t: 64, o: 77 },
    ],
    build: (builder, inputs) => builder.op('FusedMatMul', inputs, { transA: 1, transB: 0 }),
  },
  {
    op: 'FusedMatMul',
    title: 'planes by transposed planes',
    inputs: { y: { shape: ['n', 12, 'm'] }, x: { shape: ['n', 7, 'm'] } },
    sizes: [
      { n: 1, m: 16 },
      { n: 2, m: 81 },
    ],
    build: (builder, inputs) => builder.op('FusedMatMul', inputs, { transA: 0, transB: 1 }),
  },
]

/** Title, weight shape, pads, stride, rows and columns added at the end, groups. */
const turned: readonly (readonly [
  string,
  readonly number[],
  readonly number[],
  number,
  number,
  number,
])[] = [
  ['1x1', [7, 5, 1, 1], [0, 0, 0, 0], 1, 0, 1],
  ['3x3', [16, 12, 3, 3], [1, 1, 1, 1], 1, 0, 1],
  ['3x3 by two', [8, 12, 3, 3], [1, 1, 1, 1], 2, 1, 1],
  ['3x3 by two, padded right and below', [8, 8, 3, 3], [0, 0, 1, 1], 2, 0, 1],
  ['zeros between the places', [6, 1, 1, 1], [0, 0, 0, 0], 2, 1, 6],
]

function turnedConvs(): CaseEntry[] {
  return turned.map(([title, shape, pads, stride, more, group]) => ({
    op: 'ConvTranspose',
    title,
    inputs: { y: { shape: ['n', shape[0]!, 'h', 'w'] } },
    sizes: planeSizes,
    build(builder, [y]) {
      const weight = vector(builder, [...seededNumbers(`turned ${title}`, sizeOf(shape))], shape)
      return builder.op('ConvTranspose', [y, weight], {
        kernel_shape: shape.slice(2),
        pads,
        strides: [stride, stride],
        output_padding: [more, more],
        group,
      })
    },
  }))
}

const planes = { shape: ['n', 6, 'h', 'w'] }

const rest: readonly CaseEntry[] = [
  {
    op: 'AveragePool',
    title: 'two by two',
    inputs: { x: planes },
    sizes: planeSizes,
    build: (builder, [x]) =>
      builder.op('AveragePool', [x], { kernel_shape: [2, 2], strides: [2, 2] }),
  },
  ...(['ReduceMean', 'ReduceSum'] as const).map(
    (op): CaseEntry => ({
      op,
      title: 'axes 0 2 3, which go',
      inputs: { x: { ...planes, range: [-1, 2] } },
      sizes: planeSizes,
      build: (builder, [x]) => builder.op(op, [x, integers(builder, [0, 2, 3])], { keepdims: 0 }),
    }),
  ),
  {
    op: 'Pad',
    title: 'moved up, the rest filled',
    inputs: { x: planes },
    sizes: planeSizes,
    build: (builder, [x]) => builder.op('Pad', [x, integers(builder, [0, 0, -1, 0, 0, 0, 1, 0])]),
  },
  {
    op: 'Gather',
    title: 'the last axis backwards',
    inputs: { x: { shape: ['n', 5, 9] } },
    sizes: [{ n: 1 }, { n: 3 }],
    build(builder, [x]) {
      const backwards = integers(
        builder,
        Array.from({ length: 9 }, (_, index) => 8 - index),
      )
      return builder.op('Gather', [x, backwards], { axis: 2 })
    },
  },
]
