import { createHash } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { replaceFile } from '../../files/save.ts'
import type { Workflow } from '../../workflow/index.ts'
import { pathInside } from '../library/inside.ts'
import { type Content, contentOf, ending, readContent, stampOf } from './disk.ts'
import type { Ledger, LedgerEntry } from './ledger.ts'

/** A document in memory: newer than its file while it is `dirty`. */
export interface Held extends Content {
  readonly revision: number
  /** Of the file; absent where it was never written. */
  readonly stamp: string | undefined
  readonly modified: number
  readonly dirty: boolean
}

/** What a shelf stands on. */
export interface ShelfOptions {
  readonly folder: string
  readonly ledger: Ledger
  readonly clock: () => number
  /** Told of every new revision, 0 for a document that is gone. */
  readonly onChange: (name: string, revision: number) => void
  /** Told that a document waits to be flushed. */
  readonly onDirty: (name: string) => void
}

/** A text with the workflow that it prints. */
export interface Written {
  readonly text: string
  readonly workflow: Workflow
}

/**
 * The documents in memory, their files and the ledger, kept in step. A text is in the ledger before
 * it is in its file, so a process that is killed loses nothing. One call a name at a time.
 */
export class Shelf {
  readonly #options: ShelfOptions
  readonly #held = new Map<string, Held>()

  constructor(options: ShelfOptions) {
    this.#options = options
  }

  /** The document as it is now, changes from outside noticed. */
  async present(name: string): Promise<Held | undefined> {
    const path = await this.pathOf(name)
    const stamp = await stampOf(path)
    const held = this.#held.get(name)
    if (held && held.stamp === stamp?.text) return held
    const entry = this.#options.ledger.get(name)
    if (!stamp) return this.#absent(name, entry)
    const content = await readContent(path, name, stamp)
    const state = { stamp: stamp.text, modified: stamp.modified }
    const hash = textHash(content.text)
    if (entry?.pending !== undefined && hash === textHash(entry.pending)) {
      // It was killed after the file was written and before that was noted.
      this.#settle(name, entry.revision, entry.pending)
    } else if (entry?.disk === hash && entry.pending !== undefined) {
      const newest = contentOf(entry.pending, name)
      return this.#put(name, { ...newest, ...state, revision: entry.revision, dirty: true })
    } else if (entry?.disk !== hash) return this.#foreign(name, entry, { ...content, ...state })
    const { revision } = this.#options.ledger.get(name)!
    return this.#put(name, { ...content, ...state, revision, dirty: false })
  }

  /**
   * A new state of the document; on disk with its file's next flush, safe from now on. `also` is
   * written with it or not at all.
   */
  write(
    name: string,
    former: Held | undefined,
    { text, workflow }: Written,
    also?: (revision: number) => void,
  ): Held {
    const { ledger, clock, onChange } = this.#options
    const entry = ledger.get(name)
    const revision = (entry?.revision ?? 0) + 1
    ledger.write(() => {
      if (former && !former.dirty) this.#keep(name, former, false)
      ledger.put(name, { revision, disk: entry?.disk ?? '', pending: text })
      also?.(revision)
    })
    const { stamp } = former ?? { stamp: undefined }
    const held = { revision, text, workflow, stamp, modified: clock(), dirty: true }
    this.#put(name, held)
    onChange(name, revision)
    return held
  }

  /** Takes back what could not be written. */
  restore(name: string, former: Held | undefined): void {
    const { ledger } = this.#options
    const entry = ledger.get(name)
    const pending = former?.dirty ? former.text : undefined
    if (entry) ledger.put(name, { ...entry, pending })
    if (!former) this.#held.delete(name)
    else if (entry) this.#put(name, { ...former, revision: entry.revision })
  }

  /** Brings a document's file up to date. `passing` edits share a version. */
  async flush(name: string, passing: boolean): Promise<Held | undefined> {
    const held = await this.present(name)
    if (!held?.dirty) return held
    const path = await this.pathOf(name)
    await replaceFile(path, Buffer.from(held.text))
    const stamp = await stampOf(path)
    this.#settle(name, held.revision, held.text, passing)
    return this.#put(name, {
      ...held,
      stamp: stamp?.text,
      modified: stamp?.modified ?? held.modified,
      dirty: false,
    })
  }

  /** Takes a document away; its last text is kept. */
  async remove(name: string): Promise<boolean> {
    const { ledger, onChange } = this.#options
    const held = await this.present(name)
    if (!held) return false
    this.#keep(name, held, false)
    ledger.put(name, { revision: held.revision + 1, disk: '', pending: undefined })
    await rm(await this.pathOf(name), { force: true })
    this.#held.delete(name)
    onChange(name, 0)
    return true
  }

  /** Absolute path of a document's file. Throws for names that leave the folder. */
  pathOf(name: string): Promise<string> {
    return pathInside(this.#options.folder, 'workflows', name + ending)
  }

  /** Names of what is not on disk yet. */
  dirty(): string[] {
    return [...this.#held].flatMap(([name, { dirty }]) => (dirty ? [name] : []))
  }

  #absent(name: string, entry: LedgerEntry | undefined): Held | undefined {
    const { ledger, onChange, clock } = this.#options
    if (entry?.pending !== undefined && entry.disk === '') {
      const state = { stamp: undefined, modified: clock(), dirty: true }
      return this.#put(name, {
        ...contentOf(entry.pending, name),
        ...state,
        revision: entry.revision,
      })
    }
    this.#held.delete(name)
    if (entry && entry.disk !== '') {
      this.#keepPending(name, entry)
      ledger.put(name, { revision: entry.revision + 1, disk: '', pending: undefined })
      onChange(name, 0)
    }
    return undefined
  }

  /** Somebody else wrote the file: that counts, and what was on its way is kept as a version. */
  #foreign(
    name: string,
    entry: LedgerEntry | undefined,
    content: Content & { readonly stamp: string; readonly modified: number },
  ): Held {
    const { ledger, onChange } = this.#options
    const revision = (entry?.revision ?? 0) + 1
    const disk = textHash(content.text)
    ledger.write(() => {
      if (entry) this.#keepPending(name, entry)
      ledger.put(name, { revision, disk, pending: undefined })
    })
    const held = this.#put(name, { ...content, revision, dirty: false })
    onChange(name, revision)
    return held
  }

  #settle(name: string, revision: number, text: string, passing = false): void {
    const { ledger, clock } = this.#options
    ledger.write(() => {
      ledger.put(name, { revision, disk: textHash(text), pending: undefined })
      ledger.keep(name, { revision, time: clock(), text, passing })
    })
  }

  #keepPending(name: string, { revision, pending }: LedgerEntry): void {
    const { ledger, clock } = this.#options
    if (pending === undefined) return
    ledger.keep(name, { revision, time: clock(), text: pending, passing: false })
  }

  #keep(name: string, { revision, text, modified }: Held, passing: boolean): void {
    this.#options.ledger.keep(name, { revision, time: modified, text, passing })
  }

  #put(name: string, held: Held): Held {
    this.#held.set(name, held)
    if (held.dirty) this.#options.onDirty(name)
    return held
  }
}

/** SHA-256 of a text as UTF-8. */
export function textHash(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
