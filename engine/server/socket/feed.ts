import type { ServerEvent } from '../../protocol/index.ts'
import type { Journal } from '../queue/types.ts'

/** An event with its text as it goes over the wire. */
export interface FeedEvent {
  readonly sequence: number
  readonly event: ServerEvent
  /** The `event` message as JSON; written once for all clients. */
  readonly text: string
}

/** The journal for many readers at once: the newest events are kept in memory. */
export interface Feed {
  readonly epoch: string
  readonly sequence: number
  /** As `Journal.after`. */
  after(since: number, limit: number): readonly FeedEvent[] | undefined
  /** Told after additions, once for all of one turn. Gives the function that ends it. */
  follow(listener: () => void): () => void
  close(): void
}

/** Events kept in memory: some seconds of a busy run. */
const kept = 2000

/** Reads each event from the journal once, however many follow. */
export function openFeed(journal: Journal): Feed {
  let recent: FeedEvent[] = []
  let last = journal.sequence
  let isTold = false
  const listeners = new Set<() => void>()
  const refresh = () => {
    while (last < journal.sequence) {
      const entries = journal.after(last, kept)
      if (!entries || entries.length === 0) {
        recent = []
        last = journal.sequence
        return
      }
      recent.push(...entries.map(feedEvent))
      last = entries.at(-1)!.sequence
      if (recent.length > kept) recent = recent.slice(-kept)
    }
  }
  const end = journal.follow(() => {
    if (isTold) return
    isTold = true
    setImmediate(() => {
      isTold = false
      for (const listener of listeners) listener()
    })
  })
  return {
    epoch: journal.epoch,
    get sequence() {
      return journal.sequence
    },
    after(since, limit) {
      refresh()
      const first = recent[0]
      if (first && since >= first.sequence - 1) {
        const from = recent.findIndex(({ sequence }) => sequence > since)
        return from < 0 ? [] : recent.slice(from, from + limit)
      }
      return since >= last ? [] : journal.after(since, limit)?.map(feedEvent)
    },
    follow(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    close: end,
  }
}

function feedEvent(entry: { sequence: number; time: number; event: ServerEvent }): FeedEvent {
  const { sequence, time, event } = entry
  return { sequence, event, text: JSON.stringify({ type: 'event', sequence, time, event }) }
}
