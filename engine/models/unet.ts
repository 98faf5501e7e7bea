import { add } from '../onnx/express.ts'
import type { Program, Value } from '../onnx/value.ts'
import {
  attention,
  conv,
  enlarge,
  fromTokens,
  gatedFeedForward,
  groupNorm,
  layerNorm,
  linear,
  normSilu,
  silu,
  toTokens,
} from './blocks.ts'
import {
  type BuildOptions,
  createNetwork,
  type Network,
  networkInput,
  networkOutput,
} from './network.ts'
import type { Weights } from './weights.ts'

/** Shape of a U-Net with cross-attention, as Stable Diffusion 1.x and 2.x have it. */
export interface UnetConfig {
  /** 4, or 9 for inpaint checkpoints. */
  readonly inChannels: number
  /** Channels of each level, outermost first. */
  readonly channels: readonly number[]
  readonly layersPerBlock: number
  /** Attention heads of each level. */
  readonly heads: readonly number[]
  /** Transformer blocks per attention on each level; 0 where the level has no attention. */
  readonly depth: readonly number[]
  /** Transformer blocks of the middle. */
  readonly middleDepth: number
  readonly contextSize: number
  readonly normGroups: number
}

/**
 * The U-Net as a program. Inputs: `sample [batch, in, height, width]`, `time [batch, channels[0]]`
 * (see `timeEmbedding`), `context [batch, tokens, contextSize]` and the LoRA factors of the adapted
 * layers. Output: `prediction [batch, 4, height, width]`. One program serves every size.
 */
export function unetProgram(weights: Weights, config: UnetConfig, options: BuildOptions): Program {
  const net = createNetwork('unet', weights, options)
  const prediction = unetPrediction(net, config, {
    sample: networkInput(net, 'sample', ['batch', config.inChannels, 'height', 'width']),
    time: networkInput(net, 'time', ['batch', config.channels[0]!]),
    context: networkInput(net, 'context', ['batch', 'words', config.contextSize]),
  })
  networkOutput(net, 'prediction', prediction)
  return net.builder.finish()
}

/** What goes into a U-Net, in the type of computation. */
export interface UnetInputs {
  readonly sample: Value
  readonly time: Value
  readonly context: Value
}

/** Appends the U-Net to a program and gives its prediction `[batch, 4, height, width]`. */
export function unetPrediction(
  net: Network,
  config: UnetConfig,
  { sample, time, context }: UnetInputs,
): Value {
  const walk = new Walk(net, config, timeVector(net, time), context)

  let x = conv(net, 'conv_in', sample)
  const skips = [x]
  config.channels.forEach((_, level) => {
    const name = `down_blocks.${level}`
    for (let layer = 0; layer < config.layersPerBlock; layer++) {
      x = walk.layer(name, layer, level, x)
      skips.push(x)
    }
    if (level === config.channels.length - 1) return
    x = conv(net, `${name}.downsamplers.0.conv`, x, { stride: 2 })
    skips.push(x)
  })

  x = walk.resnet('mid_block.resnets.0', x)
  x = walk.transformer('mid_block.attentions.0', config.channels.length - 1, config.middleDepth, x)
  x = walk.resnet('mid_block.resnets.1', x)

  config.channels.toReversed().forEach((_, index) => {
    const level = config.channels.length - 1 - index
    const name = `up_blocks.${index}`
    for (let layer = 0; layer <= config.layersPerBlock; layer++) {
      x = net.builder.op('Concat', [x, skips.pop()], { axis: 1 })
      x = walk.layer(name, layer, level, x)
    }
    if (level > 0) x = conv(net, `${name}.upsamplers.0.conv`, enlarge(net, x, skips.at(-1)))
  })

  x = normSilu(net, 'conv_norm_out', x, { groups: config.normGroups, epsilon: 1e-5 })
  return conv(net, 'conv_out', x)
}

/** SiLU of the time vector `[batch, 4*channels[0]]`; every resnet begins with it. */
function timeVector(net: Network, time: Value): Value {
  const first = silu(net, linear(net, 'time_embedding.linear_1', time))
  return silu(net, linear(net, 'time_embedding.linear_2', first))
}

/** True for the layers that work on the time vector `[batch, size]` rather than on tokens. */
export function isTimeLayer(layer: string): boolean {
  return layer.startsWith('time_embedding.') || layer.endsWith('.time_emb_proj')
}

/** What all blocks of one U-Net share. */
class Walk {
  readonly #net: Network
  readonly #config: UnetConfig
  readonly #time: Value
  readonly #context: Value

  constructor(net: Network, config: UnetConfig, time: Value, context: Value) {
    this.#net = net
    this.#config = config
    this.#time = time
    this.#context = context
  }

  /** A resnet and, where the level has one, its attention. */
  layer(block: string, layer: number, level: number, x: Value): Value {
    const y = this.resnet(`${block}.resnets.${layer}`, x)
    const depth = this.#config.depth[level]
    return depth ? this.transformer(`${block}.attentions.${layer}`, level, depth, y) : y
  }

  resnet(name: string, x: Value): Value {
    return this.#net.recomputed('block', () => this.#resnet(name, x))
  }

  #resnet(name: string, x: Value): Value {
    const net = this.#net
    const { builder } = net
    const norm = { groups: this.#config.normGroups, epsilon: 1e-5 }
    let y = normSilu(net, `${name}.norm1`, x, norm)
    y = conv(net, `${name}.conv1`, y)
    const shift = linear(net, `${name}.time_emb_proj`, this.#time)
    const axes = builder.constant(
      'int64',
      [2],
      new Uint8Array(new BigInt64Array([2n, 3n]).buffer),
      [2, 3],
    )
    y = add(builder, y, builder.op('Unsqueeze', [shift, axes]))
    y = normSilu(net, `${name}.norm2`, y, norm)
    y = conv(net, `${name}.conv2`, y)
    const shortcut = `${name}.conv_shortcut`
    return add(builder, net.has(`${shortcut}.weight`) ? conv(net, shortcut, x) : x, y)
  }

  transformer(name: string, level: number, depth: number, x: Value): Value {
    return this.#net.recomputed('block', () => this.#transformer(name, level, depth, x))
  }

  #transformer(name: string, level: number, depth: number, x: Value): Value {
    const net = this.#net
    const normed = groupNorm(net, `${name}.norm`, x, this.#config.normGroups, 1e-6, 1e-5)
    const byLinear = net.weights.tensors.get(`${name}.proj_in.weight`)?.shape.length === 2
    let y = byLinear
      ? linear(net, `${name}.proj_in`, toTokens(net, normed))
      : toTokens(net, conv(net, `${name}.proj_in`, normed))
    for (let block = 0; block < depth; block++) {
      y = this.#transformerBlock(`${name}.transformer_blocks.${block}`, level, y)
    }
    const out = byLinear
      ? fromTokens(net, linear(net, `${name}.proj_out`, y), x)
      : conv(net, `${name}.proj_out`, fromTokens(net, y, x))
    return add(net.builder, out, x)
  }

  #transformerBlock(name: string, level: number, x: Value): Value {
    const net = this.#net
    const heads = this.#config.heads[level]!
    const attend = (attn: string, query: Value, other: Value) => {
      const parts = [
        linear(net, `${attn}.to_q`, query),
        linear(net, `${attn}.to_k`, other),
        linear(net, `${attn}.to_v`, other),
      ] as const
      return linear(net, `${attn}.to_out.0`, attention(net, parts, heads))
    }
    let y = x
    if (!net.training?.skipped?.has(`${name}.attn1`)) {
      const own = layerNorm(net, `${name}.norm1`, x)
      y = add(net.builder, attend(`${name}.attn1`, own, own), x)
    }
    y = add(
      net.builder,
      attend(`${name}.attn2`, layerNorm(net, `${name}.norm2`, y), this.#context),
      y,
    )
    return add(
      net.builder,
      gatedFeedForward(net, `${name}.ff`, layerNorm(net, `${name}.norm3`, y)),
      y,
    )
  }
}

/**
 * Sinusoidal embedding of timesteps, `[batch, size]`: cosines, then sines, at the frequencies
 * `10000^(-i/(size/2))`. The roundings are those of float32, in which the networks were trained.
 */
export function timeEmbedding(timesteps: readonly number[], size: number): Float32Array {
  const half = size / 2
  const result = new Float32Array(timesteps.length * size)
  const logPeriod = Math.fround(-Math.log(10000))
  timesteps.forEach((timestep, row) => {
    for (let i = 0; i < half; i++) {
      const exponent = Math.fround(Math.fround(logPeriod * i) / half)
      const angle = Math.fround(Math.fround(timestep) * Math.fround(Math.exp(exponent)))
      result[row * size + i] = Math.cos(angle)
      result[row * size + half + i] = Math.sin(angle)
    }
  })
  return result
}
