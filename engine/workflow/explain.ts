import type { Cache } from './cache.ts'
import type { CheckedNode } from './graph.ts'
import { canonical, recordNodes } from './keys.ts'
import type { Plan } from './plan.ts'
import type { RecordedNode, RunRecord } from './record.ts'
import { type Resolution, resolve } from './resolve.ts'
import { own } from './schema.ts'

/** One part of a key that is not what it was in the last run. */
export type Change =
  | { readonly part: string; readonly before: unknown; readonly after: unknown }
  /** An input whose node gives something else now. */
  | { readonly part: string; readonly because: string }

/** Why a node would run, or would not. */
export interface Explanation {
  readonly node: string
  readonly state: 'run' | 'memory' | 'disk' | 'not-needed'
  readonly reason: string
  readonly changed: readonly Change[]
}

export interface ExplainOptions {
  readonly cache?: Cache
  /** What the last run recorded. */
  readonly previous?: RunRecord
  /** For `stillValid` of nodes. */
  readonly services?: unknown
}

/**
 * Says for every node of the workflow what would become of it now and which part of its key
 * changed since the last run. Nodes of the plan come first, in its order. Nothing is run.
 */
export async function explain(
  plan: Plan,
  { cache, previous, services }: ExplainOptions = {},
): Promise<Explanation[]> {
  const records = recordNodes(plan.nodes.values(), ({ params, files }) => ({ params, files }))
  const resolved = await resolve(plan, records, { cache, services })
  const planned = [...plan.nodes.values()].map((node): Explanation => {
    const record = records.get(node.id)!
    const before = own(previous?.nodes, node.id)
    const changed = before ? changesOf(before, record) : []
    const resolution = resolved.get(node.id)!
    const reason = reasonOf(node, resolution, { record, before, changed })
    return { node: node.id, state: resolution.state, reason, changed }
  })
  const others = Object.keys(plan.graph.expanded.workflow.nodes).filter((id) => !plan.nodes.has(id))
  const reason = 'no wanted output needs it'
  return [
    ...planned,
    ...others.map((node): Explanation => ({ node, state: 'not-needed', reason, changed: [] })),
  ]
}

interface Evidence {
  readonly record: RecordedNode
  readonly before: RecordedNode | undefined
  readonly changed: readonly Change[]
}

function reasonOf(node: CheckedNode, resolution: Resolution, evidence: Evidence): string {
  const { record, before, changed } = evidence
  if (resolution.state === 'not-needed') return 'what needs it is in the cache'
  const parts = changed.map(({ part }) => part).join(', ')
  if (resolution.state !== 'run') {
    return changed.length > 0
      ? `${parts} changed, but an equal run is in the cache`
      : 'nothing changed'
  }
  if (node.shape.definition.purity === 'impure') return 'it is impure and always runs'
  if (changed.length > 0) return `${parts} changed`
  if (resolution.why === 'no-key') {
    const input = Object.entries(record.inputs).find(([, { key }]) => key === null)
    return `${input?.[0] ?? 'an input'} comes from a node that always runs`
  }
  if (resolution.why === 'gone') return 'what it made is no longer there'
  if (!before) return 'it has not run before'
  if (before.key === null) return 'it was changed while it ran'
  return resolution.why === 'no-cache'
    ? 'there is no cache'
    : 'its result is no longer in the cache'
}

/** The parts in which two records differ, in the order of the key. */
function changesOf(before: RecordedNode, after: RecordedNode): Change[] {
  if (before.key !== null && before.key === after.key) return []
  const changes: Change[] = []
  const compare = (part: string, was: unknown, is: unknown) => {
    if (canonical(was ?? null) === canonical(is ?? null)) return false
    changes.push({ part, before: was, after: is })
    return true
  }
  if (compare('type', before.type, after.type)) return changes
  compare('version', before.version, after.version)
  for (const name of namesOf(before.params, after.params)) {
    compare(`param ${name}`, own(before.params, name), own(after.params, name))
  }
  for (const name of namesOf(before.files, after.files)) {
    if (changes.some(({ part }) => part === `param ${name}`)) continue
    compare(`file ${name}`, own(before.files, name), own(after.files, name))
  }
  for (const name of namesOf(before.inputs, after.inputs)) {
    const was = own(before.inputs, name)
    const is = own(after.inputs, name)
    if (was?.key === is?.key && was?.key !== null && socketOf(was) === socketOf(is)) continue
    const part = `input ${name}`
    if (was && is && was.from === is.from) changes.push({ part, because: is.from.split('.')[0]! })
    else compare(part, was?.from, is?.from)
  }
  return changes
}

function socketOf(input: { readonly from: string } | undefined): string | undefined {
  return input?.from.slice(input.from.indexOf('.'))
}

function namesOf(before: object, after: object): Set<string> {
  return new Set([...Object.keys(after), ...Object.keys(before)])
}
