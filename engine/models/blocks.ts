import type { Dim } from '../onnx/dims.ts'
import {
  add,
  cast,
  fixedDim,
  integers,
  mul,
  reshape,
  scalar,
  split,
  transpose,
  vector,
} from '../onnx/express.ts'
import type { Value } from '../onnx/value.ts'
import type { Network } from './network.ts'
import { weightOf } from './weights.ts'

/**
 * Layers shared by the text encoder, the U-Net and the VAE. `name` is the canonical name of a
 * layer; a layer in `net.adapted` also takes `NAME.down`, `NAME.up` and `NAME.scale` as inputs.
 */

/** `x W + b` for `x [batch, in]` or `[batch, tokens, in]`; `W` is stored `[out, in]`. */
export function linear(net: Network, name: string, x: Value): Value {
  const { builder } = net
  const inner = fixedDim(x.shape.at(-1))
  const out = weightOf(net.weights, `${name}.weight`).shape[0]!
  // Some files store a linear layer as a convolution of one by one.
  const weight = net.weight(`${name}.weight`, [out, inner])
  const bias = net.has(`${name}.bias`) ? [net.weight(`${name}.bias`)] : []
  const flat = x.shape.length === 2 ? x : reshape(builder, x, [-1, inner])
  const product = builder.op('Gemm', [flat, weight, ...bias], { transB: 1 })
  const y =
    x.shape.length === 2 ? product : builder.op('Reshape', [product, net.sizesThen(x, 2, out)])
  return net.adapted.has(name) ? add(builder, y, linearDelta(net, name, x, out)) : y
}

/** `((x D) ⊙ s) U`: all LoRAs of one layer, their ranks one after another. */
function linearDelta(net: Network, name: string, x: Value, out: number): Value {
  const { builder } = net
  const rank = rankOf(net, name)
  const outer = x.shape.slice(0, -1)
  const down = loraInput(net, `${name}.down`, [x.shape.at(-1)!, rank])
  const up = loraInput(net, `${name}.up`, [rank, out])
  const scale = loraInput(net, `${name}.scale`, [...outer.map((dim) => `1|${dim}`), rank])
  const inner = mul(builder, builder.op('MatMul', [x, down]), scale)
  return builder.op('MatMul', [inner, up])
}

interface ConvOptions {
  readonly stride?: number
  /** Top, left, bottom, right. Default: half the kernel on each side. */
  readonly pads?: readonly number[]
}

/** Convolution of `x [batch, in, height, width]` with `[out, in, kh, kw]`. */
export function conv(net: Network, name: string, x: Value, options: ConvOptions = {}): Value {
  const { builder } = net
  const kernel = weightOf(net.weights, `${name}.weight`).shape.slice(2)
  const pads = options.pads ?? [...kernel, ...kernel].map((size) => (size - 1) / 2)
  const strides = [options.stride ?? 1, options.stride ?? 1]
  const attributes = { kernel_shape: kernel, pads, strides }
  const weight = net.weight(`${name}.weight`)
  const bias = net.has(`${name}.bias`) ? [net.weight(`${name}.bias`)] : []
  const y = builder.op('Conv', [x, weight, ...bias], attributes)
  return net.adapted.has(name) ? add(builder, y, convDelta(net, name, x, y, attributes)) : y
}

/** `conv1x1(conv(x, D) ⊙ s, U)`. */
function convDelta(
  net: Network,
  name: string,
  x: Value,
  y: Value,
  attributes: { kernel_shape: number[]; pads: readonly number[]; strides: number[] },
): Value {
  const { builder } = net
  const rank = rankOf(net, name)
  const [batch, out, height, width] = y.shape as [Dim, Dim, Dim, Dim]
  const down = loraInput(net, `${name}.down`, [rank, x.shape[1]!, ...attributes.kernel_shape])
  const up = loraInput(net, `${name}.up`, [out, rank, 1, 1])
  const scale = loraInput(net, `${name}.scale`, [`1|${batch}`, rank, `1|${height}`, `1|${width}`])
  const inner = mul(builder, builder.op('Conv', [x, down], attributes), scale)
  return builder.op('Conv', [inner, up], {
    kernel_shape: [1, 1],
    pads: [0, 0, 0, 0],
    strides: [1, 1],
  })
}

function rankOf(net: Network, layer: string): Dim {
  return net.training?.ranks.get(layer) ?? `rank:${layer}`
}

function loraInput(net: Network, name: string, shape: readonly Dim[]): Value {
  return cast(net.builder, net.builder.input(name, 'float32', shape), net.type)
}

/**
 * Group norm of `x [batch, channels, height, width]` as an instance norm over the groups. The
 * statistics are float32 in every program. `shared` is the epsilon of the program's other norms:
 * WebGPU (onnxruntime 1.30) gives every instance norm of a program the epsilon of the first.
 */
export function groupNorm(
  net: Network,
  name: string,
  x: Value,
  groups: number,
  epsilon: number,
  shared = epsilon,
): Value {
  const { builder } = net
  const channels = fixedDim(x.shape[1])
  const wide = cast(builder, x, 'float32')
  // The norm of c x with an epsilon is the norm of x with epsilon / c².
  const scaled =
    shared === epsilon ? wide : mul(builder, wide, scalar(builder, Math.sqrt(shared / epsilon)))
  const grouped = reshape(builder, scaled, [0, groups, -1])
  const ones = vector(builder, new Array(groups).fill(1), [groups])
  const zeros = vector(builder, new Array(groups).fill(0), [groups])
  const normed = builder.op('InstanceNormalization', [grouped, ones, zeros], {
    epsilon: { float: shared },
  })
  const back = builder.op('Reshape', [normed, net.sizes(x, 4)])
  const weighted = mul(
    builder,
    cast(builder, back, net.type),
    net.weight(`${name}.weight`, [channels, 1, 1]),
  )
  return add(builder, weighted, net.weight(`${name}.bias`, [channels, 1, 1]))
}

/** Group norm, then SiLU: what every convolution of a resnet begins with. */
export function normSilu(
  net: Network,
  name: string,
  x: Value,
  { groups, epsilon }: { groups: number; epsilon: number },
): Value {
  return net.recomputed('attention', () => silu(net, groupNorm(net, name, x, groups, epsilon)))
}

/** Layer norm over the last axis. */
export function layerNorm(net: Network, name: string, x: Value): Value {
  const weights = [net.weight(`${name}.weight`), net.weight(`${name}.bias`)]
  return net.builder.op('LayerNormalization', [x, ...weights], {
    axis: -1,
    epsilon: { float: 1e-5 },
  })
}

/** `x * sigmoid(alpha * x)`: SiLU at 1, quick GELU at 1.702. */
export function silu(net: Network, x: Value, alpha = 1): Value {
  const { builder } = net
  if (net.fused.has('QuickGelu')) return builder.op('QuickGelu', [x], { alpha: { float: alpha } })
  const inner = alpha === 1 ? x : mul(builder, x, scalar(builder, alpha, net.type))
  return mul(builder, x, builder.op('Sigmoid', [inner]))
}

/** The exact GELU, `x/2 (1 + erf(x/√2))`. */
export function gelu(net: Network, x: Value): Value {
  const { builder } = net
  if (net.fused.has('Gelu')) return builder.op('Gelu', [x])
  const constant = (number: number) => scalar(builder, number, net.type)
  const erf = builder.op('Erf', [mul(builder, x, constant(Math.SQRT1_2))])
  return mul(builder, mul(builder, x, constant(0.5)), add(builder, erf, constant(1)))
}

/**
 * Attention of `query [batch, tokens, width]` over `key`, `value [batch, others, width]`.
 * `mask` is added to the scores, `[1, 1, tokens, others]`.
 */
export function attention(
  net: Network,
  [query, key, value]: readonly [Value, Value, Value],
  heads: number,
  mask?: Value,
): Value {
  if (!mask && net.fused.has('MultiHeadAttention')) {
    return net.builder.op('MultiHeadAttention', [query, key, value], { num_heads: heads })
  }
  return net.recomputed('attention', () => plainAttention(net, [query, key, value], heads, mask))
}

function plainAttention(
  { builder, type }: Network,
  [query, key, value]: readonly [Value, Value, Value],
  heads: number,
  mask?: Value,
): Value {
  const width = fixedDim(query.shape[2])
  const size = width / heads
  const divide = (x: Value, perm: readonly number[]) =>
    transpose(builder, reshape(builder, x, [0, 0, heads, size]), perm)
  const factor = scalar(builder, 1 / Math.sqrt(size), type)
  const q = mul(builder, divide(query, [0, 2, 1, 3]), factor)
  const scores = builder.op('MatMul', [q, divide(key, [0, 2, 3, 1])])
  const masked = mask ? add(builder, scores, mask) : scores
  const weights = builder.op('Softmax', [masked], { axis: -1 })
  const mixed = builder.op('MatMul', [weights, divide(value, [0, 2, 1, 3])])
  return reshape(builder, transpose(builder, mixed, [0, 2, 1, 3]), [0, 0, width])
}

/** `[batch, channels, height, width]` to tokens `[batch, height*width, channels]`. */
export function toTokens(net: Network, x: Value): Value {
  const moved = transpose(net.builder, x, [0, 2, 3, 1])
  return reshape(net.builder, moved, [0, -1, fixedDim(x.shape[1])])
}

/** Tokens back to the picture layout of `like`. */
export function fromTokens(net: Network, tokens: Value, like: Value): Value {
  const { builder } = net
  const moved = transpose(builder, tokens, [0, 2, 1])
  return builder.op('Reshape', [moved, net.sizes(like, 4)])
}

/** Feed-forward with a gated GELU: `(a ⊙ gelu(b)) W` with `[a, b] = x W'`. */
export function gatedFeedForward(net: Network, name: string, x: Value): Value {
  const both = linear(net, `${name}.net.0.proj`, x)
  const half = fixedDim(both.shape[2]) / 2
  const [value, gate] = split(net.builder, both, [half, half], 2)
  return linear(net, `${name}.net.2`, mul(net.builder, value!, gelu(net, gate!)))
}

/** Nearest-neighbour enlargement to the height and width of `like`, or twofold. */
export function enlarge(net: Network, x: Value, like?: Value): Value {
  const { builder } = net
  const attributes = {
    mode: 'nearest',
    coordinate_transformation_mode: 'asymmetric',
    nearest_mode: 'floor',
  }
  if (!like) {
    const scales = builder.constant(
      'float32',
      [4],
      new Uint8Array(new Float32Array([1, 1, 2, 2]).buffer),
      [1, 1, 2, 2],
    )
    return builder.op('Resize', [x, undefined, scales], attributes)
  }
  const spatial = builder.op('Shape', [like], { start: 2, end: 4 })
  const channels = integers(builder, [fixedDim(x.shape[1])])
  const batch = builder.op('Shape', [x], { start: 0, end: 1 })
  const sizes = builder.op('Concat', [batch, channels, spatial], { axis: 0 })
  return builder.op('Resize', [x, undefined, undefined, sizes], attributes)
}
