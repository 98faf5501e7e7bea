import { FormatError } from '../errors.ts'
import {
  areaOf,
  columnsOf,
  inputsOf,
  type LayerRequest,
  type LoraParts,
  matrixOf,
  need,
  rowsOf,
  scaleOf,
} from './layer-request.ts'
import {
  compact,
  factored,
  hadamard,
  hadamardProduct,
  hadamardRank,
  kronecker,
  kroneckerProduct,
  type Matrix,
  multiply,
  type Product,
  transposed,
} from './matrix.ts'
import type { Part } from './naming.ts'

/**
 * The algorithms of LoRA files whose change of a weight is one matrix times the strength, whatever
 * the weight holds, and which so have exact factors. The weight of a layer is seen as a matrix
 * [out, in * height * width]; a linear layer has height and width 1, so a file may give a 1x1
 * convolution where the layer is linear, and the other way round.
 * Formulas: LyCORIS (Yeh et al. 2023, arXiv 2309.14859); LoRA (Hu et al. 2021, arXiv 2106.09685).
 */

/** The change at strength 1 is `scale` times the product, or times the dense matrix. */
export interface LinearChange {
  readonly scale: number
  /** Of the product. */
  readonly rank: number
  product(): Product
  dense(): Matrix
}

/** An algorithm with factors. */
export interface LinearAlgorithm {
  readonly title: string
  readonly recognise: (parts: LoraParts) => boolean
  /** Every part it understands. */
  readonly parts: readonly Part[]
  /** Factors of a higher rank cost too much in a layer whose shorter side is given. */
  readonly liveRank: (side: number) => number
  /** Throws a FormatError that names the tensor, its shape and the shape expected. */
  readonly change: (request: LayerRequest) => LinearChange
}

/** As factors, a `diff` or LoHa of higher rank costs more than the layer itself. */
const largestDifferenceRank = 320

/** Factors of this rank cost little in any layer. */
const smallRank = 64

/** By name, in the order in which they are recognised. */
export const linearAlgorithms = {
  // dW = up (mid) down
  lora: {
    title: 'LoRA',
    recognise: (parts) => parts.has('down') || parts.has('up'),
    parts: ['down', 'up', 'mid', 'alpha'],
    liveRank: () => Number.POSITIVE_INFINITY,
    change: (request) => {
      const rank = need(request, 'down').shape[0] ?? 0
      const left = matrixOf(request, 'up', [rowsOf(request), rank])
      const right = request.parts.has('mid')
        ? core(request, 'mid', matrixOf(request, 'down', [rank, inputsOf(request)]))
        : matrixOf(request, 'down', [rank, columnsOf(request)])
      return {
        rank: left.columns,
        scale: scaleOf(request, rank),
        product: () => ({ left, right }),
        dense: () => multiply({ left, right }),
      }
    },
  },
  // dW = (w1_a w1_b) * (w2_a w2_b), elementwise
  loha: {
    title: 'LoHa',
    recognise: (parts) => parts.has('hada_w1_a'),
    parts: ['hada_w1_a', 'hada_w1_b', 'hada_w2_a', 'hada_w2_b', 'hada_t1', 'hada_t2', 'alpha'],
    liveRank: () => largestDifferenceRank,
    change: (request) => {
      const first = hadamardSide(request, 'hada_w1_a', 'hada_w1_b', 'hada_t1')
      const second = hadamardSide(request, 'hada_w2_a', 'hada_w2_b', 'hada_t2')
      return {
        rank: hadamardRank(first, second),
        scale: scaleOf(request, need(request, 'hada_w1_b').shape[0] ?? 0),
        product: () => hadamardProduct(first, second),
        dense: () => hadamard(multiply(first), multiply(second)),
      }
    },
  },
  // dW = kron(w1, w2), each whole or a product
  lokr: {
    title: 'LoKr',
    recognise: (parts) => parts.has('lokr_w1') || parts.has('lokr_w1_a'),
    parts: [
      ...(['lokr_w1', 'lokr_w1_a', 'lokr_w1_b', 'lokr_t2'] as const),
      ...(['lokr_w2', 'lokr_w2_a', 'lokr_w2_b', 'alpha'] as const),
    ],
    liveRank: (side) => Math.max(smallRank, side / 2),
    change: kroneckerChange,
  },
  // dW = diff
  full: {
    title: 'full difference',
    recognise: (parts) => parts.has('diff'),
    parts: ['diff'],
    liveRank: () => largestDifferenceRank,
    change: (request) => {
      const whole = matrixOf(request, 'diff', [rowsOf(request), columnsOf(request)])
      return {
        rank: Math.min(whole.rows, whole.columns),
        scale: 1,
        product: () => factored(whole),
        dense: () => whole,
      }
    },
  },
} satisfies Record<string, LinearAlgorithm>

/**
 * `a` [out, r], `b` [r, in * area]; in Tucker form `a` [r, out], `b` [r, in] and `t`
 * [r, r, height, width].
 */
function hadamardSide(request: LayerRequest, a: Part, b: Part, t: Part): Product {
  const rank = need(request, b).shape[0] ?? 0
  return request.parts.has(t)
    ? {
        left: transposed(matrixOf(request, a, [rank, rowsOf(request)])),
        right: core(request, t, matrixOf(request, b, [rank, inputsOf(request)])),
      }
    : {
        left: matrixOf(request, a, [rowsOf(request), rank]),
        right: matrixOf(request, b, [rank, columnsOf(request)]),
      }
}

/**
 * Sizes: out = out1 * out2, in = in1 * in2; `w1` [out1, in1], `w2` [out2, in2 * area].
 * The rank of the scale is that of `w2`, else of `w1`; two whole matrices are not scaled.
 */
function kroneckerChange(request: LayerRequest): LinearChange {
  const { parts } = request
  const rank2 = parts.has('lokr_w2') ? undefined : (need(request, 'lokr_w2_b').shape[0] ?? 0)
  const rank1 = parts.has('lokr_w1') ? undefined : (need(request, 'lokr_w1_b').shape[0] ?? 0)
  const first = need(request, rank1 === undefined ? 'lokr_w1' : 'lokr_w1_a')
  const out1 = first.shape[0] ?? 0
  const in1 = (rank1 === undefined ? first : need(request, 'lokr_w1_b')).shape[1] ?? 0
  const out2 = rowsOf(request) / out1
  const in2 = inputsOf(request) / in1
  if (!Number.isInteger(out2) || !Number.isInteger(in2)) {
    throw new FormatError(
      `${request.file}: ${first.name} makes blocks of [${out1}, ${in1}], ` +
        `divisors of [${rowsOf(request)}, ${inputsOf(request)}] expected by ${request.layer}`,
    )
  }
  const columns2 = in2 * areaOf(request)
  const w1 =
    rank1 === undefined
      ? factored(matrixOf(request, 'lokr_w1', [out1, in1]))
      : compact({
          left: matrixOf(request, 'lokr_w1_a', [out1, rank1]),
          right: matrixOf(request, 'lokr_w1_b', [rank1, in1]),
        })
  const w2 = compact(
    rank2 === undefined
      ? factored(matrixOf(request, 'lokr_w2', [out2, columns2]))
      : parts.has('lokr_t2')
        ? {
            left: transposed(matrixOf(request, 'lokr_w2_a', [rank2, out2])),
            right: core(request, 'lokr_t2', matrixOf(request, 'lokr_w2_b', [rank2, in2])),
          }
        : {
            left: matrixOf(request, 'lokr_w2_a', [out2, rank2]),
            right: matrixOf(request, 'lokr_w2_b', [rank2, columns2]),
          },
  )
  const rank = rank2 ?? rank1
  return {
    rank: w1.left.columns * w2.left.columns,
    scale: rank === undefined ? 1 : scaleOf(request, rank),
    product: () => kroneckerProduct(w1, w2),
    dense: () => kronecker(multiply(w1), multiply(w2)),
  }
}

/** Tucker core `t` [r, s, height, width] applied to `right` [s, in]: [r, in * height * width]. */
function core(request: LayerRequest, part: Part, right: Matrix): Matrix {
  const inner = right.rows
  const size = areaOf(request)
  const outer = need(request, part).shape[0] ?? 0
  const t = matrixOf(request, part, [outer, inner * size])
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
