import {
  bytesOf,
  cast,
  integers,
  joinSizes,
  reshape,
  sizesOf,
  split,
  transpose,
  vector,
} from '../onnx/express.ts'
import type { CaseEntry, CaseInput } from './probe-cases.ts'
import { seededNumbers } from './probe-data.ts'

const planes: CaseInput = { shape: ['n', 6, 'h', 'w'] }
const planeSizes = [
  { n: 1, h: 4, w: 4 },
  { n: 2, h: 5, w: 3 },
]
const tokens: CaseInput = { shape: ['n', 't', 24] }
const tokenSizes = [
  { n: 1, t: 16 },
  { n: 2, t: 77 },
]
const ids: CaseInput = { shape: ['n', 7], range: [0, 49], whole: 'int64' }
const nearest = {
  mode: 'nearest',
  coordinate_transformation_mode: 'asymmetric',
  nearest_mode: 'floor',
}

/** Cases of the ops that move elements and change none. */
export function layoutCases(): CaseEntry[] {
  return [...reshapes, ...transposes(), ...parts, ...growths]
}

const reshapes: readonly CaseEntry[] = [
  {
    op: 'Reshape',
    title: 'groups of channels',
    inputs: { x: planes },
    sizes: planeSizes,
    build: (builder, [x]) => reshape(builder, x!, [0, 3, -1]),
  },
  {
    op: 'Reshape',
    title: 'back to sizes asked of another value',
    inputs: { x: planes },
    sizes: planeSizes,
    build(builder, [x]) {
      const flat = reshape(builder, x!, [0, 3, -1])
      const doubled = builder.op('Add', [flat, flat])
      return builder.op('Reshape', [doubled, sizesOf(builder, x!, 0, 4)])
    },
  },
  {
    op: 'Reshape',
    title: 'heads',
    inputs: { x: tokens },
    sizes: tokenSizes,
    build: (builder, [x]) => reshape(builder, x!, [0, 0, 3, 8]),
  },
  {
    op: 'Shape',
    title: 'sizes as numbers',
    inputs: { x: planes },
    sizes: planeSizes,
    build: (builder, [x]) => sizesOf(builder, x!, 0, 4),
  },
  {
    op: 'Unsqueeze',
    title: 'a vector over planes',
    inputs: { x: { shape: ['n', 6] } },
    sizes: [{ n: 1 }, { n: 3 }],
    build: (builder, [x]) => builder.op('Unsqueeze', [x, integers(builder, [2, 3])]),
  },
  {
    op: 'Identity',
    title: 'two sizes',
    inputs: { x: tokens },
    sizes: tokenSizes,
    build: (builder, [x]) => builder.op('Identity', [x]),
  },
]

function transposes(): CaseEntry[] {
  const orders = [
    [0, 2, 3, 1],
    [0, 2, 1, 3],
    [0, 3, 1, 2],
  ]
  return [
    ...orders.map(
      (perm): CaseEntry => ({
        op: 'Transpose',
        title: `axes ${perm.join(' ')}`,
        inputs: { x: planes },
        sizes: planeSizes,
        build: (builder, [x]) => transpose(builder, x!, perm),
      }),
    ),
    {
      op: 'Transpose',
      title: 'tokens and channels',
      inputs: { x: tokens },
      sizes: tokenSizes,
      build: (builder, [x]) => transpose(builder, x!, [0, 2, 1]),
    },
  ]
}

const parts: readonly CaseEntry[] = [
  {
    op: 'Concat',
    title: 'channels',
    inputs: { a: planes, b: { shape: ['n', 5, 'h', 'w'] } },
    sizes: planeSizes,
    build: (builder, [a, b]) => builder.op('Concat', [a, b], { axis: 1 }),
  },
  {
    op: 'Concat',
    title: 'tokens and sizes',
    inputs: { a: tokens, b: { shape: ['n', 3, 24] } },
    sizes: tokenSizes,
    build: (builder, [a, b]) => [
      builder.op('Concat', [a, b], { axis: 1 }),
      joinSizes(builder, [sizesOf(builder, a!, 0, 2), 24]),
    ],
  },
  {
    op: 'Slice',
    title: 'channels from the end',
    inputs: { x: planes },
    sizes: planeSizes,
    build(builder, [x]) {
      const [start, end, axis] = [[-4], [6], [1]].map((it) => integers(builder, it))
      return builder.op('Slice', [x, start, end, axis])
    },
  },
  {
    op: 'Split',
    title: 'halves of the last axis',
    inputs: { x: tokens },
    sizes: tokenSizes,
    build: (builder, [x]) => split(builder, x!, [12, 12], 2),
  },
  {
    op: 'Split',
    title: 'unequal channels',
    inputs: { x: planes },
    sizes: planeSizes,
    build: (builder, [x]) => split(builder, x!, [1, 3, 2], 1),
  },
  {
    op: 'Gather',
    title: 'rows of a table',
    inputs: { ids },
    sizes: [{ n: 1 }, { n: 3 }],
    build(builder, [rows]) {
      const table = vector(builder, [...seededNumbers('table', 49 * 12)], [49, 12])
      return builder.op('Gather', [table, rows], { axis: 0 })
    },
  },
  {
    op: 'Gather',
    title: 'rows of a float16 table',
    inputs: { ids },
    sizes: [{ n: 1 }, { n: 3 }],
    build(builder, [rows]) {
      const table = vector(builder, [...seededNumbers('half table', 49 * 12)], [49, 12], 'float16')
      return cast(builder, builder.op('Gather', [table, rows], { axis: 0 }), 'float32')
    },
  },
  {
    op: 'Gather',
    title: 'rows of a bfloat16 table',
    inputs: { ids },
    sizes: [{ n: 1 }, { n: 3 }],
    build(builder, [rows]) {
      const words = new Uint16Array(seededNumbers('brain table', 49 * 12).buffer)
      const table = builder.constant(
        'bfloat16',
        [49, 12],
        bytesOf(words.filter((_, i) => i % 2 === 1)),
      )
      return cast(builder, builder.op('Gather', [table, rows], { axis: 0 }), 'float32')
    },
  },
]

const growths: readonly CaseEntry[] = [
  {
    op: 'Expand',
    title: 'one row to many',
    inputs: { x: { shape: [1, 1, 9] } },
    sizes: [{}],
    build: (builder, [x]) => builder.op('Expand', [x, integers(builder, [2, 5, 9])]),
  },
  {
    op: 'Resize',
    title: 'twice as large',
    inputs: { x: planes },
    sizes: planeSizes,
    build(builder, [x]) {
      const bytes = new Uint8Array(new Float32Array([1, 1, 2, 2]).buffer)
      const scales = builder.constant('float32', [4], bytes, [1, 1, 2, 2])
      return builder.op('Resize', [x, undefined, scales], nearest)
    },
  },
  {
    op: 'Resize',
    title: 'to the size of another value',
    inputs: { x: planes, like: { shape: ['n', 2, 'H', 'W'] } },
    sizes: [
      { n: 1, h: 4, w: 4, H: 8, W: 8 },
      { n: 2, h: 3, w: 2, H: 5, W: 3 },
    ],
    build(builder, [x, like]) {
      const front = [sizesOf(builder, x!, 0, 1), 6, sizesOf(builder, like!, 2, 4)]
      return builder.op('Resize', [x, undefined, undefined, joinSizes(builder, front)], nearest)
    },
  },
  {
    op: 'Pad',
    title: 'right and below',
    inputs: { x: planes },
    sizes: planeSizes,
    build: (builder, [x]) =>
      builder.op('Pad', [x, integers(builder, [0, 0, 0, 0, 0, 0, 1, 1])], { mode: 'constant' }),
  },
]
