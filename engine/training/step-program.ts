import type { LoraNetwork } from '../lora/naming.ts'
import { type ClipConfig, type ClipOutput, encodedText } from '../models/clip.ts'
import type { NetworkSource } from '../models/handles.ts'
import {
  type BuildOptions,
  createNetwork,
  type Network,
  networkInput,
  type Recompute,
} from '../models/network.ts'
import { type UnetConfig, unetPrediction } from '../models/unet.ts'
import { type Builder, createBuilder } from '../onnx/builder.ts'
import { reshape } from '../onnx/express.ts'
import { gradient } from '../onnx/gradient.ts'
import type { Program, Value } from '../onnx/value.ts'
import type { TrainedModule } from './adapters.ts'
import { type LossType, lossPerSample, lossTypes } from './objective/loss.ts'
import type { ParameterGroup, ParameterInfo } from './parameter.ts'

/** What a step is computed through, and what of it is trained. */
export interface StepNetworks {
  readonly unet: NetworkSource<UnetConfig>
  /** Given where the text encoder is trained; otherwise encoded prompts are fed. */
  readonly textEncoder?: NetworkSource<ClipConfig>
  readonly clipOutput: ClipOutput
  /** 77 tokens each; prompts longer than 75 tokens take more. */
  readonly chunks: number
}

export interface StepOptions {
  readonly loss: LossType
  readonly hasCellWeight: boolean
  readonly recompute: Recompute
  readonly fused: BuildOptions['fused']
  readonly modules: readonly TrainedModule[]
  /** Weights that are trained themselves, by network and canonical name. */
  readonly weights: Readonly<Partial<Record<LoraNetwork, ReadonlySet<string>>>>
  /** Attentions that are left out, see `TrainingBuild`. */
  readonly skipped?: ReadonlySet<string>
}

/** A program with the parameters that it takes as inputs. */
export interface StepProgram {
  readonly program: Program
  readonly parameters: readonly ParameterInfo[]
}

/**
 * Loss and gradients of one batch. Inputs: `sample`, `target [batch, 4, 8*h, 8*w]`, `time`,
 * `sampleWeight [batch]` (already divided by the batch), `context` or the tokens of the text
 * encoder, `huberC`, `cellWeight` where the loss has them, the parameters and the scales of
 * low-rank factors. Outputs: `losses [batch]` before the sample weight, and `gradient NAME`.
 */
export function stepProgram(networks: StepNetworks, options: StepOptions): StepProgram {
  const { builder, losses, sampleWeight, parameters } = forward(networks, options)
  const values = parameters.map(({ name }) => builder.valueOf(name))
  const gradients = gradient(builder, [{ value: losses, gradOut: sampleWeight }], values, {
    fused: options.fused,
  })
  builder.output('losses', losses)
  parameters.forEach(({ name }, index) => {
    builder.output(`gradient ${name}`, gradients[index]!)
  })
  return { program: builder.finish(), parameters }
}

/** The losses alone: for validation. */
export function lossProgram(networks: StepNetworks, options: StepOptions): StepProgram {
  const { builder, losses, parameters } = forward(networks, options)
  builder.output('losses', losses)
  return { program: builder.finish(), parameters }
}

function forward({ unet, textEncoder, clipOutput, chunks }: StepNetworks, options: StepOptions) {
  const builder = createBuilder('train-step')
  const { config } = unet
  const net = networkFor(builder, 'unet', unet, options)
  const text = textEncoder && networkFor(builder, 'textEncoder', textEncoder, options)
  const context =
    text && textEncoder
      ? textContext(text, textEncoder.config, clipOutput, chunks)
      : networkInput(net, 'context', ['batch', 'words', config.contextSize])
  const picture = ['8*h', '8*w']
  const prediction = unetPrediction(net, config, {
    sample: networkInput(net, 'sample', ['batch', config.inChannels, ...picture]),
    time: networkInput(net, 'time', ['batch', config.channels[0]!]),
    context,
  })
  const target = builder.input('target', 'float32', ['batch', 4, ...picture])
  const sampleWeight = builder.input('sampleWeight', 'float32', ['batch'])
  const losses = lossPerSample(builder, {
    kind: options.loss,
    prediction,
    target,
    ...(options.hasCellWeight && {
      cellWeight: builder.input('cellWeight', 'float32', ['batch', 1, ...picture]),
    }),
    ...(lossTypes[options.loss].hasThreshold && {
      huberC: builder.input('huberC', 'float32', ['batch']),
    }),
  })
  return { builder, losses, sampleWeight, parameters: parametersOf(builder, options) }
}

function textContext(net: Network, config: ClipConfig, output: ClipOutput, chunks: number): Value {
  const { context } = encodedText(net, config, output, chunks === 1 ? 'batch' : `${chunks}*batch`)
  if (chunks === 1) return context
  return reshape(net.builder, context, [-1, chunks * config.positions, config.width])
}

function networkFor(
  builder: Builder,
  network: LoraNetwork,
  { weights }: NetworkSource<unknown>,
  { modules, fused, recompute, weights: trained, skipped }: StepOptions,
): Network {
  const own = modules.filter((module) => module.network === network)
  const live = own.filter(({ algorithm }) => !algorithm)
  const changing = new Map(
    own.flatMap((module) => (module.algorithm ? [[`${module.layer}.weight`, module]] : [])),
  )
  const options: BuildOptions = {
    type: 'float32',
    fused: new Set([...fused].filter((op) => op !== 'MultiHeadAttention')),
    adapted: new Set(live.map(({ layer }) => layer)),
    baked: new Map(),
    training: {
      trained: trained[network] ?? new Set(),
      ranks: new Map(live.map(({ layer, rank }) => [layer, rank])),
      changed: (net, weight, stored) => {
        const module = changing.get(weight)
        return module ? changedWeight(net, module, stored) : stored
      },
      recompute,
      ...(skipped && { skipped }),
    },
  }
  return createNetwork(network, weights, options, builder)
}

function changedWeight({ builder }: Network, module: TrainedModule, stored: Value): Value {
  const parts = new Map(
    module.parts.map(({ part, name, shape }) => [part, builder.input(name, 'float32', shape)]),
  )
  return module.algorithm!.changed({ builder, stored, parts, scale: module.scale })
}

const groups: Readonly<Record<LoraNetwork, ParameterGroup>> = {
  unet: 'unet',
  textEncoder: 'text-encoder',
  textEncoder2: 'text-encoder',
}

function parametersOf(builder: Builder, options: StepOptions): readonly ParameterInfo[] {
  const factors = options.modules.flatMap(({ network, parts }) =>
    parts.map(({ name, shape }) => ({ name, shape, group: groups[network] })),
  )
  const weights = Object.entries(options.weights).flatMap(([network, names]) =>
    [...names].map((name) => ({
      name,
      shape: builder.valueOf(name).shape.map(Number),
      group: groups[network as LoraNetwork],
    })),
  )
  return [...factors, ...weights]
}
