import { CancelledError, isUserError, messageOf, WorkflowError } from '../errors.ts'

/** How a command ends. */
export const exitCode = {
  done: 0,
  failed: 1,
  /** The graph, its file or the command line must be edited; nothing ran. */
  refused: 2,
  cancelled: 3,
  /** Interrupted a second time, before the first could end cleanly: 128 + SIGINT. */
  interrupted: 130,
} as const

/** The exit code for something thrown. */
export function exitCodeOf(thrown: unknown): number {
  if (thrown instanceof CancelledError) return exitCode.cancelled
  return thrown instanceof WorkflowError ? exitCode.refused : exitCode.failed
}

/**
 * What to print for something thrown: a sentence for what a user can mend, nothing for a
 * cancellation, and for a bug its sentence with the way to see more, or its stack.
 */
export function describeThrown(thrown: unknown, verbose: boolean): string {
  if (thrown instanceof CancelledError) return ''
  const stack = thrown instanceof Error ? thrown.stack : undefined
  if (verbose && stack) return causes(thrown as Error).join('\ncaused by ')
  if (isUserError(thrown)) return messageOf(thrown)
  return `${messageOf(thrown)} (a bug in mazeru or in a node; --verbose shows where)`
}

function causes(error: Error): string[] {
  const own = error.stack ?? error.message
  return error.cause instanceof Error ? [own, ...causes(error.cause)] : [own]
}
