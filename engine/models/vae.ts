import { add } from '../onnx/express.ts'
import type { Program, Value } from '../onnx/value.ts'
import {
  attention,
  conv,
  enlarge,
  fromTokens,
  groupNorm,
  linear,
  normSilu,
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
  const image = networkInput(net, 'image', ['batch', 3, 'height', 'width'])
  networkOutput(net, 'moments', encodedImage(net, config, image))
  return net.builder.finish()
}

/** Appends the encoder to a program and gives its moments. */
export function encodedImage(net: Network, config: VaeConfig, image: Value): Value {
  let x = conv(net, 'encoder.conv_in', image)
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
  return net.has('quant_conv.weight') ? conv(net, 'quant_conv', x) : x
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
  networkOutput(net, 'image', decodedLatent(net, config, latent))
  return net.builder.finish()
}

/** Appends the decoder to a program and gives the image. */
export function decodedLatent(net: Network, config: VaeConfig, latent: Value): Value {
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
  return ending(net, config, 'decoder', x)
}

function resnet(net: Network, config: VaeConfig, name: string, x: Value): Value {
  if (net.training?.skipped?.has(name)) return x
  const norm = { groups: config.normGroups, epsilon: 1e-6 }
  let y = conv(net, `${name}.conv1`, normSilu(net, `${name}.norm1`, x, norm))
  y = conv(net, `${name}.conv2`, normSilu(net, `${name}.norm2`, y, norm))
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
  const tokens = toTokens(
    net,
    net.recomputed('attention', () =>
      groupNorm(net, `${name}.group_norm`, x, config.normGroups, 1e-6),
    ),
  )
  const parts = [
    linear(net, `${name}.to_q`, tokens),
    linear(net, `${name}.to_k`, tokens),
    linear(net, `${name}.to_v`, tokens),
  ] as const
  const attended = linear(net, `${name}.to_out.0`, attention(net, parts, 1))
  return add(net.builder, fromTokens(net, attended, x), x)
}

function ending(net: Network, config: VaeConfig, part: string, x: Value): Value {
  const norm = { groups: config.normGroups, epsilon: 1e-6 }
  return conv(net, `${part}.conv_out`, normSilu(net, `${part}.conv_norm_out`, x, norm))
}
