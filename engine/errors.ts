/**
 * The five errors a user can meet. Anything else that is thrown is a bug.
 * Messages read `<thing>: <found>, <expected>`, with a remedy after a semicolon and no final stop.
 */

/** The workflow must be edited: unknown node, wrong link, bad param. */
export class WorkflowError extends Error {
  override readonly name = 'WorkflowError'
}

/** A file is bad: truncated, of another kind, for another model family. */
export class FormatError extends Error {
  override readonly name = 'FormatError'
}

/** The device cannot do it: out of memory, a missing provider; smaller or elsewhere may work. */
export class DeviceError extends Error {
  override readonly name = 'DeviceError'
}

/** Somebody cancelled. Shown to nobody. */
export class CancelledError extends Error {
  override readonly name = 'CancelledError'

  constructor(message = 'cancelled') {
    super(message)
  }
}

/** Names the node in which something went wrong and wraps what it was. */
export class NodeError extends Error {
  override readonly name = 'NodeError'
  readonly node: string

  constructor(node: string, cause: unknown) {
    const message = messageOf(cause)
    super(message.startsWith(`${node}: `) ? message : `${node}: ${message}`, { cause })
    this.node = node
  }
}

/** The text of anything thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}

/** True for the errors a user can mend; false for a bug in mazeru or in a node. */
export function isUserError(thrown: unknown): boolean {
  if (thrown instanceof NodeError) return isUserError(thrown.cause)
  return (
    thrown instanceof WorkflowError ||
    thrown instanceof FormatError ||
    thrown instanceof DeviceError ||
    thrown instanceof CancelledError
  )
}
