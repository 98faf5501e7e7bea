import { createHash } from 'node:crypto'
import { DeviceError } from '../../../engine/errors.ts'
import { openRunFolder, type RunFolder } from '../../../engine/files/run-folder.ts'
import { parseSafetensors } from '../../../engine/formats/safetensors.ts'
import { type Lora, readLora } from '../../../engine/lora/load.ts'
import { saveLora } from '../../../engine/lora/save.ts'
import { randomLora } from '../../../engine/models/random-lora.ts'
import type { BatchSource } from '../../../engine/training/run/batch-source.ts'
import { noControls, type TrainingControls } from '../../../engine/training/run/controls.ts'
import type { TrainingEvent } from '../../../engine/training/run/events.ts'
import type { TrainingJob, TrainingWorld } from '../../../engine/training/run.ts'
import { mixSeed } from '../../../engine/training/seeds.ts'
import type { TrainBatch, Trainer } from '../../../engine/training/trainer.ts'

/**
 * A trainer small enough to be followed by hand: one number `w` is drawn towards the pictures'
 * targets by gradient descent with momentum. What surrounds a trainer is tested with it; the real
 * one has tests of its own.
 */
export interface Toy extends Trainer {
  /** Sizes of the batches that were accumulated, in order. */
  readonly fed: number[]
}

/** Faults on purpose. */
export interface ToyFaults {
  /** Most samples that its memory holds. */
  memory?: number
  /** The update of this step gives NaN. */
  nanUpdateAt?: number
  /** The loss of this picture is NaN. */
  nanPicture?: number
}

const lora = toyLora()

/** A trainer of one number, which starts at 0. */
export function toyTrainer(faults: ToyFaults = {}): Toy {
  let [w, momentum, gradient, calls, step] = [0, 0, 0, 0, 0]
  const fed: number[] = []
  const lossOf = (batch: TrainBatch, item: number) => {
    const target = batch.target.data[item]!
    return target === faults.nanPicture ? Number.NaN : (w - target) ** 2
  }
  return {
    fed,
    parameters: [{ name: 'w', shape: [1], group: 'unet' }],
    async accumulate(batch) {
      const count = batch.timesteps.length
      if (count > (faults.memory ?? count)) {
        throw new DeviceError('toy: failed on cpu: out of memory; try a smaller picture or batch')
      }
      fed.push(count)
      const losses = new Float32Array(count)
      for (let item = 0; item < count; item++) {
        const weight = batch.sampleWeight[item]!
        losses[item] = weight * lossOf(batch, item)
        gradient += (2 * weight * (w - batch.target.data[item]!)) / count
      }
      calls += 1
      return { losses }
    },
    async update(rates) {
      step += 1
      const mean = gradient / calls
      momentum = Math.fround(0.5 * momentum + mean)
      const change = Math.fround(rates.unet! * momentum)
      w = step === faults.nanUpdateAt ? Number.NaN : Math.fround(w - change)
      ;[gradient, calls] = [0, 0]
      return { gradientNorm: mean, parameterNorm: w, updateNorm: change, extra: {} }
    },
    evaluate: async (batch) => {
      return Float32Array.from(batch.timesteps, (_, item) => lossOf(batch, item))
    },
    fetch: async () => undefined,
    snapshot: () =>
      new Map([
        ['parameter w', Float32Array.of(w)],
        ['state momentum w', Float32Array.of(momentum)],
        ['step', Float32Array.of(step)],
      ]),
    restore(state) {
      w = state.get('parameter w')![0]!
      momentum = state.get('state momentum w')![0]!
      step = state.get('step')![0]!
      ;[gradient, calls] = [0, 0]
    },
    lora: () => lora,
    close: async () => undefined,
  }
}

/** `count` pictures whose targets are their numbers, in an order drawn from the seed. */
export function toyData(count: number, batchSize: number, seed = 1): BatchSource {
  const order = (epoch: number) =>
    Array.from({ length: count }, (_, picture) => picture).sort(
      (a, b) => mixSeed(seed, epoch, a) - mixSeed(seed, epoch, b),
    )
  const batch = (epoch: number, at: number) =>
    order(epoch).slice(at * batchSize, (at + 1) * batchSize)
  return {
    batches: Math.ceil(count / batchSize),
    pictures: Array.from({ length: count }, (_, picture) => `${picture}.png`),
    batch,
    async load({ epoch, batch: at, from, to, step, offset }) {
      const pictures = batch(epoch, at).slice(from, to)
      return toyBatch(pictures, (item) => mixSeed(seed, step, offset + from + item) % 1000)
    },
  }
}

/** A batch whose targets are the numbers of the pictures. */
export function toyBatch(
  pictures: readonly number[],
  timestep: (item: number) => number,
): TrainBatch {
  const shape = [pictures.length, 1, 1, 1]
  return {
    sample: { data: new Float32Array(pictures.length), shape },
    target: { data: Float32Array.from(pictures), shape },
    timesteps: pictures.map((_, item) => timestep(item)),
    sampleWeight: new Float32Array(pictures.length).fill(1),
  }
}

/** A job of the toy: six pictures in twos, twelve steps, a state every third step. */
export function toyJob(
  changes: Partial<TrainingJob> = {},
  trainer: () => Trainer = () => toyTrainer(),
): TrainingJob {
  return {
    name: 'toy',
    schedule: {
      ...{ steps: 12, accumulation: 1, weights: {}, validation: { keepBest: true } },
      states: { steps: 3, keptCount: 2 },
      samples: { atFirst: false },
    },
    identity: { model: 'toy', unet: 'a', textEncoder: 'b', vae: 'c' },
    settings: { learningRate: 0.1, trainBatchSize: 2 },
    data: toyData(6, 2),
    rates: () => ({ unet: 0.1 }),
    openTrainer: async () => trainer(),
    encodeWeights: (value, { step }) =>
      saveLora(value, { precision: 'float', sha256, metadata: { ss_steps: `${step}` } }),
    ...changes,
  }
}

/** What a run told and asked. */
export interface ToyWorld extends TrainingWorld {
  readonly events: TrainingEvent[]
}

/** The real folder `training/toy` below `output`, a clock that ticks and no wishes. */
export async function toyWorld(
  output: string,
  controls: () => TrainingControls | Promise<TrainingControls> = () => noControls,
): Promise<ToyWorld> {
  const folder: RunFolder = await openRunFolder(output, 'toy')
  const events: TrainingEvent[] = []
  let time = 0
  return {
    folder,
    events,
    now: () => {
      time += 500
      return time
    },
    report: (event) => events.push(event),
    controls: async () => controls(),
  }
}

function toyLora(): Lora {
  const layers = { unet: new Map([['mid_block.attentions.0.proj_in', [8, 8]]]) }
  const bytes = randomLora({ rank: 2, layers, seed: 1 })
  return readLora('toy', parseSafetensors('toy', bytes), { key: 'toy' })
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
