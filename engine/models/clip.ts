import type { Dim } from '../onnx/dims.ts'
import { add, bytesOf, cast, mul } from '../onnx/express.ts'
import type { Program, Value } from '../onnx/value.ts'
import { attention, gelu, layerNorm, linear, silu } from './blocks.ts'
import {
  type BuildOptions,
  createNetwork,
  type Network,
  networkInput,
  networkOutput,
} from './network.ts'
import type { Weights } from './weights.ts'

/** Shape of a CLIP text encoder. */
export interface ClipConfig {
  readonly width: number
  readonly layers: number
  readonly heads: number
  /** Tokens of one chunk: 77. */
  readonly positions: number
  readonly vocabulary: number
  readonly activation: 'quick-gelu' | 'gelu'
}

/** Which hidden state is the result. */
export interface ClipOutput {
  /** 1 is the last layer, 2 the last but one ("clip skip 2"). */
  readonly skip: number
  /** Whether the final layer norm follows; it does in SD 1.x. */
  readonly normed: boolean
}

const prefix = 'text_model'

/**
 * The text encoder as a program. Inputs: `tokens [batch, 77]` int64, `replace [batch, 77, width]`
 * and `keep [batch, 77, 1]` (a token's vector is `keep * table[token] + replace`, so that textual
 * inversion puts rows of its own), and the LoRA factors of the adapted layers. Outputs: `context`
 * and `last`, both `[batch, 77, width]`; `last` is the normed final state, for pooling.
 */
export function clipProgram(
  weights: Weights,
  config: ClipConfig,
  output: ClipOutput,
  options: BuildOptions,
): Program {
  const net = createNetwork('text-encoder', weights, options)
  const { context, last } = encodedText(net, config, output)
  networkOutput(net, 'context', context)
  networkOutput(net, 'last', last)
  return net.builder.finish()
}

/** Appends the text encoder with its inputs to a program. */
export function encodedText(
  net: Network,
  config: ClipConfig,
  output: ClipOutput,
  batch: Dim = 'batch',
): { context: Value; last: Value } {
  const { builder } = net
  const tokens = networkInput(net, 'tokens', [batch, config.positions], 'int64')
  const replace = networkInput(net, 'replace', [batch, config.positions, config.width])
  const keep = networkInput(net, 'keep', [batch, config.positions, 1])
  const table = net.stored(`${prefix}.embeddings.token_embedding.weight`)
  // The rows are picked before they are converted: the table itself stays as it is stored.
  const rows = cast(builder, builder.op('Gather', [table, tokens], { axis: 0 }), net.type)
  const words = add(builder, mul(builder, rows, keep), replace)
  let x = add(builder, words, net.weight(`${prefix}.embeddings.position_embedding.weight`))
  const mask = causalMask(net, config.positions)
  let chosen = x
  for (let layer = 0; layer < config.layers; layer++) {
    x = encoderLayer(net, config, `${prefix}.encoder.layers.${layer}`, x, mask)
    if (layer === config.layers - output.skip) chosen = x
  }
  const norm = (value: Value) => layerNorm(net, `${prefix}.final_layer_norm`, value)
  return { context: output.normed ? norm(chosen) : chosen, last: norm(x) }
}

function encoderLayer(
  net: Network,
  config: ClipConfig,
  name: string,
  x: Value,
  mask: Value,
): Value {
  const normed = layerNorm(net, `${name}.layer_norm1`, x)
  const parts = [
    linear(net, `${name}.self_attn.q_proj`, normed),
    linear(net, `${name}.self_attn.k_proj`, normed),
    linear(net, `${name}.self_attn.v_proj`, normed),
  ] as const
  const attended = attention(net, parts, config.heads, mask)
  const y = add(net.builder, x, linear(net, `${name}.self_attn.out_proj`, attended))
  const inner = linear(net, `${name}.mlp.fc1`, layerNorm(net, `${name}.layer_norm2`, y))
  const active = config.activation === 'gelu' ? gelu(net, inner) : silu(net, inner, 1.702)
  return add(net.builder, y, linear(net, `${name}.mlp.fc2`, active))
}

/** `[1, 1, tokens, tokens]`: a token sees itself and what stands before it. */
function causalMask(net: Network, tokens: number): Value {
  // -60000 fits into float16, and its exponential is 0 in both types.
  const values = Array.from({ length: tokens * tokens }, (_, i) =>
    i % tokens > Math.floor(i / tokens) ? -60000 : 0,
  )
  const array = net.type === 'float16' ? new Float16Array(values) : new Float32Array(values)
  return net.builder.constant(net.type, [1, 1, tokens, tokens], bytesOf(array))
}
