import { z } from 'zod'
import { FormatError } from '../errors.ts'
import { type Rule, rulesCheck } from './settings/rule.ts'

/**
 * How the learning rate changes over a run. Definitions are those of diffusers' and transformers'
 * `optimization.py`, options and defaults those of kohya's sd-scripts.
 */

/** What a schedule knows of its run; steps are whole optimizer steps. */
export interface Course {
  /** Steps of the whole run. */
  readonly total: number
  readonly warmup: number
  /** Steps of the last part of `warmup_stable_decay`. */
  readonly decay: number
  readonly cycles: number
  readonly power: number
  /** The rate never falls below this share of it, in the schedules that have such a floor. */
  readonly floor: number
  /** Of `inverse_sqrt`: the rate falls to 0.71 of its height in so many steps. */
  readonly timescale: number
  /** The rate that the factor multiplies: `polynomial` ends at a fixed rate, not at a share. */
  readonly rate: number
}

/** The factor at a step, counted from 0. */
export type LearningRateSchedule = (step: number, course: Course) => number

/** The rate at which `polynomial` ends. */
const polynomialEnd = 1e-7

/** Every schedule by kohya's name. */
export const learningRateSchedules = {
  constant: () => 1,
  constant_with_warmup: afterWarmup(() => 1),
  linear: afterWarmup((step, { total, warmup }) =>
    Math.max(0, (total - step) / Math.max(1, total - warmup)),
  ),
  cosine: afterWarmup((step, course) => halfWave(progress(step, course))),
  // Every cycle starts at the full rate.
  cosine_with_restarts: afterWarmup((step, course) => {
    const done = progress(step, course)
    return done >= 1 ? 0 : halfWave((course.cycles * done) % 1)
  }),
  polynomial: afterWarmup((step, course) => {
    const { rate, power } = course
    if (rate <= polynomialEnd) {
      throw new FormatError(
        `learning rate: ${rate}, expected above ${polynomialEnd}, where lrScheduler polynomial ends`,
      )
    }
    const rest = Math.max(0, 1 - progress(step, course)) ** power
    return ((rate - polynomialEnd) * rest + polynomialEnd) / rate
  }),
  inverse_sqrt: afterWarmup((step, { warmup, timescale }) =>
    Math.sqrt(timescale / (step + timescale - warmup)),
  ),
  // Cycles are whole waves of half a cosine each, without a jump.
  cosine_with_min_lr: afterWarmup((step, course) =>
    above(course.floor, halfWave(course.cycles * progress(step, course))),
  ),
  warmup_stable_decay: (step, course) => {
    const { total, warmup, decay, cycles, floor } = course
    if (step < warmup) return above(floor, step / warmup)
    if (step < total - decay) return 1
    if (step >= total) return floor
    return above(floor, halfWave((cycles * (step - total + decay)) / decay))
  },
} satisfies Record<string, LearningRateSchedule>

export type LearningRateScheduleName = keyof typeof learningRateSchedules

/** Names of all schedules. */
export const learningRateScheduleNames = Object.keys(
  learningRateSchedules,
) as LearningRateScheduleName[]

const stepsOrShare = z
  .number()
  .min(0)
  .refine(
    (value) => value < 1 || Number.isInteger(value),
    'expected whole steps or a share below 1',
  )
  .default(0)

/** Settings of the schedule, in kohya's names and with kohya's defaults. */
export const learningRateShape = {
  lrScheduler: z
    .enum(learningRateScheduleNames)
    .default('constant')
    .describe('how the learning rate changes over the run'),
  lrWarmupSteps: stepsOrShare.describe(
    'steps in which the rate grows from 0; below 1 a share of the run',
  ),
  lrDecaySteps: stepsOrShare.describe(
    'last steps, in which warmup_stable_decay falls; below 1 a share of the run',
  ),
  lrSchedulerNumCycles: z.int().min(1).default(1).describe('cosine waves of the run'),
  lrSchedulerPower: z.number().gt(0).default(1).describe('exponent of polynomial'),
  lrSchedulerMinLrRatio: z
    .number()
    .min(0)
    .max(1)
    .optional()
    .describe('share of the rate at the end of cosine_with_min_lr and warmup_stable_decay'),
  lrSchedulerTimescale: z
    .int()
    .min(1)
    .optional()
    .describe('steps that inverse_sqrt is measured in; absent: the warm-up, or 10000'),
}

/** Settings of the schedule alone. */
export type LearningRateSettings = z.infer<z.ZodObject<typeof learningRateShape>>

export const learningRateRules: readonly Rule<LearningRateSettings>[] = [
  {
    setting: 'lrSchedulerMinLrRatio',
    broken: ({ lrScheduler, lrSchedulerMinLrRatio }) =>
      lrScheduler === 'cosine_with_min_lr' && lrSchedulerMinLrRatio === undefined,
    expected: 'expected a share from 0 to 1 with lrScheduler cosine_with_min_lr',
  },
  {
    setting: 'lrDecaySteps',
    broken: ({ lrScheduler, lrDecaySteps }) =>
      lrScheduler === 'warmup_stable_decay' && lrDecaySteps === 0,
    expected: 'expected above 0 with lrScheduler warmup_stable_decay',
  },
]

/** The schedule of the learning rate. An unknown name is an error. */
export const learningRateSchema = z
  .strictObject(learningRateShape)
  .superRefine(rulesCheck(learningRateRules))

/**
 * The factor of the learning rate at each step of a run of `totalSteps`, counted from 0. `rate` is
 * the base rate, which `polynomial` needs. Steps beyond the run are allowed. Throws a `FormatError`
 * where the warm-up and the decay do not fit into the run.
 */
export function learningRateFactor(
  settings: LearningRateSettings,
  totalSteps: number,
  rate: number,
): (step: number) => number {
  const warmup = stepsOf(settings.lrWarmupSteps, totalSteps)
  const decay = stepsOf(settings.lrDecaySteps, totalSteps)
  if (settings.lrScheduler === 'warmup_stable_decay' && warmup + decay > totalSteps) {
    throw new FormatError(
      `lrDecaySteps: ${decay} after ${warmup} of warm-up, expected at most ${totalSteps} together`,
    )
  }
  const course: Course = {
    total: totalSteps,
    warmup,
    decay,
    cycles: settings.lrSchedulerNumCycles,
    power: settings.lrSchedulerPower,
    floor: settings.lrSchedulerMinLrRatio ?? 0,
    timescale: settings.lrSchedulerTimescale ?? (warmup || 10_000),
    rate,
  }
  const schedule: LearningRateSchedule = learningRateSchedules[settings.lrScheduler]
  return (step) => schedule(step, course)
}

/** A share of the run in whole steps, rounded down; whole steps as they are. */
function stepsOf(value: number, totalSteps: number): number {
  return value < 1 ? Math.floor(value * totalSteps) : value
}

function afterWarmup(schedule: LearningRateSchedule): LearningRateSchedule {
  return (step, course) => (step < course.warmup ? step / course.warmup : schedule(step, course))
}

/** 0 at the end of the warm-up, 1 at the end of the run. */
function progress(step: number, { total, warmup }: Course): number {
  return (step - warmup) / Math.max(1, total - warmup)
}

/** From 1 at 0 to 0 at 1. */
function halfWave(x: number): number {
  return Math.max(0, 0.5 * (1 + Math.cos(Math.PI * x)))
}

function above(floor: number, factor: number): number {
  return factor * (1 - floor) + floor
}
