import type { Database } from './database.ts'
import type { Journal, JournalEntry } from './types.ts'

/**
 * The events of this server since it was started, the last `most` of them. They are kept in memory:
 * after a restart the epoch is another one, so that a client takes a snapshot, which holds all that
 * is in the database. The epoch is drawn by the database.
 */
export function openJournal({ database, clock, most = 20_000 }: JournalOptions): Journal {
  const { epoch } = database.query('SELECT lower(hex(randomblob(8))) AS epoch').get() as {
    epoch: string
  }
  // Event n lies at (n - 1) % most.
  const ring: JournalEntry[] = []
  const listeners = new Set<() => void>()
  let sequence = 0
  return {
    epoch,
    get sequence() {
      return sequence
    },
    add(event) {
      ring[sequence % most] = { sequence: sequence + 1, time: clock(), event }
      sequence += 1
      for (const listener of [...listeners]) listener()
      return sequence
    },
    after(since, limit) {
      const isKept = Number.isInteger(since) && since <= sequence && since >= sequence - ring.length
      if (!isKept) return undefined
      const count = Math.max(0, Math.min(limit, sequence - since))
      return Array.from({ length: count }, (_, index) => ring[(since + index) % most]!)
    },
    follow(listener) {
      // A listener of its own for each call: the same function may follow twice.
      const own = () => listener()
      listeners.add(own)
      return () => void listeners.delete(own)
    },
  }
}

interface JournalOptions {
  readonly database: Database
  /** Milliseconds since 1970. */
  readonly clock: () => number
  readonly most?: number
}
