import { applyWhatFits } from '../../engine/protocol/apply-patch.ts'
import type { ServerMessage } from '../../engine/protocol/messages.ts'
import type { OpenDocument } from '../state/document.ts'
import type { PatchOp, Workflow } from '../state/types.ts'
import type { Link } from './client.ts'

/**
 * Keeps one named document equal on the server and here. What is done here is shown at once and
 * lies as pending on top of what the server has confirmed. One patch is on its way at a time; its
 * echo confirms it, and patches of others go in below what is pending.
 */

/** How long edits are gathered before they are sent, in ms. */
const gather = 40
/** How long a patch may be behind the event that tells of its revision, in ms. */
const lag = 300

/** A document's tie to the server. */
export interface Sync {
  /** Sends at once what is pending. */
  flush(): void
  stop(): void
}

/** Ties a document that has a name to the server. */
export function startSync(document: OpenDocument, link: Link): Sync {
  const name = document.name!
  let opened = false
  let timer: ReturnType<typeof setTimeout> | undefined
  let stopped = false
  const ends: (() => void)[] = []

  function open(): void {
    opened = false
    show()
    link.send({ type: 'document-open', name })
  }

  function push(): void {
    clearTimeout(timer)
    timer = undefined
    const { pending, sent, revision } = document
    if (!stopped && opened && !sent && pending.length > 0) send(link.nextRequest())
    show()

    function send(request: number): void {
      const ops = [...pending]
      document.setSent({ count: ops.length, request })
      link.send({ ...patchHead(request, revision), ops: ops as WireOps })
    }
  }

  function patchHead(request: number, base: number) {
    return { type: 'document-patch', name, request, base } as const
  }

  function show(): void {
    if (document.conflict) document.setSaved('conflict')
    else if (link.state !== 'open') {
      document.setSaved(document.pending.length > 0 ? 'offline' : 'saved')
    } else document.setSaved(document.pending.length > 0 || !opened ? 'saving' : 'saved')
  }

  function receive(message: ServerMessage): void {
    if (!('name' in message) || message.name !== name) return
    if (message.type === 'document-opened') {
      meet(message.revision, message.workflow as Workflow)
    } else if (message.type === 'document-patched' && opened) patched(message)
    else if (message.type === 'document-refused') refused(message)
  }

  /** After opening: what of the patch that was on its way has arrived is no longer pending. */
  function meet(revision: number, server: Workflow): void {
    const { sent, confirmed, pending } = document
    opened = true
    const count = sent?.count ?? 0
    const missing = notArrived(confirmed, server, pending.slice(0, count))
    const rest = placed(server, [...missing, ...pending.slice(count)])
    const same = rest.length === pending.length && equal(confirmed, server)
    if (!same || revision !== document.revision) document.rebase(server, revision, rest)
    else if (sent) document.setSent(undefined)
    if (sent && same) {
      // The same number again: a server that remembers it does nothing twice.
      const { request } = sent
      document.setSent({ count, request })
      link.send({ ...patchHead(request, revision), ops: pending.slice(0, count) as WireOps })
    }
    push()
  }

  function patched(message: Extract<ServerMessage, { type: 'document-patched' }>): void {
    const { sent } = document
    const own = message.client === link.client
    if (own && sent?.request === message.request) {
      document.confirm(sent.count, message.revision)
      push()
    } else if (message.revision <= document.revision) return
    else if (message.revision === document.revision + 1) {
      if (document.pending.length > 0 && message.ops.some(({ value }) => value === undefined)) {
        placed(
          applyWhatFits(document.confirmed, message.ops as PatchOp[]).workflow,
          document.pending,
        )
      }
      document.applyRemote(message.ops as readonly PatchOp[], message.revision)
      show()
    } else open()
  }

  /** The ops that find their place; where others mattered, what was here is kept as a copy. */
  function placed(server: Workflow, ops: readonly PatchOp[]): readonly PatchOp[] {
    const lost = new Set(applyWhatFits(server, ops).skipped)
    if ([...lost].some(({ path }) => path[0] !== 'layout')) keepCopy()
    return lost.size === 0 ? ops : ops.filter((op) => !lost.has(op))
  }

  function keepCopy(): void {
    if (!document.conflict) document.setConflict(document.workflow)
  }

  /** What found no place is left out and the rest sent again; what is wrong as a whole goes. */
  function refused(message: Extract<ServerMessage, { type: 'document-refused' }>): void {
    const { sent, pending } = document
    if (sent?.request !== message.request) return
    const server = message.workflow as Workflow
    const mine = pending.slice(0, sent.count)
    const fitting = placed(server, mine)
    const kept = fitting.length < mine.length ? fitting : []
    if (kept.length === 0) keepCopy()
    document.rebase(server, message.revision, [...kept, ...pending.slice(sent.count)])
    push()
  }

  ends.push(
    link.follow(receive),
    link.followEvents((event) => {
      if (event.type !== 'document' || event.name !== name) return
      const { revision } = event
      if (revision > document.revision) {
        setTimeout(() => !stopped && revision > document.revision && open(), lag)
      }
    }),
    document.follow(({ origin }) => {
      if (origin !== 'remote' && origin !== 'load') timer ??= setTimeout(push, gather)
      if (origin !== 'load') show()
    }),
    link.followState(() => {
      if (link.state === 'open') open()
      else {
        opened = false
        show()
      }
    }),
  )
  if (link.state === 'open') open()
  else show()

  return {
    flush: push,
    stop() {
      stopped = true
      clearTimeout(timer)
      for (const end of ends) end()
      link.send({ type: 'document-close', name })
    },
  }
}

type WireOps = { path: string[]; value?: unknown; before?: string }[]

/** Ops whose effect the server's document does not show. */
export function notArrived(
  confirmed: Workflow,
  server: Workflow,
  ops: readonly PatchOp[],
): PatchOp[] {
  if (ops.length === 0) return []
  const wanted = applyWhatFits(confirmed, ops).workflow
  return ops.filter(({ path }) => !equal(at(wanted, path), at(server, path)))
}

function at(workflow: Workflow, path: readonly string[]): unknown {
  let value: unknown = workflow
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined
    value = (value as Readonly<Record<string, unknown>>)[key]
  }
  return value
}

/** The same value, order of keys aside. */
function equal(one: unknown, other: unknown): boolean {
  if (one === other) return true
  if (typeof one !== 'object' || typeof other !== 'object' || !one || !other) return false
  const [keys, others] = [Object.keys(one), Object.keys(other)]
  if (keys.length !== others.length || Array.isArray(one) !== Array.isArray(other)) return false
  const [a, b] = [one as Record<string, unknown>, other as Record<string, unknown>]
  return keys.every((key) => Object.hasOwn(b, key) && equal(a[key], b[key]))
}
