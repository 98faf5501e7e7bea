/** What a training run leaves behind, for the log, the chart and the table of a sweep. */

/** One line of the log: one optimizer step. Nothing in it depends on the clock. */
export interface LoggedStep {
  /** From 1. */
  readonly step: number
  /** From 0. */
  readonly epoch: number
  /** Mean of the samples' weighted losses. */
  readonly loss: number
  /** Mean loss of the last `averageSteps` steps. */
  readonly average: number
  /** Learning rate by group of parameters. */
  readonly rates: Readonly<Record<string, number>>
  /** Of all parameters together; the gradient's before it is clipped. */
  readonly gradientNorm: number
  readonly parameterNorm: number
  readonly updateNorm: number
  /** What the optimizer says besides, such as Prodigy's `d`. */
  readonly extra?: Readonly<Record<string, number>>
  /** In the order in which they were fed: number of the picture, timestep, loss. */
  readonly samples: readonly (readonly [picture: number, timestep: number, loss: number])[]
}

/** One validation: losses with fixed noise and timesteps. */
export interface LoggedValidation {
  readonly step: number
  /** Mean loss of the held-out pictures. */
  readonly loss: number
  /** Mean loss of as many training pictures, measured alike. */
  readonly trainLoss: number
  /** `loss - trainLoss` less what it was before the first step: grows as a run over-fits. */
  readonly gap: number
  readonly isBest: boolean
}

/** Mean loss of the samples whose timesteps lie in `[from, to)`. */
export interface LossBin {
  readonly from: number
  readonly to: number
  readonly count: number
  /** 0 where `count` is. */
  readonly loss: number
}

/** How a run came to its end. */
export type TrainingStatus = 'finished' | 'stopped' | 'early-stop'

/** The value on a `training` socket. */
export interface TrainingResult {
  readonly name: string
  /** Absolute path of the run's folder. */
  readonly folder: string
  readonly status: TrainingStatus
  readonly step: number
  readonly steps: number
  readonly log: readonly LoggedStep[]
  readonly validations: readonly LoggedValidation[]
  /** Ten, over all timesteps. */
  readonly bins: readonly LossBin[]
  /** The step with the lowest validation loss; absent where nothing was validated. */
  readonly best?: LoggedValidation
  /** Absolute paths: weights and samples in the order of their writing. */
  readonly weights: readonly string[]
  readonly samples: readonly string[]
  /** Names of the pictures by their number in the log. */
  readonly pictures: readonly string[]
}

/** Steps over which the moving average goes; fewer at the beginning. */
export const averageSteps = 50

/** Timesteps of a model, and the number of bins that they are counted in. */
const timesteps = 1000
const binCount = 10

/** Losses by timestep, counted as they come. */
export interface BinCounter {
  add(samples: LoggedStep['samples']): void
  /** Ten bins of equal width. */
  bins(): LossBin[]
}

/** Counts losses by timestep, from nothing. */
export function createBinCounter(): BinCounter {
  const sums = new Float64Array(binCount)
  const counts = new Array<number>(binCount).fill(0)
  const width = timesteps / binCount
  return {
    add(samples) {
      for (const [, timestep, loss] of samples) {
        const bin = Math.min(binCount - 1, Math.max(0, Math.floor(timestep / width)))
        sums[bin]! += loss
        counts[bin]! += 1
      }
    },
    bins: () =>
      counts.map((count, bin) => ({
        from: bin * width,
        to: (bin + 1) * width,
        count,
        loss: count === 0 ? 0 : sums[bin]! / count,
      })),
  }
}

/** Mean of the losses of the last steps, that of `loss` included. */
export function movingAverage(log: readonly { readonly loss: number }[], loss: number): number {
  const last = log.slice(-(averageSteps - 1)).map((entry) => entry.loss)
  return [...last, loss].reduce((sum, value) => sum + value, 0) / (last.length + 1)
}
