import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { isUserError, messageOf, WorkflowError } from '../../errors.ts'
import { applyPatch } from '../../protocol/apply-patch.ts'
import type { DocumentInfo, PatchOp } from '../../protocol/index.ts'
import {
  type Catalogue,
  parseWorkflow,
  printWorkflow,
  readWorkflow,
  type Workflow,
} from '../../workflow/index.ts'
import { visibleName } from '../library/inside.ts'
import { watchFolder } from '../library/watch-folder.ts'
import { documentNames, dropUnfinished, ending } from './disk.ts'
import { createLanes } from './lanes.ts'
import { openLedger } from './ledger.ts'
import { type Held, Shelf } from './shelf.ts'
import { StaleError } from './stale-error.ts'
import { openTemplates } from './templates.ts'
import type { Documents, OpenDocument } from './types.ts'

/** Where documents are. */
export interface DocumentsOptions {
  /** Of the workflow files. */
  readonly folder: string
  /** Folder of the workflows that come along. */
  readonly templates: string
  readonly catalogue: Catalogue
  /** Folder for revisions and former versions; `.mazeru` in the workflow folder unless given. */
  readonly data?: string
  /** Milliseconds since 1970. */
  readonly clock?: () => number
  /** Milliseconds until patches reach the file; they are safe before. */
  readonly delay?: number
}

/** After a failed writing: until it is tried again. */
const retryDelay = 5000

/**
 * Opens the workflow files of a folder. One process at a time: throws a DeviceError where another
 * server has the data folder.
 */
export function openDocuments({
  folder,
  templates,
  catalogue,
  data = join(folder, '.mazeru'),
  clock = Date.now,
  delay = 300,
}: DocumentsOptions): Documents {
  const ledger = openLedger(join(data, 'documents.db'))
  const lanes = createLanes()
  const renames = createLanes()
  const listeners = new Set<(name: string, revision: number) => void>()
  const timers = new Map<string, NodeJS.Timeout>()
  // Who opens a folder is not told what has been in it before.
  let begun = false
  let closed = false
  const shelf = new Shelf({
    ...{ folder, ledger, clock },
    onChange(name, revision) {
      if (begun) for (const listener of listeners) listener(name, revision)
    },
    onDirty: (name) => flushSoon(name, delay),
  })

  function flushSoon(name: string, wait: number): void {
    if (timers.has(name) || closed) return
    const flush = async () => {
      timers.delete(name)
      const done = lanes.run(name, () => shelf.flush(name, true))
      await done.catch(() => flushSoon(name, retryDelay))
    }
    timers.set(name, setTimeout(flush, wait))
  }

  mkdirSync(folder, { recursive: true })
  const ready = begin()
  // Told to each caller; nobody may be waiting yet.
  ready.catch(() => undefined)
  const unwatch = watchFolder(folder, { wanted: isDocument }, (names) => {
    for (const file of names) {
      inLane(file.slice(0, -ending.length), (name) => shelf.present(name)).catch(() => undefined)
    }
  })

  async function begin(): Promise<void> {
    await dropUnfinished(folder)
    const names = [...(await documentNames(folder)), ...ledger.pending()]
    for (const name of new Set(names)) {
      await lanes
        .run(name, () => shelf.present(name))
        .catch((thrown) => {
          if (!isUserError(thrown)) throw thrown
        })
    }
    begun = true
  }

  async function inLane<T>(name: string, work: (name: string) => Promise<T>): Promise<T> {
    const safe = visibleName('workflows', name)
    await ready
    if (closed) throw new WorkflowError(`${safe}: the server is stopping, expected it to run`)
    return lanes.run(safe, () => work(safe))
  }

  function inLanes<T>(name: string, to: string, work: (name: string) => Promise<T>): Promise<T> {
    if (visibleName('workflows', name) === to) return inLane(name, work)
    return renames.run('', () => inLane(name, (safe) => lanes.run(to, () => work(safe))))
  }

  async function writeNow(name: string, former: Held | undefined, workflow: Workflow) {
    const text = printWorkflow(workflow, catalogue)
    if (former?.workflow && former.text === text && !former.dirty) return opened(name, former)
    const held = shelf.write(name, former, { text, workflow })
    try {
      return opened(name, (await shelf.flush(name, false)) ?? held)
    } catch (thrown) {
      shelf.restore(name, former)
      throw thrown
    }
  }

  return {
    async list() {
      await ready
      const infos: DocumentInfo[] = []
      for (const name of await documentNames(folder)) {
        const found = inLane(name, (safe) => shelf.present(safe))
        const held = await found.catch(() => undefined)
        if (held && looksLikeWorkflow(held)) infos.push(infoOf(name, held))
      }
      return infos
    },
    read: (name) =>
      inLane(name, async (safe) => {
        const held = await shelf.present(safe)
        return held && opened(safe, held)
      }),
    save: (name, revision, workflow) =>
      inLane(name, async (safe) => {
        const held = await shelf.present(safe)
        if ((held?.revision ?? 0) !== revision) {
          const present = held?.workflow && opened(safe, held)
          throw new StaleError(safe, revision, present)
        }
        return writeNow(safe, held, readWorkflow(workflow, safe))
      }),
    patch: (name, ops, sender) =>
      inLane(name, async (safe) => {
        const held = await shelf.present(safe)
        if (!held) throw missing(safe)
        const known = sender && ledger.patchOf(safe, sender)
        if (known !== undefined) {
          return { ...opened(safe, held), revision: known, isRepeated: true }
        }
        const keep = (revision: number) => {
          if (sender) ledger.keepPatch(safe, sender, revision)
        }
        const workflow = patched(safe, opened(safe, held).workflow, ops)
        const text = printWorkflow(workflow, catalogue)
        if (text === held.text) {
          keep(held.revision)
          return { ...opened(safe, held), isRepeated: false }
        }
        const written = shelf.write(safe, held, { text, workflow }, keep)
        return { ...opened(safe, written), isRepeated: false }
      }),
    remove: (name) => inLane(name, (safe) => shelf.remove(safe)),
    async rename(name, to) {
      const target = visibleName('workflows', to)
      // Both lanes; renames in a lane of their own, so that two never wait for each other.
      return inLanes(name, target, async (safe) => {
        const held = await shelf.present(safe)
        if (!held) throw missing(safe)
        const document = opened(safe, held)
        if (safe === target) return document
        if (await shelf.present(target)) {
          throw new WorkflowError(`${target}: a workflow of this name is there, none expected`)
        }
        ledger.rename(safe, target)
        ledger.put(target, {
          revision: Math.max(held.revision, ledger.get(target)?.revision ?? 0),
          ...{ disk: '', pending: undefined },
        })
        const written = await writeNow(target, undefined, document.workflow)
        await shelf.remove(safe)
        return written
      })
    },
    async versions(name) {
      await ready
      return ledger.versions(visibleName('workflows', name))
    },
    async version(name, revision) {
      await ready
      const text = ledger.version(visibleName('workflows', name), revision)
      return text === undefined ? undefined : parseWorkflow(text, `${name}, revision ${revision}`)
    },
    ...openTemplates(templates),
    follow(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    async close() {
      if (closed) return
      await ready.catch(() => undefined)
      closed = true
      unwatch()
      for (const timer of timers.values()) clearTimeout(timer)
      await lanes.idle()
      // What cannot be written now is in the ledger and comes back at the next start.
      await Promise.allSettled(shelf.dirty().map((name) => shelf.flush(name, true)))
      ledger.close()
    },
  }
}

function patched(name: string, workflow: Workflow, ops: readonly PatchOp[]): Workflow {
  let changed: Workflow
  try {
    changed = applyPatch(workflow, ops)
  } catch (cause) {
    throw new WorkflowError(`${name}: ${messageOf(cause)}`, { cause })
  }
  return readWorkflow(changed, name)
}

function opened(name: string, { revision, workflow, fault }: Held): OpenDocument {
  if (!workflow) throw fault
  return { name, revision, workflow }
}

function infoOf(name: string, { revision, modified, workflow }: Held): DocumentInfo {
  return {
    name,
    ...(workflow?.name !== undefined && { title: workflow.name }),
    ...(workflow?.description !== undefined && { description: workflow.description }),
    ...{ revision, modified },
    nodes: Object.keys(workflow?.nodes ?? {}).length,
  }
}

/** Other JSON in the folder is none of ours; a damaged file may be a workflow. */
function looksLikeWorkflow({ workflow, text }: Held): boolean {
  if (workflow) return true
  try {
    return Object.hasOwn(Object(JSON.parse(text)), 'nodes')
  } catch {
    return true
  }
}

function isDocument(name: string): boolean {
  return name.endsWith(ending) && name.split('/').every((part) => !part.startsWith('.'))
}

function missing(name: string): WorkflowError {
  return new WorkflowError(`workflows: no ${JSON.stringify(name)}, an existing one expected`)
}
