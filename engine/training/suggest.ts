import { WorkflowError } from '../errors.ts'
import type { Family } from '../models/families.ts'
import { checkpointings } from './settings/loop.ts'

/** What a LoRA is to learn. */
export type TrainingSubject = 'style' | 'character'

/** A way to fit a step into memory. */
export interface MemoryChoice {
  readonly trainBatchSize: number
  readonly gradientCheckpointing: (typeof checkpointings)[number]
}

/** What suggestions are made from. */
export interface SuggestionRequest {
  readonly pictures: number
  /** Bytes of the device that a run may use. */
  readonly memory: number
  readonly family: Family
  readonly subject: TrainingSubject
  /** Bytes that a run with this choice takes; a rough table where absent. */
  readonly forecast?: (choice: MemoryChoice) => number
}

/** One setting with the reason for it. */
export interface Suggestion {
  /** Name of the setting in the training settings, or `numRepeats` of the dataset. */
  readonly setting: string
  readonly value: number | boolean | string
  /** One sentence. */
  readonly reason: string
}

/**
 * Settings to begin with. The figures are what users of kohya's scripts commonly start from
 * (rank 16 to 32, alpha half of it, 1e-4, 1,500 to 3,000 pictures seen); they are a place to
 * start, not the best for any set of pictures. Throws a WorkflowError without a picture or for a
 * family that cannot be trained.
 */
export function suggestSettings(request: SuggestionRequest): Suggestion[] {
  const { pictures, family, subject } = request
  if (!Number.isInteger(pictures) || pictures < 1) {
    throw new WorkflowError(`pictures: ${pictures}, expected at least 1`)
  }
  if (!family.supported) {
    throw new WorkflowError(`${family.title}: cannot be trained yet, expected another family`)
  }
  const memory = memoryChoice(request)
  const seen = viewsOf(pictures, subject)
  const batch = memory.trainBatchSize * memory.accumulation
  const steps = Math.ceil(seen / batch)
  const rank = rankOf(pictures)
  return [
    ...repeats(pictures),
    {
      setting: 'maxTrainSteps',
      value: steps,
      reason: `${steps} steps of ${counted(batch, 'picture')} show each picture about ${Math.round(seen / pictures)} times, usual for a ${subject}`,
    },
    {
      setting: 'networkDim',
      value: rank,
      reason:
        pictures < 15
          ? `with ${counted(pictures, 'picture')} a larger rank would learn them by heart`
          : `rank ${rank} is enough for what ${pictures} pictures of a ${subject} can teach`,
    },
    {
      setting: 'networkAlpha',
      value: rank / 2,
      reason: 'half the rank keeps the usual rate of 1e-4 safe when the rank is changed',
    },
    ...subjects[subject](rank),
    {
      setting: 'learningRate',
      value: 1e-4,
      reason: 'the usual rate for a LoRA with AdamW: 1e-3 tends to burn, 1e-5 hardly learns',
    },
    ...memory.suggestions,
    ...validation(pictures),
    {
      setting: 'cacheLatents',
      value: true,
      reason: 'every picture is seen many times, so encoding it once saves time and memory',
    },
  ]
}

/** What differs between learning a look and learning a thing. */
const subjects: Readonly<Record<TrainingSubject, (rank: number) => Suggestion[]>> = {
  style: (rank) => [
    {
      setting: 'convDim',
      value: rank / 2,
      reason: 'strokes and textures sit in the 3 x 3 convolutions, which a style needs',
    },
    {
      setting: 'networkTrainUnetOnly',
      value: true,
      reason: 'a style is a look and no new word, so the text encoder can stay as it is',
    },
  ],
  character: () => [
    {
      setting: 'networkTrainUnetOnly',
      value: false,
      reason: 'a new name is learned best when the text encoder learns it too',
    },
    {
      setting: 'textEncoderLr',
      value: 5e-5,
      reason: 'half the rate of the U-Net: the text encoder forgets other words quickly',
    },
  ],
}

/** Pictures seen in all: a hundred times each, within what is usual. */
function viewsOf(pictures: number, subject: TrainingSubject): number {
  const [least, most] = subject === 'style' ? [2000, 4000] : [1500, 3000]
  return Math.min(most, Math.max(least, 100 * pictures))
}

function rankOf(pictures: number): number {
  if (pictures < 15) return 8
  return pictures < 40 ? 16 : 32
}

/** An epoch of some 200 pictures is a good unit for saving and sampling. */
function repeats(pictures: number): Suggestion[] {
  const value = Math.max(1, Math.round(200 / pictures))
  const reason =
    value === 1
      ? `${pictures} pictures make an epoch long enough by themselves`
      : `${counted(pictures, 'picture')} ${value} times make an epoch of ${pictures * value}, a good unit to save and sample by`
  return [{ setting: 'numRepeats', value, reason }]
}

function validation(pictures: number): Suggestion[] {
  if (pictures < 20) {
    return [
      {
        setting: 'validationSplit',
        value: 0,
        reason: `of ${counted(pictures, 'picture')} none can be spared to measure over-fitting`,
      },
    ]
  }
  const held = Math.round(pictures / 10)
  return [
    {
      setting: 'validationSplit',
      value: 0.1,
      reason: `${held} of ${pictures} pictures held back show when the LoRA begins to over-fit`,
    },
  ]
}

/** The least recomputation that fits one picture, then the largest batch that fits with it. */
function memoryChoice(request: SuggestionRequest) {
  const { pictures, memory, forecast = roughForecast(request.family) } = request
  const wanted = batchWanted(pictures)
  const fits = (gradientCheckpointing: MemoryChoice['gradientCheckpointing'], size: number) =>
    forecast({ gradientCheckpointing, trainBatchSize: size }) <= memory
  const found = checkpointings.find((choice) => fits(choice, 1))
  const checkpointing = found ?? 'block'
  const sizes = [4, 2, 1].filter((size) => size <= wanted)
  const size = sizes.find((candidate) => fits(checkpointing, candidate)) ?? 1
  const needs = forecast({ gradientCheckpointing: checkpointing, trainBatchSize: size })
  const accumulation = wanted / size
  const room = `${gibibytes(needs)} of ${gibibytes(memory)} GiB`
  const suggestions: Suggestion[] = [
    {
      setting: 'trainBatchSize',
      value: size,
      reason:
        found === undefined
          ? `one picture takes about ${gibibytes(needs)} GiB, more than the ${gibibytes(memory)} there are; train at a smaller resolution`
          : `${counted(size, 'picture')} at once take about ${room}`,
    },
    {
      setting: 'gradientAccumulationSteps',
      value: accumulation,
      reason:
        accumulation === 1
          ? 'the batch is as large as it should be for this many pictures'
          : `${accumulation} batches a step make the ${wanted} pictures that calm the gradient`,
    },
    { setting: 'gradientCheckpointing', value: checkpointing, reason: reasons[checkpointing] },
  ]
  return { trainBatchSize: size, accumulation, suggestions }
}

const reasons = {
  none: 'there is memory enough to compute nothing twice',
  attention: 'computing attention twice costs little time and saves most of the memory',
  block: 'only with every block computed twice does a step take so little memory',
} as const

function batchWanted(pictures: number): number {
  if (pictures < 10) return 1
  return pictures < 30 ? 2 : 4
}

const gibibyte = 2 ** 30

/**
 * Rough bytes for a full-size U-Net of SD 1.x in float32 at the family's own size: 4.5 GiB of
 * weights and workspace, and for a picture the activations that are kept for the way back, counted
 * by hand from the layers. Smaller models and sizes need a forecast of their own.
 */
function roughForecast({ nativeSize }: Family): (choice: MemoryChoice) => number {
  const area = (nativeSize / 512) ** 2
  const kept = { none: 7.5 * area, attention: 1.8, block: 0.9 }
  return ({ trainBatchSize, gradientCheckpointing }) =>
    gibibyte * (4.5 + trainBatchSize * area * kept[gradientCheckpointing])
}

function gibibytes(bytes: number): string {
  return (bytes / gibibyte).toFixed(1)
}

function counted(count: number, what: string): string {
  return count === 1 ? `one ${what}` : `${count} ${what}s`
}
