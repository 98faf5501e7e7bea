import { WorkflowError } from '../errors.ts'

/** A child's end of the way to the process that started it. */
export interface Channel<In, Out> {
  /** Settles once the message has left; what cannot leave any more is dropped. */
  send(message: Out): Promise<void>
  listen(listener: (message: In) => void): void
}

/**
 * Opens the way to the parent. The process ends when the parent is gone, whatever it does; the
 * signals of a terminal are for the parent, who says when to end.
 * Throws a WorkflowError where nobody forked this process.
 */
export function openChannel<In, Out>(command: string): Channel<In, Out> {
  if (!process.send) throw new WorkflowError(`${command}: started by hand, a server expected`)
  process.on('disconnect', () => process.exit(0))
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => undefined)
  return {
    send: (message) =>
      new Promise((resolve) => {
        if (!process.connected) resolve()
        else process.send!(message, () => resolve())
      }),
    listen: (listener) => void process.on('message', (message) => listener(message as In)),
  }
}
