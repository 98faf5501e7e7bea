import { type NoiseSchedule, trainTimesteps } from './noise-schedule.ts'
import type { ObjectiveSettings } from './settings.ts'

type HuberSettings = Pick<ObjectiveSettings, 'huberSchedule' | 'huberC' | 'huberScale'>

/** The threshold at a timestep, by schedule. */
const thresholds: Record<
  HuberSettings['huberSchedule'],
  (timestep: number, settings: HuberSettings, schedule: NoiseSchedule) => number
> = {
  constant: (_, { huberC, huberScale }) => huberC * huberScale,
  // From the scale at timestep 0 down to c times it at the end.
  exponential: (timestep, { huberC, huberScale }) =>
    huberC ** (timestep / trainTimesteps) * huberScale,
  // From nearly 1 at timestep 0 down to c; as in sd-scripts, the scale has no say.
  snr: (timestep, { huberC }, { alphaProducts }) => {
    const product = alphaProducts[timestep]!
    const sigma = Math.sqrt((1 - product) / product)
    return (1 - huberC) / (1 + sigma) ** 2 + huberC
  },
}

/** The threshold of a Huber loss for each picture's timestep. */
export function huberThresholds(
  timesteps: readonly number[],
  settings: HuberSettings,
  schedule: NoiseSchedule,
): Float32Array {
  const threshold = thresholds[settings.huberSchedule]
  return Float32Array.from(timesteps, (timestep) => threshold(timestep, settings, schedule))
}
