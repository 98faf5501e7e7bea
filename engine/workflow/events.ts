import type { NodeError } from '../errors.ts'

/** How a run ended. */
export type RunStatus = 'done' | 'failed' | 'cancelled'

/** What a run reports, without number and time. */
export type RunReport =
  | { readonly type: 'queued'; readonly nodes: readonly string[] }
  | { readonly type: 'started'; readonly node: string; readonly title: string }
  | { readonly type: 'cached'; readonly node: string; readonly from: 'memory' | 'disk' }
  | {
      readonly type: 'progress'
      readonly node: string
      readonly step: number
      readonly steps: number
      readonly secondsLeft?: number
      readonly note?: string
    }
  | { readonly type: 'preview'; readonly node: string; readonly value: unknown }
  | {
      readonly type: 'metric'
      readonly node: string
      /** What was measured, such as `step`. */
      readonly name: string
      readonly values: Readonly<Record<string, unknown>>
    }
  | { readonly type: 'warning'; readonly node: string; readonly message: string }
  | { readonly type: 'finished'; readonly node: string; readonly seconds: number }
  | { readonly type: 'failed'; readonly node: string; readonly error: NodeError }
  | { readonly type: 'skipped'; readonly node: string; readonly because: string }
  | {
      readonly type: 'output'
      readonly name: string
      readonly node: string
      readonly value: unknown
    }
  | { readonly type: 'done'; readonly status: RunStatus; readonly seconds: number }

/** A report with its number, from 1 without gaps, and the clock's time. */
export type RunEvent = RunReport & { readonly sequence: number; readonly time: number }

/**
 * Events waiting for a reader. Writing never waits. A preview that nobody has read is replaced by
 * the next one of its node. There is one reader: two iterators would share the events.
 */
export class EventQueue implements AsyncIterable<RunEvent> {
  #waiting: Waiting[] = []
  /** The preview of each node that nobody has read yet. */
  #previews = new Map<string, Waiting>()
  #readers: ((result: IteratorResult<RunEvent>) => void)[] = []
  #sequence = 0
  #ended = false

  push(report: RunReport, time: number): void {
    const reader = this.#readers.shift()
    if (reader) {
      reader({ done: false, value: this.#number(report, time) })
      return
    }
    const waiting: Waiting = { report, time }
    this.#waiting.push(waiting)
    if (report.type !== 'preview') return
    const former = this.#previews.get(report.node)
    if (former) former.report = undefined
    this.#previews.set(report.node, waiting)
  }

  /** No more events will come. Those not yet read stay readable. */
  end(): void {
    this.#ended = true
    for (const reader of this.#readers.splice(0)) reader({ done: true, value: undefined })
  }

  /** Forgets unread values, so that they can be freed. */
  dropValues(): void {
    this.#previews.clear()
    this.#waiting = this.#waiting.filter(({ report }) => {
      return report && report.type !== 'preview' && report.type !== 'output'
    })
  }

  [Symbol.asyncIterator](): AsyncIterator<RunEvent> {
    return { next: () => this.#next() }
  }

  #next(): Promise<IteratorResult<RunEvent>> {
    for (let first = this.#waiting.shift(); first; first = this.#waiting.shift()) {
      const { report, time } = first
      if (!report) continue
      if (report.type === 'preview') this.#previews.delete(report.node)
      return Promise.resolve({ done: false, value: this.#number(report, time) })
    }
    if (this.#ended) return Promise.resolve({ done: true, value: undefined })
    return new Promise((resolve) => this.#readers.push(resolve))
  }

  #number(report: RunReport, time: number): RunEvent {
    this.#sequence += 1
    return { ...report, sequence: this.#sequence, time }
  }
}

interface Waiting {
  /** Undefined once a newer preview has taken its place. */
  report: RunReport | undefined
  readonly time: number
}
