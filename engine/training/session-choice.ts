import type { SessionOptions } from '../runtime/session.ts'

/** Weights below which a step is so short that loading its programs is most of a short run. */
const smallWeightBytes = 2 ** 26

/** Steps of a small network that take as long as the runtime's plan of shared memory. */
const plannedSteps = 300

/**
 * How the programs of a training are loaded. A run of so many steps pays for planning how results
 * share memory, which makes a step quicker and takes tens of seconds; a short run of a small
 * network goes without. Numbers are the same either way. `weightBytes` are those of the frozen
 * weights in float32.
 */
export function trainingSession(steps: number, weightBytes: number): SessionOptions {
  const isShort = steps <= plannedSteps && weightBytes < smallWeightBytes
  return isShort ? { execution: 'parallel' } : {}
}
