import { WorkflowError } from '../errors.ts'
import type { Cache } from './cache.ts'
import { EventQueue, type RunReport } from './events.ts'
import type { CheckedNode } from './graph.ts'
import { recordNode } from './keys.ts'
import { groupParams, parseParams } from './params.ts'
import type { Plan } from './plan.ts'
import type { RecordedNode } from './record.ts'
import type { NodeReport } from './report.ts'
import { portOf } from './shape.ts'
import type { RunInputs, RunParams } from './values.ts'

/** Where a node of a run is. A settled one ran, came from the cache or was not needed. */
export type NodeStage = 'pending' | 'running' | 'settled' | 'failed' | 'skipped'

/** Params of a node as given and as parsed. */
export interface LiveParams {
  readonly stored: Readonly<Record<string, unknown>>
  readonly params: Readonly<Record<string, unknown>>
}

/** Looks at the outputs of a node. */
export type Observe = (node: string, outputs: RunInputs) => void

/** Everything that a run knows while it runs; shared by the files that make up a run. */
export interface RunState {
  readonly plan: Plan
  readonly cache: Cache | undefined
  readonly services: unknown
  readonly clock: () => number
  readonly observe: Observe | undefined
  readonly controller: AbortController
  readonly events: EventQueue
  /** Params now, where they are not those of the plan. */
  readonly live: Map<string, LiveParams>
  /** Params with which a live node last succeeded. */
  readonly good: Map<string, LiveParams>
  readonly files: Map<string, Readonly<Record<string, string>>>
  readonly stages: Map<string, NodeStage>
  readonly values: Map<string, RunInputs>
  /** What the value in `values` was made of. */
  readonly records: Map<string, RecordedNode>
  readonly reports: Map<string, NodeReport>
  /** Live nodes to run again before anybody looks at their values. */
  readonly dirty: Set<string>
  readonly changes: Record<string, unknown>
  /** Counts changes made by `set`. */
  revision: number
  /** False until it is known what runs. */
  resolved: boolean
  ended: boolean
}

/** The state of a run that has not begun. */
export function createState(
  plan: Plan,
  options: { cache?: Cache; services?: unknown; clock: () => number; observe?: Observe },
): RunState {
  const { cache, services, clock, observe } = options
  return {
    ...{ plan, cache, services, clock, observe },
    controller: new AbortController(),
    events: new EventQueue(),
    live: new Map(),
    good: new Map(),
    files: new Map(),
    stages: new Map(),
    values: new Map(),
    records: new Map(),
    reports: new Map(),
    dirty: new Set(),
    changes: {},
    ...{ revision: 0, resolved: false, ended: false },
  }
}

/** Reports an event at the clock's time. */
export function emit(state: RunState, report: RunReport): void {
  if (!state.ended) state.events.push(report, state.clock())
}

/** Reports the wanted outputs of a node that has its values. */
export function emitOutputs(state: RunState, id: string): void {
  for (const { name, node, output } of state.plan.wanted) {
    if (node !== id || output === undefined) continue
    emit(state, { type: 'output', name, node, value: state.values.get(id)?.[output] })
  }
}

/** Params of a node as they are now. */
export function paramsNow(state: RunState, node: CheckedNode): LiveParams {
  return state.live.get(node.id) ?? node
}

/** What the key of a node would be now, from the values that its inputs have now. */
export function recordNow(state: RunState, node: CheckedNode): RecordedNode {
  return recordNode(node, {
    params: paramsNow(state, node).params,
    files: state.files.get(node.id) ?? node.files,
    keyOf: (id) => state.records.get(id)?.key ?? undefined,
  })
}

/**
 * Inputs and params of a node as they are now. Throws a WorkflowError where the value that a link
 * brings for a param does not pass the param's schema.
 */
export function argumentsNow(
  state: RunState,
  node: CheckedNode,
): { readonly inputs: RunInputs; readonly params: RunParams } {
  const { shape, items, links } = node
  const fed: Record<string, unknown> = {}
  for (const [name, from] of links) fed[name] = state.values.get(from.node)?.[from.socket]
  const { stored, params } = paramsNow(state, node)
  const values = feedsParams(node) ? parseFed(node, { ...stored, ...fed }) : params
  const groups = groupParams(shape, items, values)
  const inputs: Record<string, unknown> = {}
  for (const name of shape.inputs.keys()) if (links.has(name)) inputs[name] = fed[name]
  if (groups.items) {
    const bases = [...shape.repeat!.inputs.keys()]
    inputs.items = groups.items.map((item, index) => {
      const linked = bases.filter((base) => links.has(`${base}${index + 1}`))
      return {
        ...Object.fromEntries(linked.map((base) => [base, fed[`${base}${index + 1}`]])),
        ...item,
      }
    })
  }
  return { inputs, params: groups.own }
}

function feedsParams({ shape, links }: CheckedNode): boolean {
  return [...links.keys()].some((name) => portOf(shape, name)?.param)
}

function parseFed(
  { shape, items, links }: CheckedNode,
  stored: Record<string, unknown>,
): Record<string, unknown> {
  const { values, faults } = parseParams(shape, items, stored, new Set())
  const fault = faults[0]
  if (!fault) return values
  const from = links.get(fault.param)
  const remedy = from ? `; it comes from "${from.node}".${from.socket}` : ''
  throw new WorkflowError(`${fault.message}${remedy}`)
}
