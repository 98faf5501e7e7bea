import { openDB } from 'idb'
import type { DocumentEvent } from './document.ts'
import type { JournalStore, KeptDocument } from './journal.ts'

/** The journal in IndexedDB. */

/** The journal of this browser; it is opened with its first use. */
export function openJournalStore(name = 'mazeru'): JournalStore {
  const opening = openDB(name, 1, {
    upgrade(database) {
      database.createObjectStore('documents', { keyPath: 'id' })
      database.createObjectStore('events')
    },
  })
  const range = (id: string, above: number) =>
    IDBKeyRange.bound([id, above], [id, Number.MAX_SAFE_INTEGER], true, false)
  return {
    async documents() {
      return (await (await opening).getAll('documents')) as KeptDocument[]
    },
    async events(id, after) {
      return (await (await opening).getAll('events', range(id, after))) as DocumentEvent[]
    },
    async keep(document) {
      const change = (await opening).transaction(['documents', 'events'], 'readwrite')
      await Promise.all([
        change.objectStore('documents').put(document),
        change.objectStore('events').delete(range(document.id, -1)),
        change.done,
      ])
    },
    async append(id, number, event) {
      await (await opening).put('events', event, [id, number])
    },
    async forget(id) {
      const change = (await opening).transaction(['documents', 'events'], 'readwrite')
      await Promise.all([
        change.objectStore('documents').delete(id),
        change.objectStore('events').delete(range(id, -1)),
        change.done,
      ])
    },
  }
}
