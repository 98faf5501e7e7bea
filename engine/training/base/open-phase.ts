import { families } from '../../models/families.ts'
import { clipConfigOf, unetConfigOf, vaeConfigOf } from '../../models/network-config.ts'
import type { SessionOptions } from '../../runtime/session.ts'
import type { SessionPool } from '../../runtime/session-pool.ts'
import { objectiveSchema } from '../objective/settings.ts'
import { optimizerSchema } from '../optimizers.ts'
import type { Stepper } from '../stepper.ts'
import type { UpdateSettings } from '../update-program.ts'
import { trainVae } from './autoencoder.ts'
import type { ModelPlan } from './demo-plan.ts'
import { trainDenoiser } from './denoiser.ts'
import { weightsInMemory } from './new-weights.ts'
import { firstWeights, isTrained, type PartName, partTensors } from './parts.ts'
import type { Phase } from './phases.ts'
import { drawLatents, type OnDrawn } from './postcards.ts'
import { drawVaePictures, vaeBatch } from './vae-samples.ts'
import type { Vocabulary } from './vocabulary.ts'

/** What is needed to train one phase of a part. */
export interface PhaseOptions {
  readonly pool: SessionPool
  readonly plan: ModelPlan
  readonly part: PartName
  readonly phase: Phase
  /** Of this phase: weights that begin and samples are drawn from it. */
  readonly seed: number
  readonly vocabulary: Vocabulary
  /** Weights that the phases before have trained, by name. */
  readonly earlier: ReadonlyMap<string, Float32Array>
  readonly onDrawn?: OnDrawn
  readonly session?: SessionOptions
}

/** A phase that is being trained. */
export interface OpenPhase {
  readonly stepper: Stepper
  /** One step on its next pictures; the mean loss. */
  step(rate: number): Promise<number>
  close(): Promise<void>
}

const family = families.find(({ id }) => id === 'sd15')!

/** Objective of a denoiser: as kohya names it, and the loss weighted where objects are. */
const objective = objectiveSchema.parse({
  minSnrGamma: 5,
  noiseOffset: 0.05,
  timestepDistribution: 'stratified',
  maskedLoss: true,
  maskMean: 'weights',
})
const emptyCaptions = 0.1
const unknownWords = 0.08

/** Draws the pictures of a phase and opens its training. */
export async function openPhase(options: PhaseOptions): Promise<OpenPhase> {
  return options.part === 'denoiser'
    ? openDenoiser(options)
    : openVae({ ...options, part: options.part })
}

async function openDenoiser(options: PhaseOptions): Promise<OpenPhase> {
  const { pool, plan, phase, seed, vocabulary, session } = options
  const set = await drawLatents(phase.pictures, {
    seed: 0,
    side: phase.side === 128 ? 16 : 8,
    ...(options.onDrawn && { onDrawn: options.onDrawn }),
  })
  const { tensors, initial } = beginning(options)
  const unet = weightsInMemory(tensors, 'unet')
  const text = weightsInMemory(tensors, 'textEncoder')
  const training = trainDenoiser({
    pool,
    key: 'new denoiser',
    unet: {
      id: 'new unet',
      weights: unet,
      config: unetConfigOf(unet, family, plan.config.unet),
    },
    textEncoder: {
      id: 'new text encoder',
      weights: text,
      config: clipConfigOf(text, family, plan.config.textEncoder),
    },
    ...{ vocabulary, initial, objective, emptyCaptions, unknownWords, seed },
    skipped: plan.silentAttention,
    update: updateOf(phase),
    batchSize: phase.batch,
    ...(session && { session }),
  })
  const { stepper } = training
  return { stepper, step: (rate) => training.step(set, rate), close: () => training.close() }
}

async function openVae(options: PhaseOptions & { part: 'decoder' | 'encoder' }) {
  const { pool, plan, part, phase, seed, session } = options
  const counts = { plain: phase.pictures, styled: phase.styled }
  const pictures = await drawVaePictures(counts, options.onDrawn)
  const { initial } = beginning(options)
  const weights = weightsInMemory(trainedVae(plan), 'vae')
  const training = trainVae({
    pool,
    key: `new ${part}`,
    half: part,
    vae: { id: 'new vae', weights, config: vaeConfigOf(weights, family, plan.config.vae) },
    initial,
    skipped: phase.late ? new Set() : plan.lateResnets,
    update: updateOf(phase),
    ...(session && { session }),
  })
  const { stepper } = training
  const sampling = { half: part, side: phase.side, seed }
  return {
    stepper,
    step(rate: number) {
      const batch = vaeBatch(pictures, sampling, { step: stepper.step, batch: phase.batch })
      return training.step(batch, rate)
    },
    close: () => training.close(),
  }
}

/** What is needed to train a VAE: the scaling of latents is put in afterwards. */
function trainedVae(plan: ModelPlan) {
  const all = (['decoder', 'encoder'] as const).flatMap((half) => partTensors(plan, half))
  return all.filter(({ name }) => !name.startsWith('quant_conv.'))
}

/** The tensors of a part, and the numbers with which those that are trained begin. */
function beginning({ plan, part, seed, vocabulary, earlier }: PhaseOptions) {
  const tensors = partTensors(plan, part, vocabulary.rows)
  const first = [...firstWeights(plan, tensors, seed)].filter(([name]) => isTrained(plan, name))
  const initial = new Map(first.map(([name, data]) => [name, earlier.get(name) ?? data]))
  return { tensors, initial }
}

function updateOf({ rate, averageKeep }: Phase): UpdateSettings {
  return {
    optimizer: optimizerSchema.parse({
      learningRate: rate,
      optimizerArgs: { betas: [0.9, 0.99], weightDecay: 1e-3 },
    }),
    maxGradNorm: 1,
    ema: true,
    emaDecay: averageKeep,
  }
}
