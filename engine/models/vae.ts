import { add } from '../onnx/express.ts'
import type { Program, Value } from '../onnx/value.ts'
import {
  attention,
  conv,
  enlarge,
  fromTokens,
  groupNorm,
  linear,
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

/** Shape of the autoencoder. */
export interface VaeConfig {
  /** Channels of each level, outermost first. */
  readonly channels: readonly number[]
  readonly layersPerBlock: number
  readonly normGroups: number
  readonly latentChannels: number
}

/**
 * Encoder: `image [batch, 3, height, width]` in -1 to 1 gives `moments [batch, 8, height/8,
 * width/8]`: the mean, then the logarithm of the variance.
 */
export function vaeEncoderProgram(
  weights: Weights,
  config: VaeConfig,
  options: BuildOptions,
): Program {
  const net = createNetwork('vae-encoder', weights, options)
  let x = conv(net, 'encoder.conv_in', networkInput(net, 'image', ['batch', 3, 'height', 'width']))
  config.channels.forEach((_, level) => {
    const name = `encoder.down_blocks.${level}`
    for (let layer = 0; layer < config.layersPerBlock; layer++) {
      x = resnet(net, config, `${name}.resnets.${layer}`, x)
    }
    // The encoder pads at the right and below only.
    const options = { stride: 2, pads: [0, 0, 1, 1] }
    if (level < config.channels.length - 1) {
      x = conv(net, `${name}.downsamplers.0.conv`, x, options)
    }
  })
  x = middle(net, config, 'encoder', x)
  x = ending(net, config, 'encoder', x)
  networkOutput(net, 'moments', net.has('quant_conv.weight') ? conv(net, 'quant_conv', x) : x)
  return net.builder.finish()
}

/**
 * Decoder: `latent [batch, 4, height, width]`, unscaled, gives `image [batch, 3, 8*height,
 * 8*width]` in -1 to 1.
 */
export function vaeDecoderProgram(
  weights: Weights,
  config: VaeConfig,
  options: BuildOptions,
): Program {
  const net = createNetwork('vae-decoder', weights, options)
  const latent = networkInput(net, 'latent', ['batch', config.latentChannels, 'height', 'width'])
  const start = net.has('post_quant_conv.weight') ? conv(net, 'post_quant_conv', latent) : latent
  let x = middle(net, config, 'decoder', conv(net, 'decoder.conv_in', start))
  config.channels.forEach((_, index) => {
    const name = `decoder.up_blocks.${index}`
    for (let layer = 0; layer <= config.layersPerBlock; layer++) {
      x = resnet(net, config, `${name}.resnets.${layer}`, x)
    }
    if (index < config.channels.length - 1) {
      x = conv(net, `${name}.upsamplers.0.conv`, enlarge(net, x))
    }
  })
  networkOutput(net, 'image', ending(net, config, 'decoder', x))
  return net.builder.finish()
}

function resnet(net: Network, config: VaeConfig, name: string, x: Value): Value {
  let y = conv(net, `${name}.conv1`, silu(net, norm(net, config, `${name}.norm1`, x)))
  y = conv(net, `${name}.conv2`, silu(net, norm(net, config, `${name}.norm2`, y)))
  const shortcut = `${name}.conv_shortcut`
  return add(net.builder, net.has(`${shortcut}.weight`) ? conv(net, shortcut, x) : x, y)
}

function middle(net: Network, config: VaeConfig, part: string, x: Value): Value {
  let y = resnet(net, config, `${part}.mid_block.resnets.0`, x)
  y = selfAttention(net, config, `${part}.mid_block.attentions.0`, y)
  return resnet(net, config, `${part}.mid_block.resnets.1`, y)
}

/** One head over all places. */
function selfAttention(net: Network, config: VaeConfig, name: string, x: Value): Value {
  const tokens = toTokens(net, norm(net, config, `${name}.group_norm`, x))
  const parts = [
    linear(net, `${name}.to_q`, tokens),
    linear(net, `${name}.to_k`, tokens),
    linear(net, `${name}.to_v`, tokens),
  ] as const
  const attended = linear(net, `${name}.to_out.0`, attention(net, parts, 1))
  return add(net.builder, fromTokens(net, attended, x), x)
}

function ending(net: Network, config: VaeConfig, part: string, x: Value): Value {
  return conv(net, `${part}.conv_out`, silu(net, norm(net, config, `${part}.conv_norm_out`, x)))
}

function norm(net: Network, config: VaeConfig, name: string, x: Value): Value {
  return groupNorm(net, name, x, config.normGroups, 1e-6)
}
