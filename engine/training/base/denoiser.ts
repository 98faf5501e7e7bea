import type { ClipConfig } from '../../models/clip.ts'
import type { NetworkSource } from '../../models/handles.ts'
import type { UnetConfig } from '../../models/unet.ts'
import type { SessionOptions } from '../../runtime/session.ts'
import type { SessionPool } from '../../runtime/session-pool.ts'
import { TorchRandom } from '../../sampling/torch-random.ts'
import { drawStep } from '../objective/draw-step.ts'
import type { ObjectiveSettings } from '../objective/settings.ts'
import { mixSeed } from '../seeds.ts'
import { lossProgram, type StepNetworks, type StepOptions, stepProgram } from '../step-program.ts'
import { createStepper, type Stepper } from '../stepper.ts'
import { batchFeeds } from '../trainer.ts'
import { type UpdateSettings, updateProgram } from '../update-program.ts'
import type { Vocabulary } from './vocabulary.ts'

/** Pictures as a denoiser is trained on them. */
export interface LatentSet {
  readonly count: number
  /** Side of a latent; a multiple of 8. */
  readonly side: number
  /** `[4, side, side]`. */
  latent(index: number): Float32Array
  caption(index: number): string
  /** `[1, side, side]`: what each place of the latent counts. */
  weight(index: number): Float32Array
}

/** How a U-Net and its text encoder are trained from nothing. */
export interface DenoiserOptions {
  readonly pool: SessionPool
  readonly key: string
  readonly unet: NetworkSource<UnetConfig>
  /** With the token table of `vocabulary` in place of the whole one. */
  readonly textEncoder: NetworkSource<ClipConfig>
  readonly vocabulary: Vocabulary
  /** Numbers of all trained weights. */
  readonly initial: ReadonlyMap<string, Float32Array>
  /** Attentions that add nothing and are left out, see `TrainingBuild`. */
  readonly skipped: ReadonlySet<string>
  readonly objective: ObjectiveSettings
  readonly update: UpdateSettings
  readonly batchSize: number
  readonly seed: number
  /** Shares of captions that are left out, and that get a word nobody knows. */
  readonly emptyCaptions: number
  readonly unknownWords: number
  readonly session?: SessionOptions
}

/** A training of all weights of a denoiser. */
export interface DenoiserTraining {
  readonly stepper: Stepper
  /** One step on the next pictures of a set; the mean weighted loss. */
  step(set: LatentSet, rate: number): Promise<number>
  close(): Promise<void>
}

/** Opens the training of a U-Net with its text encoder. */
export function trainDenoiser(options: DenoiserOptions): DenoiserTraining {
  const { unet, textEncoder, initial, objective, seed, batchSize, vocabulary } = options
  const networks: StepNetworks = {
    unet,
    textEncoder,
    clipOutput: { skip: 1, normed: true },
    chunks: 1,
  }
  const trained = (source: NetworkSource<unknown>) =>
    new Set([...source.weights.tensors.keys()].filter((name) => initial.has(name)))
  const step: StepOptions = {
    loss: objective.lossType,
    hasCellWeight: objective.maskedLoss,
    recompute: 'none',
    fused: options.pool.device.fused,
    modules: [],
    weights: { unet: trained(unet), textEncoder: trained(textEncoder) },
    skipped: options.skipped,
  }
  const { parameters } = lossProgram(networks, step)
  const stepper = createStepper({
    ...options,
    parameters,
    step: () => stepProgram(networks, step).program,
    evaluation: () => lossProgram(networks, step).program,
    update: updateProgram(options.update, parameters),
  })

  const indexOf = shuffled(seed)

  function windowOf(caption: string, at: number, place: number): readonly number[] {
    const [empty, unknown, where] = new TorchRandom(mixSeed(seed, 'caption', at, place)).uniform(
      3,
    ) as unknown as [number, number, number]
    if (empty < options.emptyCaptions) return vocabulary.windowOf('')
    if (unknown >= options.unknownWords) return vocabulary.windowOf(caption)
    return vocabulary.windowOf(caption, Math.floor(where * 64))
  }

  return {
    stepper,
    async step(set, rate) {
      const at = stepper.step
      const indices = Array.from({ length: batchSize }, (_, place) =>
        indexOf(set.count, at * batchSize + place),
      )
      const shape = [batchSize, 4, set.side, set.side]
      const drawn = drawStep({
        latents: { data: joined(indices.map((index) => set.latent(index))), shape },
        settings: objective,
        prediction: 'epsilon',
        seed,
        step: at,
        mask: {
          data: joined(indices.map((index) => set.weight(index))),
          shape: [batchSize, 1, set.side, set.side],
        },
      })
      const windows = indices.map((index, place) => windowOf(set.caption(index), at, place))
      const batch = { ...drawn, tokens: { windows } }
      const { losses } = await stepper.accumulate(batchFeeds(batch, networks))
      await stepper.update({ unet: rate, 'text-encoder': rate })
      const weighted = (losses!.data as Float32Array).map(
        (loss, i) => loss * drawn.sampleWeight[i]!,
      )
      return weighted.reduce((sum, loss) => sum + loss, 0) / batchSize
    },
    close: () => stepper.close(),
  }
}

/** Pictures in an endless row of shuffled passes: number `position` of it. */
function shuffled(seed: number): (count: number, position: number) => number {
  let known = ''
  let order: readonly number[] = []
  return (count, position) => {
    const pass = Math.floor(position / count)
    if (known !== `${count} ${pass}`) {
      known = `${count} ${pass}`
      order = Array.from(new TorchRandom(mixSeed(seed, 'order', pass)).permutation(count), Number)
    }
    return order[position % count]!
  }
}

function joined(parts: readonly Float32Array[]): Float32Array {
  const size = parts[0]!.length
  const result = new Float32Array(parts.length * size)
  parts.forEach((part, index) => {
    result.set(part, index * size)
  })
  return result
}
