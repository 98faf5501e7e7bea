import type { NumericTensor } from '../../sockets.ts'
import type { LoggedStep, LoggedValidation, LossBin } from '../result.ts'

/** What a run reports. What depends on the clock stands here and never in the log. */
export type TrainingEvent =
  | {
      readonly type: 'step'
      readonly entry: LoggedStep
      readonly steps: number
      readonly samplesPerSecond: number
      readonly secondsLeft: number
      /** Share of the step's time that went into reading pictures and captions, 0 to 1. */
      readonly loadingShare: number
      /** Bytes of the process, where known. */
      readonly memory?: number
      readonly bins: readonly LossBin[]
    }
  | { readonly type: 'resumed'; readonly step: number }
  | { readonly type: 'validation'; readonly validation: LoggedValidation }
  | {
      readonly type: 'sample'
      readonly step: number
      readonly index: number
      readonly image: NumericTensor
      readonly file: string
    }
  | {
      readonly type: 'saved'
      readonly what: 'weights' | 'best' | 'state'
      readonly step: number
      readonly file: string
    }
  /** Memory did not hold `tried` samples at once; `next` are from here on. */
  | { readonly type: 'smaller-batch'; readonly tried: number; readonly next: number }
  /** The device is too warm: the run waits. */
  | { readonly type: 'paused'; readonly reason: string }
  | { readonly type: 'continued'; readonly seconds: number }
  /** What the system tells of the device. */
  | { readonly type: 'device'; readonly values: Readonly<Record<string, number>> }
  | { readonly type: 'warning'; readonly message: string }

/** An event as plain numbers and texts, for a line of JSON. */
export function plainEvent(event: TrainingEvent): Record<string, unknown> {
  if (event.type === 'sample') {
    const { image, ...rest } = event
    return { ...rest, shape: image.shape }
  }
  if (event.type !== 'step') return { ...event }
  const { entry, ...rest } = event
  const { samples, ...numbers } = entry
  return { ...rest, ...numbers, samples: samples.length }
}
