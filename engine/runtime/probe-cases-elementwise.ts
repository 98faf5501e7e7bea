import type { Shape } from '../onnx/dims.ts'
import { bytesOf, cast, vector } from '../onnx/express.ts'
import type { OpName } from '../onnx/ops/index.ts'
import type { Attribute } from '../onnx/value.ts'
import type { CaseEntry, CaseInput } from './probe-cases.ts'
import { seededNumbers } from './probe-data.ts'

type Range = readonly [number, number]

/** Ops of one input, the range of what they are fed, and their attributes. */
const unaryOps: readonly (readonly [OpName, Range, Readonly<Record<string, Attribute>>?])[] = [
  ['Neg', [-1, 1]],
  ['Abs', [-1, 1]],
  ['Exp', [-3, 3]],
  ['Log', [0.1, 4]],
  ['Sin', [-6, 6]],
  ['Cos', [-6, 6]],
  ['Erf', [-3, 3]],
  ['Sqrt', [0, 4]],
  ['Reciprocal', [0.5, 3]],
  ['Sigmoid', [-6, 6]],
  ['Tanh', [-4, 4]],
  ['Gelu', [-4, 4]],
  ['QuickGelu', [-6, 6], { alpha: { float: 1 } }],
  ['QuickGelu', [-6, 6], { alpha: { float: 1.702 } }],
]

/** Ops of two inputs and the ranges of these. */
const binaryOps: readonly (readonly [OpName, Range, Range])[] = [
  ['Add', [-1, 1], [-1, 1]],
  ['Sub', [-1, 1], [-1, 1]],
  ['Mul', [-1, 1], [-1, 1]],
  ['Div', [-1, 1], [0.5, 2]],
  ['Pow', [0.2, 2], [-2, 2]],
  ['Min', [-1, 1], [-1, 1]],
  ['Max', [-1, 1], [-1, 1]],
]

/** Broadcasts that networks rely on: of a bias, of a LoRA's scale, of a mask over a picture. */
const broadcasts: readonly (readonly [string, Shape, Shape, readonly Record<string, number>[]])[] =
  [
    ['one number', ['n', 5, 'm'], [], [{ n: 1, m: 3 }]],
    [
      'equal shapes',
      ['n', 7, 'm'],
      ['n', 7, 'm'],
      [
        { n: 1, m: 5 },
        { n: 3, m: 67 },
      ],
    ],
    [
      'channels',
      ['n', 6, 'h', 'w'],
      [6, 1, 1],
      [
        { n: 1, h: 4, w: 4 },
        { n: 2, h: 3, w: 9 },
      ],
    ],
    [
      'last axis',
      ['n', 't', 33],
      [33],
      [
        { n: 2, t: 5 },
        { n: 1, t: 77 },
      ],
    ],
    [
      'a rank',
      ['n', 't', 'r'],
      [1, 1, 'r'],
      [
        { n: 2, t: 5, r: 1 },
        { n: 1, t: 77, r: 24 },
      ],
    ],
    ['a batch of ranks', ['n', 't', 'r'], ['n', 1, 'r'], [{ n: 3, t: 16, r: 5 }]],
    ['tokens of ranks', ['n', 't', 'r'], [1, 't', 'r'], [{ n: 2, t: 64, r: 7 }]],
    ['a rank of planes', ['n', 'r', 'h', 'w'], [1, 'r', 1, 1], [{ n: 2, r: 3, h: 5, w: 4 }]],
    ['masked planes', ['n', 'r', 'h', 'w'], [1, 'r', 'h', 'w'], [{ n: 2, r: 3, h: 5, w: 4 }]],
  ]

const broadcastOps: readonly OpName[] = ['Add', 'Mul']

/** Cases of the ops that treat every element alike. */
export function elementwiseCases(): CaseEntry[] {
  return [...unaryCases(), ...binaryCases(), ...broadcastCases(), ...choices, ...casts]
}

function unaryCases(): CaseEntry[] {
  return unaryOps.map(([op, range, attributes = {}]) => ({
    op,
    title: ['two sizes', ...Object.values(attributes).map((it) => JSON.stringify(it))].join(' '),
    inputs: { x: { shape: ['n', 7, 'm'], range } },
    sizes: [
      { n: 1, m: 5 },
      { n: 2, m: 67 },
    ],
    build: (builder, [x]) => builder.op(op, [x], attributes),
  }))
}

function binaryCases(): CaseEntry[] {
  return binaryOps.map(([op, first, second]) => ({
    op,
    title: 'both ways of a broadcast',
    inputs: { a: { shape: ['n', 1, 'm'], range: first }, b: { shape: [5, 'm'], range: second } },
    sizes: [
      { n: 1, m: 3 },
      { n: 2, m: 41 },
    ],
    build: (builder, [a, b]) => builder.op(op, [a, b]),
  }))
}

function broadcastCases(): CaseEntry[] {
  return broadcastOps.flatMap((op) =>
    broadcasts.map(([title, left, right, sizes]) => ({
      op,
      title,
      inputs: { a: { shape: left }, b: { shape: right } },
      sizes,
      build: (builder, [a, b]) => builder.op(op, [a, b]),
    })),
  )
}

const whole: CaseInput = { shape: ['n', 13], range: [-2, 3], whole: 'float32' }
const twoSizes = [{ n: 2 }, { n: 5 }]

const choices: readonly CaseEntry[] = [
  ...(['Equal', 'Less'] as const).map(
    (op): CaseEntry => ({
      op,
      title: 'whole numbers',
      inputs: { a: whole, b: whole },
      sizes: twoSizes,
      build: (builder, [a, b]) => cast(builder, builder.op(op, [a, b]), 'float32'),
    }),
  ),
  {
    op: 'Where',
    title: 'the smaller one',
    inputs: { a: whole, b: whole },
    sizes: twoSizes,
    build: (builder, [a, b]) => builder.op('Where', [builder.op('Less', [a, b]), a, b]),
  },
]

/** Stored weights of two bytes, as networks widen them. */
const casts: readonly CaseEntry[] = [
  {
    op: 'Cast',
    title: 'float16 weights',
    inputs: { x: { shape: ['n', 33] } },
    sizes: twoSizes,
    build(builder, [x]) {
      const weights = vector(builder, [...seededNumbers('half', 33)], [33], 'float16')
      return builder.op('Mul', [x, cast(builder, weights, 'float32')])
    },
  },
  {
    op: 'Cast',
    title: 'bfloat16 weights',
    inputs: { x: { shape: ['n', 33] } },
    sizes: twoSizes,
    build(builder, [x]) {
      // A bfloat16 is the upper half of a float32.
      const words = new Uint16Array(seededNumbers('brain', 33).buffer).filter((_, i) => i % 2 === 1)
      const weights = builder.constant('bfloat16', [33], bytesOf(words))
      return builder.op('Mul', [x, cast(builder, weights, 'float32')])
    },
  },
  {
    op: 'Cast',
    title: 'float16 numbers at run time',
    inputs: { x: { shape: ['n', 13], range: [-100, 100], whole: 'float32' } },
    sizes: twoSizes,
    build: (builder, [x]) => cast(builder, cast(builder, x!, 'float16'), 'float32'),
  },
  {
    op: 'Cast',
    title: 'positions',
    inputs: { ids: { shape: ['n', 13], range: [0, 100], whole: 'int64' } },
    sizes: twoSizes,
    build: (builder, [ids]) => cast(builder, ids!, 'float32'),
  },
]
