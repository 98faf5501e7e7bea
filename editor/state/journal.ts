import {
  createDocument,
  type DocumentDump,
  type DocumentEvent,
  type OpenDocument,
  playEvent,
} from './document.ts'

/**
 * Writes down every step of a document so that a reload or a crash brings it back with its undo:
 * a dump now and then, and each event since.
 */

/** A document as it is kept. */
export interface KeptDocument {
  readonly id: string
  /** Of the browser tab that it was open in. */
  readonly session: string
  /** Place among the open tabs. */
  readonly order: number
  readonly dump: DocumentDump
  /** Number of the last event that the dump holds. */
  readonly upTo: number
}

/** Where it is written. */
export interface JournalStore {
  documents(): Promise<readonly KeptDocument[]>
  /** Events after the number, oldest first. */
  events(id: string, after: number): Promise<readonly DocumentEvent[]>
  /** Keeps a dump and forgets all events so far, which it holds: both or neither. */
  keep(document: KeptDocument): Promise<void>
  append(id: string, number: number, event: DocumentEvent): Promise<void>
  forget(id: string): Promise<void>
}

/** Writes documents of one session. */
export interface Journal {
  /** Begins with a dump. Gives what ends it, with the document forgotten or kept. */
  follow(document: OpenDocument, order: number): Promise<(keep: boolean) => Promise<void>>
  /** Resolves once all that happened is written. */
  settled(): Promise<void>
}

/** Events between two dumps. */
const stretch = 200

/** A journal that writes to the store. `onFault` is told where something could not be written. */
export function createJournal(
  store: JournalStore,
  session: string,
  onFault: (error: unknown) => void,
): Journal {
  let writing: Promise<void> = Promise.resolve()
  const write = (task: () => Promise<void>): Promise<void> => {
    writing = writing.then(task).catch(onFault)
    return writing
  }
  return {
    async follow(document, order) {
      const { id } = document
      let number = 0
      let dumped = 0
      const dump = () => {
        const kept = { id, session, order, dump: document.dump(), upTo: number }
        dumped = number
        return write(() => store.keep(kept))
      }
      const end = document.followEvents((event) => {
        number += 1
        const own = number
        void write(() => store.append(id, own, event))
        // The event is told before it is carried out.
        if (number - dumped === stretch) queueMicrotask(() => void dump())
      })
      await dump()
      return async (keep) => {
        end()
        if (!keep) await write(() => store.forget(id))
      }
    },
    settled: () => writing,
  }
}

/** The document as it was when the last event was written. */
export async function readDocument(store: JournalStore, kept: KeptDocument): Promise<OpenDocument> {
  const document = createDocument({ workflow: kept.dump.confirmed, dump: kept.dump })
  for (const event of await store.events(kept.id, kept.upTo)) playEvent(document, event)
  return document
}
