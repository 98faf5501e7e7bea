import { FormatError } from '../../errors.ts'
import type { Builder } from '../../onnx/builder.ts'
import { integers, mul, reshape, scalar, split, vector } from '../../onnx/express.ts'
import type { Value } from '../../onnx/value.ts'
import { joined, sumAll, times, total } from './numeric.ts'

/** The factors of one layer. */
interface Pair {
  readonly layer: string
  readonly down: Value
  readonly up: Value
}

/** What `limitNorms` gives back. */
export interface LimitedNorms {
  /** All parameters by name, those of long layers shortened. */
  readonly parameters: ReadonlyMap<string, Value>
  /** How many layers were shortened; shape []. */
  readonly scaledKeys: Value
  /** Mean over the layers of the norm afterwards; shape []. */
  readonly averageKeyNorm: Value
}

/**
 * Shortens LoRAs whose change of a layer is longer than `limit`. With `n` the Frobenius norm of
 * `alpha / rank · up down` (kernel axes flattened), both factors are multiplied by
 * `sqrt(min(n, limit) / max(n, limit / 2))` where `n` is above `limit`; that is, `n` becomes
 * `limit`. The product is never formed: its squared norm is the sum of the elements of
 * `(upᵀ up) ⊙ (down downᵀ)`, two matrices of rank by rank.
 * Factors are shaped as the networks take them: linear `down [in, rank]`, `up [rank, out]`,
 * convolution `down [rank, in, kh, kw]`, `up [out, rank, 1, 1]`.
 * Source: the `scale_weight_norms` of kohya's sd-scripts.
 */
export function limitNorms(
  builder: Builder,
  parameters: ReadonlyMap<string, Value>,
  limit: number,
  scales: ReadonlyMap<string, number>,
): LimitedNorms {
  const pairs = pairsOf(parameters)
  const squares = joined(
    builder,
    pairs.map((pair) => squaredNorm(builder, pair)),
  )
  const scale = vector(
    builder,
    pairs.map((pair) => scaleOf(pair, scales)),
    [pairs.length],
  )
  const norm = mul(builder, builder.op('Sqrt', [squares]), scale)
  // Kohya's lower bound: a change that is nearly 0 divides nothing by 0.
  const divisor = builder.op('Max', [norm, scalar(builder, limit / 2)])
  const ratio = builder.op('Div', [builder.op('Min', [divisor, scalar(builder, limit)]), divisor])
  const factors = parts(builder, builder.op('Sqrt', [ratio]))
  const result = new Map(parameters)
  pairs.forEach(({ layer, down, up }, index) => {
    result.set(`${layer}.down`, mul(builder, down, factors[index]!))
    result.set(`${layer}.up`, mul(builder, up, factors[index]!))
  })
  const isLong = builder.op('Less', [ratio, scalar(builder, 1)])
  const counted = builder.op('Where', [isLong, scalar(builder, 1), scalar(builder, 0)])
  const sum = total(builder, [sumAll(builder, mul(builder, norm, ratio))])
  return {
    parameters: result,
    scaledKeys: total(builder, [sumAll(builder, counted)]),
    averageKeyNorm: times(builder, sum, 1 / pairs.length),
  }
}

function pairsOf(parameters: ReadonlyMap<string, Value>): readonly Pair[] {
  const pairs = [...parameters].flatMap(([name, down]) => {
    const layer = name.endsWith('.down') ? name.slice(0, -'.down'.length) : undefined
    const up = layer === undefined ? undefined : parameters.get(`${layer}.up`)
    return layer !== undefined && up ? [{ layer, down, up }] : []
  })
  if (pairs.length > 0) return pairs
  throw new FormatError(
    'scaleWeightNorms: no layer with down and up factors, expected a LoRA; leave it out',
  )
}

function scaleOf({ layer }: Pair, scales: ReadonlyMap<string, number>): number {
  const scale = scales.get(layer)
  if (scale !== undefined) return scale
  throw new TypeError(`max norm: no scale for ${layer}, expected alpha / rank`)
}

/** Squared norm of the product of the factors, shape [1]. */
function squaredNorm(builder: Builder, { layer, down, up }: Pair): Value {
  const isConvolution = down.shape.length === 4
  const [rank, other] = isConvolution ? [down.shape[0], up.shape[1]] : [down.shape[1], up.shape[0]]
  if (rank !== other || down.shape.length !== up.shape.length) {
    throw new TypeError(`max norm: the factors of ${layer} do not fit together`)
  }
  // rank by rank, whichever axis of the two is the rank.
  const gram = (x: Value, rankAxis: 0 | 1) => {
    const flat = isConvolution ? reshape(builder, x, [Number(x.shape[0]), -1]) : x
    const attributes = rankAxis === 0 ? { transB: 1 } : { transA: 1 }
    return builder.op('Gemm', [flat, flat], attributes)
  }
  const product = mul(builder, gram(down, isConvolution ? 0 : 1), gram(up, isConvolution ? 1 : 0))
  const sum = reshape(builder, builder.op('ReduceSum', [product, integers(builder, [0, 1])]), [1])
  // Rounding may leave the square of a vanishing change below 0.
  return builder.op('Max', [sum, scalar(builder, 0)])
}

/** The elements of a vector, each of shape [1]. */
function parts(builder: Builder, x: Value): readonly Value[] {
  const count = Number(x.shape[0])
  if (count === 1) return [x]
  return split(builder, x, new Array(count).fill(1), 0)
}
