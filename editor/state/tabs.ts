import { api } from '../link/api.ts'
import { type Link, link } from '../link/client.ts'
import { type Sync, startSync } from '../link/sync.ts'
import { tabsWords } from '../words/tabs.ts'
import { say } from '../words/words.ts'
import { createDocument, type OpenDocument } from './document.ts'
import { createJournal, type Journal, type JournalStore, readDocument } from './journal.ts'
import type { Session } from './session.ts'
import { notify, selection, surface, tabs } from './stores.ts'
import type { Workflow } from './types.ts'

/** Open documents: their ties to the server, their journal, and how they come back. */

interface Ties {
  readonly sync: Sync | undefined
  readonly ends: readonly (() => void)[]
  readonly journal: Promise<(keep: boolean) => Promise<void>> | undefined
}

const ties = new Map<string, Ties>()
let journal: Journal | undefined
let line: Link = link

/** A workflow without nodes. */
export const emptyWorkflow: Workflow = { version: 1, nodes: {} }

/**
 * Begins the journal and brings back what was open in this browser tab; where that was nothing,
 * what was open in tabs that are gone. Opens an empty document where there is none at all.
 */
export async function restoreTabs(
  store: JournalStore,
  session: Session,
  over: Link = link,
): Promise<void> {
  line = over
  const faults = (error: unknown) => notify(say(tabsWords)('journal', { error: `${error}` }), 'bad')
  journal = createJournal(store, session.id, faults)
  try {
    const found = await session.alone(async () => {
      const all = (await store.documents()).toSorted((a, b) => a.order - b.order)
      const own = all.filter((kept) => kept.session === session.id)
      const orphans = []
      for (const kept of own.length > 0 ? [] : all) {
        if (!(await session.alive(kept.session))) orphans.push(kept)
      }
      const documents = []
      for (const kept of own.length > 0 ? own : orphans) {
        documents.push(await readDocument(store, kept))
      }
      for (const document of documents) await add(document)
      return documents
    })
    const unsaved = found.filter(({ pending }) => pending.length > 0).length
    if (unsaved > 0) notify(say(tabsWords)('restored', { count: unsaved }))
  } catch (error) {
    faults(error)
  }
  const active = globalThis.sessionStorage?.getItem(activeKey)
  const { open } = tabs.getState()
  if (open.length === 0) newTab()
  else activate(open.find(({ id }) => id === active)?.id ?? open[0]!.id)
}

/** Opens a workflow of the server, or shows the tab that has it. */
export async function openTab(name: string): Promise<OpenDocument> {
  const there = documentsOpen().find((document) => document.name === name)
  if (there) {
    activate(there.id)
    return there
  }
  const { workflow, revision } = await api.workflow(name)
  const again = documentsOpen().find((document) => document.name === name)
  const document = again ?? createDocument({ name, revision, workflow: workflow as Workflow })
  if (!again) void add(document)
  activate(document.id)
  return document
}

/** Opens a document that the server does not have: empty, or made of a workflow. */
export function newTab(workflow: Workflow = emptyWorkflow): OpenDocument {
  const document = createDocument({ workflow })
  void add(document)
  activate(document.id)
  return document
}

/** Closes a tab and forgets its journal; whoever calls it has asked about unsaved edits. */
export async function closeTab(id: string): Promise<void> {
  const { open, active } = tabs.getState()
  const index = open.findIndex((document) => document.id === id)
  if (index < 0) return
  const rest = open.filter((document) => document.id !== id)
  const next = rest[Math.min(index, rest.length - 1)]
  tabs.setState({ open: rest })
  if (rest.length === 0) newTab()
  else if (active === id) activate(next!.id)
  await untie(id, false)
}

/** Brings a tab to the front. */
export function activate(id: string): void {
  if (tabs.getState().active === id) return
  tabs.setState({ active: id })
  selection.setState({ ids: new Set(), links: new Set() })
  surface.setState({ path: [] })
  globalThis.sessionStorage?.setItem(activeKey, id)
}

/**
 * Saves the document in front: under the name that it has, or for the first time under a new one.
 * With a new name for a document that has one, the tab goes on with the copy.
 * Throws an ApiError with status 409 where another document has the name.
 */
export async function saveActive(name?: string): Promise<void> {
  const document = documentsOpen().find(({ id }) => id === tabs.getState().active)
  if (!document) return
  if (name === undefined || name === document.name) {
    if (document.name === undefined) throw new Error('workflow: no name, expected one to save it')
    ties.get(document.id)?.sync?.flush()
    return
  }
  const since: Parameters<OpenDocument['transact']>[1][number][] = []
  const end = document.follow(({ ops, origin }) => {
    if (origin !== 'remote') since.push(...ops)
  })
  try {
    const { workflow } = document
    const { revision } = await api.saveWorkflow(name, 0, workflow)
    await retie(document, () => {
      document.setName(name, revision)
      document.rebase(workflow, revision, [...since])
    })
  } finally {
    end()
  }
}

/** Ends a conflict: opens what was here as a new document, or lets it go. */
export function resolveConflict(id: string, how: 'copy' | 'drop'): void {
  const document = documentsOpen().find((entry) => entry.id === id)
  const kept = document?.conflict
  if (!document || !kept) return
  document.setConflict(undefined)
  ties.get(id)?.sync?.flush()
  if (how === 'copy') newTab(kept)
}

/** Resolves once every edit so far is in the journal. */
export async function journalSettled(): Promise<void> {
  await Promise.all([...ties.values()].map((tie) => tie.journal))
  await journal?.settled()
}

/** Lets go of all tabs and keeps their journal, as when the page goes. */
export async function leaveTabs(): Promise<void> {
  for (const id of [...ties.keys()]) await untie(id, true)
  tabs.setState({ open: [], active: undefined })
}

const activeKey = 'mazeru.active'

/** The open documents with all that the state room knows of them. */
export function documentsOpen(): readonly OpenDocument[] {
  return tabs.getState().open as readonly OpenDocument[]
}

async function add(document: OpenDocument): Promise<void> {
  const { open } = tabs.getState()
  tabs.setState({ open: [...open, document] })
  await tie(document, open.length)
}

async function tie(document: OpenDocument, order: number): Promise<void> {
  const writes = journal?.follow(document, order)
  ties.set(document.id, {
    journal: writes,
    sync: document.name === undefined ? undefined : startSync(document, line),
    // A new list, so that whoever reads `saved` or `name` from it draws again.
    ends: [document.followState(() => tabs.setState(({ open }) => ({ open: [...open] })))],
  })
  await writes
}

async function untie(id: string, keep: boolean): Promise<void> {
  const found = ties.get(id)
  ties.delete(id)
  found?.sync?.stop()
  for (const end of found?.ends ?? []) end()
  const stop = await found?.journal
  await stop?.(keep)
}

/** Ties a document anew around a change of its name. */
async function retie(document: OpenDocument, change: () => void): Promise<void> {
  const found = ties.get(document.id)
  found?.sync?.stop()
  change()
  if (found) ties.set(document.id, { ...found, sync: startSync(document, line) })
}
