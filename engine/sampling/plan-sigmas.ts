import { WorkflowError } from '../errors.ts'
import { isSamplerName, samplers } from './samplers.ts'
import { isScheduleName, type ScheduleDefinition, schedules } from './schedules.ts'
import type { SigmaTable } from './sigma-table.ts'

const maxSteps = 10_000
/** From here on `denoise` counts as 1. */
const wholeDenoise = 0.9999

/** What to run: names from the tables `schedules` and `samplers`. */
export interface SigmaPlan {
  readonly schedule: string
  /** 1 to 10000. */
  readonly steps: number
  /** Part of the schedule to run, its end; above 0, to 1. */
  readonly denoise?: number
  readonly table: SigmaTable
  readonly sampler?: string
}

/**
 * The sigmas a sampler walks, `steps + 1` of them unless the schedule gives others. With `denoise`
 * below 1 a longer schedule is made and its last steps are kept, so that their number stays.
 * Some samplers do better without the last but one sigma: they get one step more, less that one.
 * Throws a WorkflowError that names the wrong setting.
 */
export function planSigmas(plan: SigmaPlan): Float32Array {
  const { schedule, steps, denoise = 1, table, sampler } = plan
  if (!Number.isInteger(steps) || steps < 1 || steps > maxSteps) {
    throw new WorkflowError(`sampler: steps is ${steps}, expected 1 to ${maxSteps}`)
  }
  if (!(denoise > 0 && denoise <= 1)) {
    throw new WorkflowError(`sampler: denoise is ${denoise}, expected above 0 to 1`)
  }
  if (!isScheduleName(schedule)) {
    throw new WorkflowError(
      `schedule: ${schedule} given, one of ${Object.keys(schedules).join(', ')} expected`,
    )
  }
  if (sampler !== undefined && !isSamplerName(sampler)) {
    throw new WorkflowError(
      `sampler: ${sampler} given, one of ${Object.keys(samplers).join(', ')} expected`,
    )
  }
  const definition: ScheduleDefinition = schedules[schedule]
  const discard = sampler !== undefined && samplers[sampler].discardPenultimate
  const count = denoise > wholeDenoise ? steps : Math.trunc(steps / denoise)
  let sigmas = definition.sigmas(table, discard ? count + 1 : count)
  if (discard) sigmas = sigmas.filter((_, i) => i !== sigmas.length - 2)
  return Float32Array.from(denoise > wholeDenoise ? sigmas : sigmas.slice(-(steps + 1)))
}
