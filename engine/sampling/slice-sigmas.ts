/** Which steps of a schedule to run. */
export interface SigmaSlice {
  /** The first step run, from 0. */
  readonly start?: number
  /** The first step not run. */
  readonly end?: number
  /** True ends at sigma 0 all the same; false leaves the noise of the last sigma in. */
  readonly finish?: boolean
}

/**
 * Part of a schedule, for two-stage sampling: a first run up to a step with its noise left in, a
 * second one from there without new noise. Fewer than two sigmas mean that there is nothing to run.
 */
export function sliceSigmas(sigmas: ArrayLike<number>, slice: SigmaSlice): Float32Array {
  const { start = 0, end = sigmas.length - 1, finish = false } = slice
  const kept = Float32Array.from(sigmas).slice(0, end + 1)
  if (finish) kept[kept.length - 1] = 0
  return kept.slice(start)
}
