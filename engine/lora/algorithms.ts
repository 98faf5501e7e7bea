import { FormatError } from '../errors.ts'
import {
  compact,
  factored,
  hadamardProduct,
  kroneckerProduct,
  type Matrix,
  multiply,
  type Product,
  scaled,
  transposed,
} from './matrix.ts'
import type { Part } from './naming.ts'

/**
 * What the algorithms of LoRA files say about a layer, as exact factors. The weight of a layer is
 * seen as a matrix [out, in * height * width]; a linear layer has height and width 1, so a file
 * may give a 1x1 convolution where the layer is linear, and the other way round.
 * Formulas: LyCORIS (Yeh et al. 2023, arXiv 2309.14859); LoRA (Hu et al. 2021, arXiv 2106.09685).
 */

/** One tensor of a LoRA file. */
export interface LoraTensor {
  /** The key in the file. */
  readonly name: string
  readonly shape: readonly number[]
  readonly data: Float32Array
}

/** What one layer gets from a file. */
export type LoraParts = ReadonlyMap<Part, LoraTensor>

/** The change of one layer's weight at strength 1 is `up` times `down`. */
export interface LayerFactors {
  /** Shape of the layer's weight: `[out, in]` or `[out, in, height, width]`. */
  readonly shape: readonly number[]
  readonly rank: number
  /** `[rank, in]` or `[rank, in, height, width]`. */
  readonly down: Float32Array
  /** `[out, rank]` or `[out, rank, 1, 1]`; contains `alpha / rank`. */
  readonly up: Float32Array
}

/** The parts meant for one layer, and the layer. */
export interface FactorsRequest {
  readonly file: string
  readonly parts: LoraParts
  /** Canonical name. */
  readonly layer: string
  /** Shape of its weight. */
  readonly shape: readonly number[]
  /** Scale from the metadata, for a file without `alpha` tensors. */
  readonly scaleFor: (rank: number) => number | undefined
}

export type AlgorithmName = keyof typeof algorithms

/** Recognises the algorithm of a module; undefined where only an `alpha` is left. */
export function algorithmOf(parts: LoraParts): AlgorithmName | undefined {
  return algorithmNames.find((name) => algorithms[name].recognise(parts))
}

/** Can factors be made of it? If not, its title is for the message that says so. */
export function algorithmTitle(name: AlgorithmName): { title: string; supported: boolean } {
  const { title, product } = algorithms[name] as Algorithm
  return { title, supported: product !== undefined }
}

/**
 * The exact factors of a module for its layer. Throws a FormatError that names the tensor, its
 * shape and the shape expected if they do not fit, and for an algorithm without factors.
 */
export function layerFactors(algorithm: AlgorithmName, request: FactorsRequest): LayerFactors {
  const { title, product, parts } = algorithms[algorithm] as Algorithm
  if (!product || !parts) {
    throw new FormatError(
      `${request.file}: ${request.layer} is changed by ${title}, not supported yet`,
    )
  }
  const extra = [...request.parts].find(([part]) => !parts.includes(part))
  if (extra) {
    throw new FormatError(
      `${request.file}: ${extra[1].name} found, no such part expected in ${title}`,
    )
  }
  const { left, right, scale } = product(request)
  const up = scaled(left, scale)
  return { shape: request.shape, rank: up.columns, down: right.data, up: up.data }
}

interface ScaledProduct extends Product {
  readonly scale: number
}

interface Algorithm {
  readonly title: string
  readonly recognise: (parts: LoraParts) => boolean
  /** Every part it understands. */
  readonly parts?: readonly Part[]
  /** Absent for algorithms that change the weight itself and have no factors. */
  readonly product?: (request: FactorsRequest) => ScaledProduct
}

/** A `diff` of higher rank costs more as factors than the layer itself. */
const largestDifferenceRank = 320

/** The first that recognises its parts counts: DoRA is a LoRA with one part more. */
const algorithms = {
  dora: { title: 'DoRA', recognise: (parts) => parts.has('dora_scale') },
  oft: { title: 'OFT', recognise: (parts) => parts.has('oft_blocks') },
  glora: { title: 'GLoRA', recognise: (parts) => parts.has('a1') },
  ia3: { title: 'IA3', recognise: (parts) => parts.has('on_input') || parts.has('weight') },
  norm: {
    title: 'norm difference',
    recognise: (parts) =>
      parts.has('w_norm') || parts.has('b_norm') || parts.get('diff')?.shape.length === 1,
  },
  bias: {
    title: 'bias difference',
    recognise: (parts) => parts.has('diff_b') || parts.has('bias'),
  },
  // dW = up (mid) down
  lora: {
    title: 'LoRA',
    recognise: (parts) => parts.has('down') || parts.has('up'),
    parts: ['down', 'up', 'mid', 'alpha'],
    product: (request) => {
      const down = need(request, 'down')
      const rank = down.shape[0] ?? 0
      const up = matrix(request, 'up', [rows(request), rank])
      const right = request.parts.has('mid')
        ? core(request, 'mid', matrix(request, 'down', [rank, inputs(request)]))
        : matrix(request, 'down', [rank, columns(request)])
      return { left: up, right, scale: scale(request, rank) }
    },
  },
  // dW = (w1_a w1_b) * (w2_a w2_b), elementwise
  loha: {
    title: 'LoHa',
    recognise: (parts) => parts.has('hada_w1_a'),
    parts: ['hada_w1_a', 'hada_w1_b', 'hada_w2_a', 'hada_w2_b', 'hada_t1', 'hada_t2', 'alpha'],
    product: (request) => ({
      ...hadamardProduct(
        hadamardSide(request, 'hada_w1_a', 'hada_w1_b', 'hada_t1'),
        hadamardSide(request, 'hada_w2_a', 'hada_w2_b', 'hada_t2'),
      ),
      scale: scale(request, need(request, 'hada_w1_b').shape[0] ?? 0),
    }),
  },
  // dW = kron(w1, w2), each whole or a product
  lokr: {
    title: 'LoKr',
    recognise: (parts) => parts.has('lokr_w1') || parts.has('lokr_w1_a'),
    parts: [
      ...(['lokr_w1', 'lokr_w1_a', 'lokr_w1_b', 'lokr_t2'] as const),
      ...(['lokr_w2', 'lokr_w2_a', 'lokr_w2_b', 'alpha'] as const),
    ],
    product: kroneckerSides,
  },
  // dW = diff
  full: {
    title: 'full difference',
    recognise: (parts) => parts.has('diff'),
    parts: ['diff'],
    product: (request) => {
      const product = factored(matrix(request, 'diff', [rows(request), columns(request)]))
      if (product.left.columns > largestDifferenceRank) {
        throw new FormatError(
          `${request.file}: full difference of ${request.layer} has rank ` +
            `${product.left.columns}, at most ${largestDifferenceRank} can be applied`,
        )
      }
      return { ...product, scale: 1 }
    },
  },
} satisfies Record<string, Algorithm>

/** Every algorithm, in the order in which they are recognised. */
export const algorithmNames = Object.keys(algorithms) as readonly AlgorithmName[]

/**
 * `a` [out, r], `b` [r, in * area]; in Tucker form `a` [r, out], `b` [r, in] and `t`
 * [r, r, height, width].
 */
function hadamardSide(request: FactorsRequest, a: Part, b: Part, t: Part): Product {
  const rank = need(request, b).shape[0] ?? 0
  return request.parts.has(t)
    ? {
        left: transposed(matrix(request, a, [rank, rows(request)])),
        right: core(request, t, matrix(request, b, [rank, inputs(request)])),
      }
    : {
        left: matrix(request, a, [rows(request), rank]),
        right: matrix(request, b, [rank, columns(request)]),
      }
}

/**
 * Sizes: out = out1 * out2, in = in1 * in2; `w1` [out1, in1], `w2` [out2, in2 * area].
 * The rank of the scale is that of `w2`, else of `w1`; two whole matrices are not scaled.
 */
function kroneckerSides(request: FactorsRequest): ScaledProduct {
  const { parts } = request
  const rank2 = parts.has('lokr_w2') ? undefined : (need(request, 'lokr_w2_b').shape[0] ?? 0)
  const rank1 = parts.has('lokr_w1') ? undefined : (need(request, 'lokr_w1_b').shape[0] ?? 0)
  const first = need(request, rank1 === undefined ? 'lokr_w1' : 'lokr_w1_a')
  const out1 = first.shape[0] ?? 0
  const in1 = (rank1 === undefined ? first : need(request, 'lokr_w1_b')).shape[1] ?? 0
  const out2 = rows(request) / out1
  const in2 = inputs(request) / in1
  if (!Number.isInteger(out2) || !Number.isInteger(in2)) {
    throw new FormatError(
      `${request.file}: ${first.name} makes blocks of [${out1}, ${in1}], ` +
        `divisors of [${rows(request)}, ${inputs(request)}] expected by ${request.layer}`,
    )
  }
  const columns2 = in2 * area(request)
  const w1 =
    rank1 === undefined
      ? factored(matrix(request, 'lokr_w1', [out1, in1]))
      : compact({
          left: matrix(request, 'lokr_w1_a', [out1, rank1]),
          right: matrix(request, 'lokr_w1_b', [rank1, in1]),
        })
  const w2 = compact(
    rank2 === undefined
      ? factored(matrix(request, 'lokr_w2', [out2, columns2]))
      : parts.has('lokr_t2')
        ? {
            left: transposed(matrix(request, 'lokr_w2_a', [rank2, out2])),
            right: core(request, 'lokr_t2', matrix(request, 'lokr_w2_b', [rank2, in2])),
          }
        : {
            left: matrix(request, 'lokr_w2_a', [out2, rank2]),
            right: matrix(request, 'lokr_w2_b', [rank2, columns2]),
          },
  )
  const rank = rank2 ?? rank1
  return {
    ...kroneckerProduct(w1, w2),
    scale: rank === undefined ? 1 : scale(request, rank),
  }
}

/** Tucker core `t` [r, s, height, width] applied to `right` [s, in]: [r, in * height * width]. */
function core(request: FactorsRequest, part: Part, right: Matrix): Matrix {
  const inner = right.rows
  const size = area(request)
  const outer = need(request, part).shape[0] ?? 0
  const t = matrix(request, part, [outer, inner * size])
  const result = new Float32Array(outer * right.columns * size)
  for (let k = 0; k < size; k++) {
    const slice = new Float32Array(outer * inner)
    for (let i = 0; i < slice.length; i++) slice[i] = t.data[i * size + k]!
    const left = { rows: outer, columns: inner, data: slice }
    const { data } = multiply({ left, right })
    for (let i = 0; i < data.length; i++) result[i * size + k] = data[i]!
  }
  return { rows: outer, columns: right.columns * size, data: result }
}

function scale({ parts, scaleFor }: FactorsRequest, rank: number): number {
  const alpha = parts.get('alpha')?.data[0]
  return alpha === undefined ? (scaleFor(rank) ?? 1) : alpha / rank
}

/** A part as a matrix: its first size is the rows, the others together are the columns. */
function matrix(request: FactorsRequest, part: Part, [rows, columns]: [number, number]): Matrix {
  const { name, shape, data } = need(request, part)
  if (rows === 0 || shape[0] !== rows || data.length !== rows * columns) {
    throw new FormatError(
      `${request.file}: ${name} is [${shape.join(', ')}], [${rows}, ${columns}] expected by ` +
        `${request.layer}, whose weight is [${request.shape.join(', ')}]`,
    )
  }
  return { rows, columns, data }
}

function need({ file, parts, layer }: FactorsRequest, part: Part): LoraTensor {
  const tensor = parts.get(part)
  if (!tensor) {
    const found = [...parts.values()].map(({ name }) => name).join(', ')
    throw new FormatError(`${file}: only ${found} found for ${layer}, also its ${part} expected`)
  }
  return tensor
}

function rows({ shape }: FactorsRequest): number {
  return shape[0] ?? 0
}

function inputs({ shape }: FactorsRequest): number {
  return shape[1] ?? 0
}

function area({ shape }: FactorsRequest): number {
  return (shape[2] ?? 1) * (shape[3] ?? 1)
}

function columns(request: FactorsRequest): number {
  return inputs(request) * area(request)
}
