import { FormatError } from '../errors.ts'
import type { Lora, LoraModule } from '../lora/load.ts'
import type { LoraNetwork } from '../lora/naming.ts'
import type { BuildOptions, Recompute } from '../models/network.ts'
import { timeEmbedding } from '../models/unet.ts'
import { layersOf } from '../models/weights.ts'
import type { SessionOptions } from '../runtime/session.ts'
import type { SessionPool } from '../runtime/session-pool.ts'
import type { HostTensor } from '../runtime/tensor.ts'
import type { NumericTensor } from '../sockets.ts'
import { partFromProgram, partToProgram, type TrainedModule, trainedModules } from './adapters.ts'
import { type BatchSizes, type Dropout, droppedScales, hasDropout, scaleFeeds } from './dropout.ts'
import type { LossType } from './objective/loss.ts'
import type { ParameterInfo } from './parameter.ts'
import { lossProgram, type StepNetworks, type StepOptions, stepProgram } from './step-program.ts'
import { createStepper, type Stepper, type UpdateReport } from './stepper.ts'
import { type UpdateSettings, updateProgram } from './update-program.ts'

/** Captions as tokens, for a text encoder that is trained. */
export interface TokenBatch {
  /** `[batch * chunks]` windows of 77 ids each. */
  readonly windows: readonly (readonly number[])[]
}

/** One (micro-)batch, ready to be fed. */
export interface TrainBatch {
  /** Noised latents, `[batch, 4, height/8, width/8]`; sides are multiples of 8. */
  readonly sample: NumericTensor
  readonly target: NumericTensor
  readonly timesteps: readonly number[]
  /** `[batch, tokens, features]`, where the text encoder is not trained. */
  readonly context?: NumericTensor
  readonly tokens?: TokenBatch
  /** `[batch]`; the mean over the batch is taken here. */
  readonly sampleWeight: Float32Array
  readonly huberC?: Float32Array
  /** `[batch, 1, height/8, width/8]`. */
  readonly cellWeight?: NumericTensor
}

/** What a run drives: losses and gradients of batches, steps of the optimizer, snapshots. */
export interface Trainer {
  readonly parameters: readonly ParameterInfo[]
  /** Adds a batch's gradients; `losses [batch]` are weighted. */
  accumulate(batch: TrainBatch, step: number): Promise<{ losses: Float32Array }>
  update(rates: Readonly<Record<string, number>>): Promise<UpdateReport>
  /** Weighted losses; nothing changes. */
  evaluate(batch: TrainBatch): Promise<Float32Array>
  /** Brings what is trained to the host: goes before `snapshot` and `lora`. */
  fetch(): Promise<void>
  snapshot(): ReadonlyMap<string, Float32Array>
  restore(state: ReadonlyMap<string, Float32Array>): void
  /** The LoRA as it is, or its running average: an ordinary value that stays as it is. */
  lora(kind?: 'current' | 'ema'): Lora
  close(): Promise<void>
}

export interface LoraTrainerOptions {
  readonly pool: SessionPool
  /** Names this training in the pool. */
  readonly key: string
  readonly networks: StepNetworks
  readonly lora: Lora
  readonly loss: LossType
  readonly hasCellWeight: boolean
  readonly recompute: Recompute
  readonly update: UpdateSettings
  readonly dropout?: Dropout
  readonly session?: SessionOptions
}

/** Trains the factors of a LoRA; the base stays as it is. */
export function createLoraTrainer(options: LoraTrainerOptions): Trainer {
  const { pool, networks, lora, dropout } = options
  const modules = modulesOf(lora, networks)
  const step: StepOptions = {
    loss: options.loss,
    hasCellWeight: options.hasCellWeight,
    recompute: options.recompute,
    fused: pool.device.fused as BuildOptions['fused'],
    modules,
    weights: {},
  }
  // Building costs little beside loading; the names of the parameters are known here already.
  const parameters = lossProgram(networks, step).parameters
  const live = modules.filter(({ algorithm }) => !algorithm)
  const stepper = createStepper({
    pool,
    key: options.key,
    parameters,
    initial: new Map(
      modules.flatMap((module) =>
        module.parts.map(({ name, part }) => [name, partToProgram(module, part)] as const),
      ),
    ),
    step: () => stepProgram(networks, step).program,
    evaluation: () => lossProgram(networks, step).program,
    update: updateProgram(
      { ...options.update, loraScales: new Map(live.map(({ layer, scale }) => [layer, scale])) },
      parameters,
    ),
    ...(options.session && { session: options.session }),
  })
  if (dropout && hasDropout(dropout)) refuseDropped(lora.name, modules)
  const feedsOf = (batch: TrainBatch) => batchFeeds(batch, networks)
  const plainScales = scaleFeeds(live)
  /** Micro-batches since the last step. */
  let calls = 0
  return {
    parameters,
    async accumulate(batch, at) {
      const place = { step: at, call: calls, sizes: sizesOf(batch, networks) }
      const scales =
        dropout && hasDropout(dropout) ? droppedScales(live, dropout, place) : plainScales
      calls += 1
      const { losses } = await stepper.accumulate({ ...feedsOf(batch), ...scales })
      return { losses: weighted(losses!, batch) }
    },
    async evaluate(batch) {
      const { losses } = await stepper.evaluate({ ...feedsOf(batch), ...plainScales })
      return weighted(losses!, batch)
    },
    update(rates) {
      calls = 0
      return stepper.update(rates)
    },
    fetch: () => stepper.fetch(),
    snapshot: () => stepper.snapshot(),
    restore(state) {
      calls = 0
      stepper.restore(state)
    },
    lora: (kind) => trainedLora(lora, modules, stepper, kind),
    close: () => stepper.close(),
  }
}

function modulesOf(lora: Lora, { unet, textEncoder }: StepNetworks): readonly TrainedModule[] {
  const of = (network: LoraNetwork, weights: StepNetworks['unet']['weights']) =>
    trainedModules(lora, network, layersOf(weights))
  const modules = [
    ...of('unet', unet.weights),
    ...(textEncoder ? of('textEncoder', textEncoder.weights) : []),
  ]
  if (modules.length > 0) return modules
  throw new FormatError(`${lora.name}: no modules for the networks in training, expected some`)
}

/** Only low-rank factors have a place at which something can be left out. */
function refuseDropped(name: string, modules: readonly TrainedModule[]): void {
  const changed = modules.find(({ algorithm }) => algorithm)
  if (!changed) return
  throw new FormatError(
    `${name}: dropout with ${changed.module.algorithm}, expected none; only LoRA has dropout`,
  )
}

function sizesOf(
  { sample, context }: TrainBatch,
  { unet, textEncoder, chunks }: StepNetworks,
): BatchSizes {
  const [batch = 0, , height = 0, width = 0] = sample.shape
  const positions = textEncoder?.config.positions ?? 0
  return {
    ...{ batch, height, width, positions },
    levels: unet.config.channels.length,
    words: textEncoder ? chunks * positions : context!.shape[1]!,
  }
}

/** What a batch means for the inputs of a step's program. */
export function batchFeeds(
  batch: TrainBatch,
  { unet, textEncoder, chunks }: StepNetworks,
): Record<string, HostTensor> {
  const { sample, target, timesteps, sampleWeight, huberC, cellWeight } = batch
  const count = timesteps.length
  const [, , height = 0, width = 0] = sample.shape
  if (height % 8 !== 0 || width % 8 !== 0) {
    throw new FormatError(
      `training: latents are ${width} by ${height}, multiples of 8 expected; pictures need sides that are multiples of 64`,
    )
  }
  const size = unet.config.channels[0]!
  return {
    sample,
    target,
    time: { data: timeEmbedding(timesteps, size), shape: [count, size] },
    sampleWeight: { data: sampleWeight.map((weight) => weight / count), shape: [count] },
    ...(huberC && { huberC: { data: huberC, shape: [count] } }),
    ...(cellWeight && { cellWeight }),
    ...(textEncoder
      ? tokenFeeds(batch, count * chunks, textEncoder.config)
      : { context: batch.context! }),
  }
}

function tokenFeeds(
  { tokens }: TrainBatch,
  rows: number,
  { positions, width }: { positions: number; width: number },
): Record<string, HostTensor> {
  const ids = (tokens?.windows ?? []).flat()
  return {
    tokens: { data: BigInt64Array.from(ids, BigInt), shape: [rows, positions] },
    replace: { data: new Float32Array(rows * positions * width), shape: [rows, positions, width] },
    keep: { data: new Float32Array(rows * positions).fill(1), shape: [rows, positions, 1] },
  }
}

function weighted({ data }: HostTensor, { sampleWeight }: TrainBatch): Float32Array {
  return (data as Float32Array).map((loss, index) => loss * sampleWeight[index]!)
}

function trainedLora(
  lora: Lora,
  modules: readonly TrainedModule[],
  stepper: Stepper,
  kind: 'current' | 'ema' = 'current',
): Lora {
  const trained = new Map<LoraModule, LoraModule>()
  for (const module of modules) {
    const parts = new Map(module.module.parts)
    for (const { part, name } of module.parts) {
      const data = kind === 'ema' ? stepper.average(name) : stepper.parameter(name)
      parts.set(part, partFromProgram(module, part, data))
    }
    trained.set(module.module, { ...module.module, parts })
  }
  return {
    ...lora,
    key: `${lora.key} trained ${stepper.step} ${kind}`,
    modules: lora.modules.map((module) => trained.get(module) ?? module),
  }
}
