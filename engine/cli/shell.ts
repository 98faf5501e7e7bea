import type { Place } from './folders.ts'

/** Where text goes. */
export interface TextSink {
  write(text: string): unknown
  /** A person's terminal, where a line can be drawn over. */
  readonly isTTY?: boolean
  readonly columns?: number
}

/** All that a command reaches beside its arguments; a test hands in its own. */
export interface Shell {
  readonly place: Place
  readonly stdin: AsyncIterable<Uint8Array | string>
  readonly stdout: TextSink
  readonly stderr: TextSink
  /** Milliseconds, never going back. */
  clock(): number
  /** Calls `interrupt` when the user wants to end; gives the way to stop listening. */
  onInterrupt(interrupt: () => void): () => void
}

/** Writes one line. */
export function say(sink: TextSink, line: string): void {
  sink.write(`${line}\n`)
}

/** Writes one value as a line of JSON. */
export function sayJson(sink: TextSink, value: unknown): void {
  say(sink, JSON.stringify(value))
}
