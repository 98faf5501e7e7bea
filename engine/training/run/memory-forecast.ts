import { DeviceError } from '../../errors.ts'
import type { UnetConfig } from '../../models/unet.ts'
import { checkpointings } from '../settings/loop.ts'

/** What memory is forecast from. */
export interface MemoryRequest {
  readonly unet: UnetConfig
  /** Numbers in the networks that a step is computed through. */
  readonly weights: number
  /** Numbers that are trained. */
  readonly parameters: number
  /** Tensors that the optimizer keeps beside each parameter; AdamW 2. */
  readonly statesPerParameter: number
  /** Pixels. */
  readonly width: number
  readonly height: number
  readonly batch: number
  /** Tokens of an encoded caption. */
  readonly tokens: number
  readonly checkpointing: (typeof checkpointings)[number]
}

/** Bytes at the peak of a step. */
export interface MemoryForecast {
  readonly weights: number
  /** Parameters, gradients, their sums, optimizer state, and a copy while they are saved. */
  readonly training: number
  readonly activations: number
  /** The runtime, pictures and programs. */
  readonly base: number
  readonly total: number
}

/** Numbers kept for the way back, per place of a map and channel, and per attention weight. */
interface Keeping {
  readonly resnet: number
  readonly transformer: number
  readonly attention: number
  /** True where of a block only what enters it is kept, beside the one that is computed. */
  readonly byBlock: boolean
}

/** Counted from the ops of a block; the runtime shares memory and may do with less. */
const keepings: Readonly<Record<MemoryRequest['checkpointing'], Keeping>> = {
  none: { resnet: 14, transformer: 44, attention: 1, byBlock: false },
  attention: { resnet: 9, transformer: 34, attention: 0, byBlock: false },
  block: { resnet: 14, transformer: 44, attention: 1, byBlock: true },
}

/**
 * Numbers per attention weight while the way back goes through one attention: scores, softmax and
 * their gradients. Of peaks measured at 64 to 256 pixels and batches of 1 to 8, the forecast is
 * 0.9 to 1.2 times.
 */
const attentionInside = 5

const float = 4
const baseBytes = 300 * 2 ** 20

/**
 * Forecasts the peak of a training step in float32: an estimate by the shapes of the network, on
 * the safe side.
 */
export function forecastMemory(request: MemoryRequest): MemoryForecast {
  const copies = 4 + 2 * request.statesPerParameter
  const weights = request.weights * float
  const training = request.parameters * copies * float
  const activations = activationsOf(request) * float
  const total = weights + training + activations + baseBytes
  return { weights, training, activations, base: baseBytes, total }
}

/** A change of settings, and what a run takes with it. */
interface Remedy {
  readonly text: string
  readonly total: number
}

/**
 * Throws a DeviceError where a run would take more than `limit` bytes, with the least change of
 * settings that would fit: more recomputation, then a smaller batch, then smaller pictures.
 */
export function refuseTooLarge(name: string, request: MemoryRequest, limit: number): void {
  const { total } = forecastMemory(request)
  if (total <= limit) return
  const fitting = remedies(request).find((remedy) => remedy.total <= limit)
  const advice = fitting
    ? `${fitting.text} would take ${gibibytes(fitting.total)}`
    : 'no setting makes it small enough; use a device with more memory'
  throw new DeviceError(
    `training "${name}": about ${gibibytes(total)} would be taken, at most ${gibibytes(limit)} expected; ${advice}`,
  )
}

function* remediesOf(request: MemoryRequest): Generator<Remedy> {
  const level = checkpointings.indexOf(request.checkpointing)
  for (let { batch, width, height } = request; width >= 64 && height >= 64; ) {
    for (const checkpointing of checkpointings.slice(level)) {
      const changed = { ...request, checkpointing, batch, width, height }
      const size = width === request.width ? '' : `, pictures of ${width} x ${height}`
      const text = `gradientCheckpointing ${checkpointing}, trainBatchSize ${batch}${size}`
      yield { text, total: forecastMemory(changed).total }
    }
    if (batch > 1) batch = Math.ceil(batch / 2)
    else [width, height] = [smaller(width), smaller(height)]
  }
}

function remedies(request: MemoryRequest): Remedy[] {
  return [...remediesOf(request)]
}

function smaller(side: number): number {
  return Math.floor((side * 3) / 4 / 64) * 64
}

/** Numbers that the way forward leaves for the way back. */
function activationsOf(request: MemoryRequest): number {
  const { unet, batch, width, height, tokens } = request
  const keeping = keepings[request.checkpointing]
  let sum = 0
  let largest = 0
  let attention = 0
  const block = (entering: number, inside: number) => {
    sum += keeping.byBlock ? entering : inside
    largest = Math.max(largest, keeping.byBlock ? inside : 0)
  }
  unet.channels.forEach((channels, level) => {
    const places = (width / 8 / 2 ** level) * (height / 8 / 2 ** level)
    const map = channels * places
    // Down: `layersPerBlock`; up: one more, with the maps of the way down beside its own.
    const layers = 2 * unet.layersPerBlock + 1
    for (let layer = 0; layer < layers; layer++) {
      block(map, keeping.resnet * map * (layer < unet.layersPerBlock ? 1 : 1.5))
      for (let depth = 0; depth < unet.depth[level]!; depth++) {
        const weights = unet.heads[level]! * places * (places + tokens)
        attention = Math.max(attention, weights)
        block(map, keeping.transformer * map + keeping.attention * weights)
      }
    }
  })
  return batch * (sum + largest + attentionInside * attention)
}

function gibibytes(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(1)} GiB`
}
