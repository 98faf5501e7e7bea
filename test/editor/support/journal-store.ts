import type { DocumentEvent } from '../../../editor/state/document.ts'
import type { JournalStore, KeptDocument } from '../../../editor/state/journal.ts'

/** A journal in memory, with the copies that a database makes. `failAt` stops it like a crash. */
export function memoryStore(failAt = Number.POSITIVE_INFINITY): JournalStore & { writes: number } {
  const documents = new Map<string, KeptDocument>()
  const events = new Map<string, Map<number, DocumentEvent>>()
  const store = {
    writes: 0,
    async documents() {
      return [...documents.values()].map((kept) => structuredClone(kept))
    },
    async events(id: string, after: number) {
      const own = [...(events.get(id) ?? [])].toSorted(([a], [b]) => a - b)
      return own.filter(([number]) => number > after).map(([, event]) => structuredClone(event))
    },
    async keep(document: KeptDocument) {
      write(() => {
        documents.set(document.id, structuredClone(document))
        events.delete(document.id)
      })
    },
    async append(id: string, number: number, event: DocumentEvent) {
      write(() => {
        const own = events.get(id) ?? new Map()
        events.set(id, own.set(number, structuredClone(event)))
      })
    },
    async forget(id: string) {
      write(() => {
        documents.delete(id)
        events.delete(id)
      })
    },
  }
  function write(change: () => void): void {
    store.writes += 1
    if (store.writes <= failAt) change()
  }
  return store
}
