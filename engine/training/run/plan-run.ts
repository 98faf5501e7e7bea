import { type LearningRateSettings, learningRateFactor } from '../learning-rate.ts'
import { groupRates, type OptimizerSettings } from '../optimizers.ts'
import type { RunSchedule } from '../run.ts'
import type { TrainSettings } from '../settings.ts'
import { stepsPerEpoch } from './batch-source.ts'
import type { Plain } from './state.ts'

/** How often the state is written, from which a killed run goes on. */
export interface StateSettings {
  readonly stateEveryNSteps: number
  readonly keepStates: number
}

/** The schedule of a run with so many batches an epoch. */
export function planRun(
  settings: TrainSettings,
  { stateEveryNSteps, keepStates }: StateSettings,
  data: { readonly batches: number },
): RunSchedule {
  const accumulation = settings.gradientAccumulationSteps
  const perEpoch = stepsPerEpoch(data, accumulation)
  const { maxTrainEpochs: epochs, earlyStopPatience: patience } = settings
  const keptSteps = settings.saveLastNSteps ?? timesOr(settings.saveLastNEpochs, perEpoch)
  const validates = settings.validateEveryNSteps ?? settings.validateEveryNEpochs
  return {
    steps: epochs === undefined ? settings.maxTrainSteps : epochs * perEpoch,
    accumulation,
    weights: {
      ...rhythm(settings.saveEveryNSteps, settings.saveEveryNEpochs),
      ...(keptSteps !== undefined && { keptSteps }),
    },
    states: { steps: stateEveryNSteps, keptCount: keepStates, withWeights: settings.saveState },
    samples: {
      ...rhythm(settings.sampleEveryNSteps, settings.sampleEveryNEpochs),
      atFirst: settings.sampleAtFirst,
    },
    validation: {
      ...(validates === undefined
        ? { epochs: 1 }
        : rhythm(settings.validateEveryNSteps, settings.validateEveryNEpochs)),
      ...(patience !== undefined && { patience }),
      keepBest: settings.keepBest,
    },
  }
}

function rhythm(steps: number | undefined, epochs: number | undefined) {
  return { ...(steps !== undefined && { steps }), ...(epochs !== undefined && { epochs }) }
}

function timesOr(count: number | undefined, perEpoch: number): number | undefined {
  return count === undefined ? undefined : count * perEpoch
}

/** The rate of every group of parameters at a step, from 1. */
export function ratesOf(
  settings: OptimizerSettings & LearningRateSettings,
  steps: number,
): (step: number) => Record<string, number> {
  const factors = Object.entries(groupRates(settings)).map(([group, rate]) => {
    return [group, rate, learningRateFactor(settings, steps, rate)] as const
  })
  return (step) => {
    return Object.fromEntries(
      factors.map(([group, rate, factor]) => [group, rate * factor(step - 1)]),
    )
  }
}

/**
 * Settings that may change while a run is resumed: how long it goes, what it writes and draws,
 * where it keeps things. All others decide about the numbers.
 */
const free: ReadonlySet<string> = new Set<keyof TrainSettings>([
  ...(['maxTrainSteps', 'maxTrainEpochs', 'gpuTemperatureLimit', 'memoryLimit'] as const),
  ...(['saveEveryNSteps', 'saveEveryNEpochs', 'saveLastNSteps', 'saveLastNEpochs'] as const),
  ...(['saveState', 'saveStateOnTrainEnd', 'savePrecision', 'outputName', 'noMetadata'] as const),
  ...(['metadataTitle', 'metadataAuthor', 'metadataDescription', 'metadataLicense'] as const),
  ...(['metadataTags', 'trainingComment', 'triggerWords'] as const),
  ...(['sampleEveryNSteps', 'sampleEveryNEpochs', 'sampleAtFirst', 'samplePrompts'] as const),
  ...(['validateEveryNSteps', 'validateEveryNEpochs', 'earlyStopPatience', 'keepBest'] as const),
  ...(['cacheLatents', 'cacheLatentsToDisk'] as const),
  ...(['cacheTextEncoderOutputs', 'cacheTextEncoderOutputsToDisk'] as const),
])

/** The settings that must be the same when a run is resumed, as plain data. */
export function fixedSettings(settings: TrainSettings): Record<string, Plain> {
  const kept = Object.entries(settings).filter(([name, value]) => {
    return value !== undefined && !free.has(name)
  })
  return JSON.parse(JSON.stringify(Object.fromEntries(kept)))
}
