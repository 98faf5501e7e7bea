import { applyAndInvert, applyWhatFits, touchedBy } from '../../engine/protocol/apply-patch.ts'
import type { DocumentDump, DocumentEvent, OpenDocument } from './document-types.ts'
import { joinSteps, mostSteps, type Step } from './history.ts'
import { createListeners } from './listeners.ts'
import type { DocumentChange, EditorDocument, PatchOp, Workflow } from './types.ts'

export type { DocumentDump, DocumentEvent, OpenDocument, Sent } from './document-types.ts'

const nothing: readonly PatchOp[] = []

/** Opens a document, new or from a dump. */
export function createDocument(source: {
  readonly workflow: Workflow
  readonly name?: string | undefined
  readonly id?: string
  readonly revision?: number
  readonly dump?: DocumentDump
}): OpenDocument {
  const { dump } = source
  const id = dump?.id ?? source.id ?? crypto.randomUUID()
  let name = dump ? dump.name : source.name
  let confirmed = dump?.confirmed ?? source.workflow
  let revision = dump?.revision ?? source.revision ?? 0
  let pending = dump?.pending ?? nothing
  let workflow = applyWhatFits(confirmed, pending).workflow
  let sent = dump?.sent
  let conflict = dump?.conflict
  let steps: readonly Step[] = dump?.steps ?? []
  let place = dump?.place ?? 0
  let saved: EditorDocument['saved'] = name === undefined || pending.length ? 'unsaved' : 'saved'
  /** False once something came after the last step, so that nothing is merged into it. */
  let open = false

  const changes = createListeners<DocumentChange>()
  const events = createListeners<DocumentEvent>()
  const states = createListeners<undefined>()
  const followers = new Map<string, Set<() => void>>()

  function show(
    next: Workflow,
    origin: DocumentChange['origin'],
    ops: readonly PatchOp[],
    under: readonly PatchOp[] = nothing,
  ): void {
    const former = workflow
    workflow = next
    const change = { origin, ops, ...whatChanged(former, next, [...ops, ...under], origin) }
    changes.tell(change)
    const ids = origin === 'load' ? followers.keys() : change.nodes
    for (const node of [...ids]) for (const listener of followers.get(node) ?? []) listener()
    states.tell(undefined)
  }

  function perform(
    next: Workflow,
    origin: DocumentChange['origin'],
    ops: readonly PatchOp[],
  ): void {
    if (name === undefined) confirmed = next
    else pending = [...pending, ...ops]
    show(next, origin, ops)
  }

  function transact(label: string, ops: readonly PatchOp[], { merge }: { merge?: string } = {}) {
    if (ops.length === 0) return
    const { workflow: next, inverse } = applyAndInvert(workflow, ops)
    const step: Step = { label, forward: ops, inverse, ...(merge !== undefined && { merge }) }
    const last = steps[place - 1]
    const joined = open && merge !== undefined && last?.merge === merge && place === steps.length
    const kept = steps.slice(0, joined ? place - 1 : place)
    steps = [...kept, joined ? joinSteps(last, step) : step].slice(-mostSteps)
    place = steps.length
    open = true
    events.tell({ do: 'transact', label, ops, ...(merge !== undefined && { merge }) })
    perform(next, 'local', ops)
  }

  function undo(): boolean {
    const step = steps[place - 1]
    if (!step) return false
    place -= 1
    open = false
    events.tell({ do: 'undo' })
    const ops = fitting(workflow, step.inverse)
    perform(applyAndInvert(workflow, ops).workflow, 'undo', ops)
    return true
  }

  function redo(): boolean {
    const step = steps[place]
    if (!step) return false
    const ops = fitting(workflow, step.forward)
    const { workflow: next, inverse } = applyAndInvert(workflow, ops)
    steps = steps.with(place, { ...step, inverse })
    place += 1
    open = false
    events.tell({ do: 'redo' })
    perform(next, 'redo', ops)
    return true
  }

  function rebase(server: Workflow, to: number, rest: readonly PatchOp[]): void {
    events.tell({ do: 'rebase', workflow: server, revision: to, pending: rest })
    confirmed = server
    revision = to
    pending = rest
    sent = undefined
    show(applyWhatFits(confirmed, pending).workflow, 'load', pending)
  }

  return {
    id,
    get name() {
      return name
    },
    get workflow() {
      return workflow
    },
    get saved() {
      return saved
    },
    get history() {
      return { labels: steps.map(({ label }) => label), place }
    },
    get confirmed() {
      return confirmed
    },
    get revision() {
      return revision
    },
    get pending() {
      return pending
    },
    get sent() {
      return sent
    },
    get conflict() {
      return conflict
    },
    setSent(next) {
      events.tell({ do: 'sent', sent: next })
      sent = next
    },
    setConflict(next) {
      events.tell({ do: 'conflict', workflow: next })
      conflict = next
      states.tell(undefined)
    },
    transact,
    undo,
    redo,
    rebase,
    replace(next, label = 'replace') {
      transact(label, replacingOps(workflow, next))
    },
    applyRemote(ops, to = revision + 1) {
      events.tell({ do: 'remote', ops, revision: to })
      confirmed = applyWhatFits(confirmed, ops).workflow
      revision = to
      show(applyWhatFits(confirmed, pending).workflow, 'remote', ops, pending)
    },
    confirm(count, to) {
      events.tell({ do: 'confirm', count, revision: to })
      confirmed = applyWhatFits(confirmed, pending.slice(0, count)).workflow
      revision = to
      pending = pending.slice(count)
      sent = undefined
      states.tell(undefined)
    },
    setName(next, to) {
      if (next === name && to === revision) return
      events.tell({ do: 'name', name: next, revision: to })
      name = next
      revision = to
      states.tell(undefined)
    },
    setSaved(next) {
      if (next === saved) return
      saved = next
      states.tell(undefined)
    },
    follow: changes.follow,
    followEvents: events.follow,
    followState: (listener) => states.follow(listener),
    followNode(node, listener) {
      const listeners = followers.get(node) ?? new Set()
      followers.set(node, listeners)
      const own = () => listener()
      listeners.add(own)
      return () => {
        listeners.delete(own)
        if (listeners.size === 0 && followers.get(node) === listeners) followers.delete(node)
      }
    },
    dump: () => ({ id, name, confirmed, revision, pending, sent, conflict, steps, place }),
  }
}

/** Plays an event of the journal again. */
export function playEvent(document: OpenDocument, event: DocumentEvent): void {
  if (event.do === 'transact') document.transact(event.label, event.ops, event)
  else if (event.do === 'undo') document.undo()
  else if (event.do === 'redo') document.redo()
  else if (event.do === 'remote') document.applyRemote(event.ops, event.revision)
  else if (event.do === 'sent') document.setSent(event.sent)
  else if (event.do === 'conflict') document.setConflict(event.workflow)
  else if (event.do === 'confirm') document.confirm(event.count, event.revision)
  else if (event.do === 'rebase') {
    document.rebase(event.workflow, event.revision, event.pending)
  } else if (event.do === 'name') document.setName(event.name, event.revision)
  else event satisfies never
}

/** The ops that find their place, and restore no link from a node that is gone. */
function fitting(workflow: Workflow, ops: readonly PatchOp[]): PatchOp[] {
  const { skipped, workflow: result } = applyWhatFits(workflow, ops)
  const lost = new Set(skipped)
  return ops.filter((op) => !lost.has(op) && !dangles(op, workflow, result))
}

function dangles({ path, value }: PatchOp, former: Workflow, result: Workflow): boolean {
  if (path[0] !== 'nodes' || path[2] !== 'inputs' || path.length !== 4) return false
  if (typeof value !== 'string') return false
  const source = value.slice(0, value.indexOf('.'))
  return !Object.hasOwn(former.nodes, source) && !Object.hasOwn(result.nodes, source)
}

/** Ops that make one document into another: whole sections, since all may differ. */
function replacingOps(former: Workflow, next: Workflow): PatchOp[] {
  const gone = Object.keys(former).map((key) => ({ path: [key] }))
  const there = Object.entries(next).map(([key, value]) => ({ path: [key], value }))
  return [...gone, ...there] as PatchOp[]
}

function whatChanged(
  former: Workflow,
  next: Workflow,
  ops: readonly PatchOp[],
  origin: DocumentChange['origin'],
): Pick<DocumentChange, 'nodes' | 'others'> {
  const touched = touchedBy(ops)
  const whole = origin === 'load' || ops.some(({ path }) => path.length === 1)
  const candidates = whole
    ? new Set([...idsOf(former), ...idsOf(next), ...touched.nodes])
    : touched.nodes
  const nodes = new Set<string>()
  let others = touched.others || whole
  for (const id of candidates) {
    if (Object.hasOwn(former.nodes, id) || Object.hasOwn(next.nodes, id)) nodes.add(id)
    else others = true
  }
  return { nodes, others }
}

function idsOf({ nodes, layout }: Workflow): string[] {
  return [...Object.keys(nodes), ...Object.keys(layout ?? {})]
}
