import type { NetworkSource } from '../../models/handles.ts'
import { createNetwork, type Network, networkInput } from '../../models/network.ts'
import { decodedLatent, encodedImage, type VaeConfig } from '../../models/vae.ts'
import { type Builder, createBuilder } from '../../onnx/builder.ts'
import { add, integers, mul, reshape, scalar, split } from '../../onnx/express.ts'
import { gradient } from '../../onnx/gradient.ts'
import type { Program, Value } from '../../onnx/value.ts'
import type { SessionOptions } from '../../runtime/session.ts'
import type { SessionPool } from '../../runtime/session-pool.ts'
import type { NumericTensor } from '../../sockets.ts'
import { lossPerSample } from '../objective/loss.ts'
import { createStepper, type Stepper } from '../stepper.ts'
import { type UpdateSettings, updateProgram } from '../update-program.ts'

/** How one half of a VAE is trained on latents that are known. */
export interface VaeTrainingOptions {
  readonly pool: SessionPool
  readonly key: string
  readonly half: 'encoder' | 'decoder'
  readonly vae: NetworkSource<VaeConfig>
  /** Numbers of the trained weights by canonical name; the network has no others. */
  readonly initial: ReadonlyMap<string, Float32Array>
  /** Resnets that add nothing yet and are left out. */
  readonly skipped: ReadonlySet<string>
  readonly update: UpdateSettings
  readonly session?: SessionOptions
}

/** A batch: the other half of each pair is what the network should give. */
export interface VaeBatch {
  /** `[batch, 3, 8*height, 8*width]`, -1 to 1. */
  readonly image: NumericTensor
  /** `[batch, 4, height, width]`, as the network takes or gives it. */
  readonly latent: NumericTensor
}

/** A training of one half. */
export interface VaeTraining {
  readonly stepper: Stepper
  /** One step; the mean loss. */
  step(batch: VaeBatch, rate: number): Promise<number>
  close(): Promise<void>
}

/**
 * Opens the training of an encoder, by a smooth L1 loss on its first four channels, or of a
 * decoder, by L1 and L2 of the picture and half the L1 of its differences to right and below.
 */
export function trainVae(options: VaeTrainingOptions): VaeTraining {
  const parameters = parametersOf(options)
  const program = (withGradient: boolean) => vaeProgram(options, withGradient)
  const stepper = createStepper({
    ...options,
    parameters,
    step: () => program(true),
    evaluation: () => program(false),
    update: updateProgram(options.update, parameters),
  })
  return {
    stepper,
    async step({ image, latent }, rate) {
      const count = image.shape[0]!
      const share = new Float32Array(count).fill(1 / count)
      const { losses } = await stepper.accumulate({
        image,
        latent,
        sampleWeight: { data: share, shape: [count] },
      })
      await stepper.update({ vae: rate })
      return (losses!.data as Float32Array).reduce((sum, loss) => sum + loss, 0) / count
    },
    close: () => stepper.close(),
  }
}

function parametersOf({ vae, initial, half, skipped }: VaeTrainingOptions) {
  const own = half === 'encoder' ? /^encoder\./ : /^(decoder|post_quant_conv)\./
  const isSkipped = (name: string) => [...skipped].some((part) => name.startsWith(`${part}.`))
  return [...vae.weights.tensors].flatMap(([name, { shape }]) =>
    own.test(name) && initial.has(name) && !isSkipped(name)
      ? [{ name, shape, group: 'vae' as const }]
      : [],
  )
}

function vaeProgram(options: VaeTrainingOptions, withGradient: boolean): Program {
  const { vae, half, skipped, pool } = options
  const builder = createBuilder(`vae-${half}-step`)
  const parameters = parametersOf(options)
  const net = createNetwork(
    'vae',
    vae.weights,
    {
      type: 'float32',
      fused: new Set([...pool.device.fused].filter((op) => op !== 'MultiHeadAttention')),
      adapted: new Set(),
      baked: new Map(),
      training: {
        trained: new Set(parameters.map(({ name }) => name)),
        ranks: new Map(),
        recompute: 'none',
        skipped,
      },
    },
    builder,
  )
  const losses = half === 'encoder' ? encoderLoss(net, vae.config) : decoderLoss(net, vae.config)
  const sampleWeight = builder.input('sampleWeight', 'float32', ['batch'])
  if (withGradient) {
    const values = parameters.map(({ name }) => builder.valueOf(name))
    const gradients = gradient(builder, [{ value: losses, gradOut: sampleWeight }], values, {
      fused: pool.device.fused,
    })
    parameters.forEach(({ name }, index) => {
      builder.output(`gradient ${name}`, gradients[index]!)
    })
  }
  builder.output('losses', losses)
  return builder.finish()
}

function inputsOf(net: Network, channels: number) {
  return {
    image: networkInput(net, 'image', ['batch', 3, '8*height', '8*width']),
    latent: networkInput(net, 'latent', ['batch', channels, 'height', 'width']),
  }
}

function encoderLoss(net: Network, config: VaeConfig): Value {
  const { builder } = net
  const { image, latent } = inputsOf(net, config.latentChannels)
  const channels = config.latentChannels
  const [mean] = split(builder, encodedImage(net, config, image), [channels, channels], 1)
  const huberC = mul(builder, reshape(builder, meanOf(builder, latent), [-1]), scalar(builder, 0))
  return lossPerSample(builder, {
    kind: 'smooth_l1',
    prediction: mean!,
    target: latent,
    huberC: add(builder, huberC, scalar(builder, 0.3)),
  })
}

function decoderLoss(net: Network, config: VaeConfig): Value {
  const { builder } = net
  const { image, latent } = inputsOf(net, config.latentChannels)
  const gap = builder.op('Sub', [decodedLatent(net, config, latent), image])
  const size = (value: Value) => builder.op('Abs', [value])
  const edges = add(
    builder,
    size(builder.op('Sub', [gap, moved(builder, gap, 1, 0)])),
    size(builder.op('Sub', [gap, moved(builder, gap, 0, 1)])),
  )
  const errors = add(builder, size(gap), mul(builder, gap, gap))
  const all = add(builder, errors, mul(builder, edges, scalar(builder, 0.5)))
  return reshape(builder, meanOf(builder, all), [-1])
}

/** Mean of each picture. */
function meanOf(builder: Builder, x: Value): Value {
  return builder.op('ReduceMean', [x, integers(builder, [1, 2, 3])])
}

/** What stands `down` below and `right` to the right; beyond the edge is 0. */
function moved(builder: Builder, x: Value, down: number, right: number): Value {
  return builder.op('Pad', [x, integers(builder, [0, 0, -down, -right, 0, 0, down, right])])
}
