import { defaultBuild, type FusedOp } from '../models/network.ts'
import { type UnetConfig, unetProgram } from '../models/unet.ts'
import type { Weights } from '../models/weights.ts'
import type { Device } from '../runtime/device.ts'
import { type DeviceReport, type InspectOptions, inspectDevices } from '../runtime/doctor.ts'
import { type OpenDeviceOptions, openDevice } from '../runtime/open-device.ts'
import type { ProbeCase } from '../runtime/probe-cases.ts'
import { seededTensor } from '../runtime/probe-data.ts'
import { type SeededWeights, writeSeededWeights } from '../runtime/seeded-weights.ts'

/**
 * The least U-Net that has all of a large one: resnets, a transformer, skips, LoRA factors of
 * rank 3 on a linear layer and a convolution. Held to the processor on every device, it shows what
 * single ops do not: fusions, memory reuse, weights out of a file.
 */
export interface CheckBlock {
  /** The case for a set of fused ops; two sizes, the second no multiple of anything. */
  block(fused: ReadonlySet<FusedOp>): ProbeCase
  /** Removes the file of weights. */
  remove(): void
}

/** How the block is called among the cases. */
export const blockName = 'tiny U-Net block'

const channels = 32
const timeSize = 128
const contextSize = 24
const rank = 3

const config: UnetConfig = {
  inChannels: 4,
  channels: [channels],
  layersPerBlock: 1,
  heads: [2],
  depth: [0],
  middleDepth: 1,
  contextSize,
  normGroups: 8,
}

const adaptedLinear = 'mid_block.attentions.0.transformer_blocks.0.attn1.to_q'
const adaptedConv = 'down_blocks.0.resnets.0.conv1'

/** Writes the weights of the block to a temporary file. */
export function createCheckBlock(): CheckBlock {
  const shapes = weightShapes()
  const stored = writeSeededWeights(shapes)
  const weights = weightsOf(shapes, stored)
  return {
    block(fused) {
      const adapted = new Set([adaptedLinear, adaptedConv])
      const options = { ...defaultBuild, fused, adapted }
      return {
        name: blockName,
        op: 'Identity',
        program: unetProgram(weights, config, options),
        feeds: [feedsOf(1, 8, 8), feedsOf(2, 5, 7)],
      }
    },
    remove: stored.remove,
  }
}

/** `openDevice` with the check block as its last case. */
export function openCheckedDevice(options: Omit<OpenDeviceOptions, 'block'>): Promise<Device> {
  return withBlock((block) => openDevice({ ...options, block }))
}

/** `inspectDevices` with the check block as the last case of each. */
export function inspectCheckedDevices(
  options: Omit<InspectOptions, 'block'>,
): Promise<DeviceReport> {
  return withBlock((block) => inspectDevices({ ...options, block }))
}

/** The weights are written when they are first needed, and removed whatever happens. */
async function withBlock<Result>(use: (block: CheckBlock['block']) => Promise<Result>) {
  let made: CheckBlock | undefined
  try {
    return await use((fused) => {
      made ??= createCheckBlock()
      return made.block(fused)
    })
  } finally {
    made?.remove()
  }
}

function feedsOf(batch: number, height: number, width: number): ProbeCase['feeds'][number] {
  const seed = `block ${batch} ${height} ${width}`
  const tensor = (name: string, ...shape: number[]) => seededTensor(`${seed} ${name}`, shape)
  return {
    sample: tensor('sample', batch, 4, height, width),
    time: tensor('time', batch, channels),
    context: tensor('context', batch, 11, contextSize),
    [`${adaptedLinear}.down`]: tensor('linear down', channels, rank),
    [`${adaptedLinear}.up`]: tensor('linear up', rank, channels),
    [`${adaptedLinear}.scale`]: tensor('linear scale', batch, 1, rank),
    [`${adaptedConv}.down`]: tensor('conv down', rank, channels, 3, 3),
    [`${adaptedConv}.up`]: tensor('conv up', channels, rank, 1, 1),
    [`${adaptedConv}.scale`]: tensor('conv scale', 1, rank, height, width),
  }
}

function weightsOf(
  shapes: ReadonlyMap<string, readonly number[]>,
  { data }: SeededWeights,
): Weights {
  const tensors = [...shapes].map(
    ([name, shape]) =>
      [name, { stored: name, type: 'float32', shape, data: data.get(name)! }] as const,
  )
  return { file: 'check block', tensors: new Map(tensors) }
}

/** Names and shapes in the diffusers layout. */
function weightShapes(): Map<string, number[]> {
  const shapes = new Map<string, number[]>()
  const layer = (name: string, ...shape: number[]) => {
    shapes.set(`${name}.weight`, shape)
    shapes.set(`${name}.bias`, [shape[0]!])
  }
  const resnet = (name: string, inner: number) => {
    layer(`${name}.norm1`, inner)
    layer(`${name}.conv1`, channels, inner, 3, 3)
    layer(`${name}.time_emb_proj`, channels, timeSize)
    layer(`${name}.norm2`, channels)
    layer(`${name}.conv2`, channels, channels, 3, 3)
    if (inner !== channels) layer(`${name}.conv_shortcut`, channels, inner, 1, 1)
  }
  const attention = (name: string, other: number) => {
    shapes.set(`${name}.to_q.weight`, [channels, channels])
    shapes.set(`${name}.to_k.weight`, [channels, other])
    shapes.set(`${name}.to_v.weight`, [channels, other])
    layer(`${name}.to_out.0`, channels, channels)
  }

  layer('time_embedding.linear_1', timeSize, channels)
  layer('time_embedding.linear_2', timeSize, timeSize)
  layer('conv_in', channels, 4, 3, 3)
  resnet('down_blocks.0.resnets.0', channels)
  resnet('mid_block.resnets.0', channels)
  const transformer = 'mid_block.attentions.0'
  layer(`${transformer}.norm`, channels)
  layer(`${transformer}.proj_in`, channels, channels, 1, 1)
  const block = `${transformer}.transformer_blocks.0`
  for (const norm of [1, 2, 3]) layer(`${block}.norm${norm}`, channels)
  attention(`${block}.attn1`, channels)
  attention(`${block}.attn2`, contextSize)
  layer(`${block}.ff.net.0.proj`, 8 * channels, channels)
  layer(`${block}.ff.net.2`, channels, 4 * channels)
  layer(`${transformer}.proj_out`, channels, channels, 1, 1)
  resnet('mid_block.resnets.1', channels)
  resnet('up_blocks.0.resnets.0', 2 * channels)
  resnet('up_blocks.0.resnets.1', 2 * channels)
  layer('conv_norm_out', channels)
  layer('conv_out', 4, channels, 3, 3)
  return shapes
}
