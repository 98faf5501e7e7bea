/** When something is due: every so many steps, every so many epochs, or both. */
export interface Rhythm {
  readonly steps?: number | undefined
  readonly epochs?: number | undefined
}

/** Whether something is due after `step`, from 1. */
export function isDue({ steps, epochs }: Rhythm, step: number, stepsPerEpoch: number): boolean {
  if (steps !== undefined && step % steps === 0) return true
  return epochs !== undefined && step % (epochs * stepsPerEpoch) === 0
}

/** Steps at which something was due, up to and with `last`, of which those stay that are young. */
export function outdated(
  steps: readonly number[],
  { last, keptSteps, keptCount }: { last: number; keptSteps?: number; keptCount?: number },
): number[] {
  const young = steps.filter((step) => keptSteps === undefined || step > last - keptSteps)
  const kept = new Set(keptCount === undefined ? young : young.slice(-keptCount))
  return steps.filter((step) => !kept.has(step) && step !== last)
}
