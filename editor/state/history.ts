import type { PatchOp } from './types.ts'

/** One step of undo: what was done and what takes it back. */
export interface Step {
  readonly label: string
  readonly forward: readonly PatchOp[]
  readonly inverse: readonly PatchOp[]
  /** Consecutive steps with the same key are one. */
  readonly merge?: string
}

/** Most steps that are kept; older ones can no longer be undone. */
export const mostSteps = 10_000

/**
 * Two consecutive steps as one. Where the later one only sets what the earlier one has set, the
 * values of the earlier one are replaced, so that dragging a slider does not grow the step.
 */
export function joinSteps(earlier: Step, later: Step): Step {
  const places = later.forward.map((op) => placeIn(earlier.forward, op))
  if (places.includes(-1)) {
    return {
      ...later,
      forward: [...earlier.forward, ...later.forward],
      inverse: [...later.inverse, ...earlier.inverse],
    }
  }
  const forward = [...earlier.forward]
  for (const [index, op] of later.forward.entries()) {
    forward[places[index]!] = { ...forward[places[index]!]!, value: op.value! }
  }
  return { ...later, forward, inverse: earlier.inverse }
}

/** Where the ops set the same entry and nothing later touches it or what it lies in; else -1. */
function placeIn(ops: readonly PatchOp[], { path, value, before }: PatchOp): number {
  if (value === undefined || before !== undefined) return -1
  for (let index = ops.length - 1; index >= 0; index--) {
    const other = ops[index]!
    if (!related(other.path, path)) continue
    return other.path.length === path.length && other.value !== undefined ? index : -1
  }
  return -1
}

/** True where one path leads to the other or through it. */
function related(one: readonly string[], other: readonly string[]): boolean {
  const length = Math.min(one.length, other.length)
  for (let index = 0; index < length; index++) if (one[index] !== other[index]) return false
  return true
}
