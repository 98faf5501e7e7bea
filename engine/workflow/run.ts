import { messageOf, NodeError } from '../errors.ts'
import { begin } from './begin.ts'
import type { Cache } from './cache.ts'
import type { RunEvent, RunStatus } from './events.ts'
import { runDirty, runNode, turn } from './execute.ts'
import { type CheckedNode, sourcesOf } from './graph.ts'
import { setParam } from './live.ts'
import type { Lookup } from './lookup.ts'
import type { Plan } from './plan.ts'
import type { RunRecord } from './record.ts'
import type { NodeReport, RunResult, SetResult } from './report.ts'
import { createState, emit, emitOutputs, type Observe, type RunState } from './run-state.ts'

export interface RunOptions {
  /** Without it every needed node runs. */
  readonly cache?: Cache
  /** What nodes get as `context.services`. */
  readonly services?: unknown
  /** With it, fingerprints of files are taken again: a job may have waited since its check. */
  readonly lookup?: Lookup
  /** Cancels the run when it is aborted. */
  readonly signal?: AbortSignal
  /** Milliseconds. */
  readonly clock: () => number
  /** The record of an earlier run; nodes that do not run now keep their place in it. */
  readonly record?: RunRecord
  /**
   * Shown the values of a node whenever they are at hand: just before its `cached` or `finished`,
   * again where a change of a param made it run again, and before `queued` is read where nobody
   * needs the node and its values are in memory. From disk comes only what was asked for.
   * Must not throw.
   */
  readonly observe?: Observe
}

/** A run on its way. */
export interface Run {
  /** For one reader. Events wait for it; the run does not. */
  readonly events: AsyncIterable<RunEvent>
  /** Rejects only where the engine, the lookup or `stillValid` has a bug. */
  readonly result: Promise<RunResult>
  /**
   * Changes a param of the running job. Throws a WorkflowError where node, param or value is bad.
   * A file is never changed while running.
   */
  set(node: string, param: string, value: unknown): SetResult
  /** Ends the run before its next step and forgets its values. */
  cancel(): void
}

/**
 * Starts to execute a plan, one node at a time and in its order. A failed node is reported, what
 * depends on it is skipped, the rest goes on.
 */
export function startRun(plan: Plan, options: RunOptions): Run {
  const state = createState(plan, options)
  const cancel = () => {
    if (state.ended || state.controller.signal.aborted) return
    state.controller.abort()
    state.events.dropValues()
  }
  if (options.signal?.aborted) cancel()
  options.signal?.addEventListener('abort', cancel, { once: true })
  const result = execute(state, options).finally(() => {
    options.signal?.removeEventListener('abort', cancel)
    end(state)
  })
  return {
    events: state.events,
    result,
    set: (node, param, value) => setParam(state, node, param, value),
    cancel,
  }
}

async function execute(state: RunState, options: RunOptions): Promise<RunResult> {
  const begun = state.clock()
  const writes: Promise<void>[] = []
  await turn()
  const release = await begin(state, options.lookup)
  for (const [id, stage] of state.stages) {
    if (stage !== 'pending') continue
    await turn()
    if (state.controller.signal.aborted) break
    await runPending(state, state.plan.nodes.get(id)!, writes)
    release(id)
  }
  await Promise.all(writes)
  const status = statusOf(state)
  const outputs = status === 'cancelled' ? {} : outputsOf(state)
  const nodes = reportsOf(state)
  if (status === 'cancelled') state.events.dropValues()
  emit(state, { type: 'done', status, seconds: (state.clock() - begun) / 1000 })
  return { status, outputs, nodes, record: recordOf(state, options.record), changes: state.changes }
}

async function runPending(
  state: RunState,
  node: CheckedNode,
  writes: Promise<void>[],
): Promise<void> {
  const { id } = node
  const write = (storing: Promise<void>) => {
    const warn = (error: unknown) => {
      const message = `result not stored: ${messageOf(error)}`
      emit(state, { type: 'warning', node: id, message })
    }
    writes.push(storing.catch(warn))
  }
  const broken = sourcesOf(node).find((source) => state.stages.get(source) !== 'settled')
  if (broken !== undefined) {
    const because = state.reports.get(broken)?.because ?? broken
    state.stages.set(id, 'skipped')
    state.reports.set(id, { state: 'skipped', because })
    emit(state, { type: 'skipped', node: id, because })
    return
  }
  const begun = state.clock()
  try {
    await runDirty(state, write)
    state.stages.set(id, 'running')
    const how = await runNode(state, node, write)
    const seconds = (state.clock() - begun) / 1000
    state.stages.set(id, 'settled')
    state.reports.set(id, { state: how, seconds })
    if (how === 'memory') emit(state, { type: 'cached', node: id, from: 'memory' })
    emitOutputs(state, id)
  } catch (thrown) {
    state.stages.set(id, 'failed')
    if (state.controller.signal.aborted) {
      state.reports.set(id, { state: 'cancelled' })
      return
    }
    const error = new NodeError(id, thrown)
    state.reports.set(id, { state: 'failed', error, seconds: (state.clock() - begun) / 1000 })
    emit(state, { type: 'failed', node: id, error })
  }
}

function outputsOf({ plan, values, stages }: RunState): Record<string, unknown> {
  const outputs: Record<string, unknown> = {}
  for (const { name, node, output } of plan.wanted) {
    if (output === undefined || stages.get(node) !== 'settled') continue
    outputs[name] = values.get(node)?.[output]
  }
  return outputs
}

function statusOf({ controller, stages }: RunState): RunStatus {
  if (controller.signal.aborted) return 'cancelled'
  return [...stages.values()].includes('failed') ? 'failed' : 'done'
}

function reportsOf({ plan, reports }: RunState): Map<string, NodeReport> {
  return new Map(
    [...plan.nodes.keys()].map((id) => [id, reports.get(id) ?? { state: 'cancelled' }]),
  )
}

function recordOf({ stages, records }: RunState, earlier: RunRecord | undefined): RunRecord {
  const settled = [...records].filter(([id]) => stages.get(id) === 'settled')
  return { nodes: { ...earlier?.nodes, ...Object.fromEntries(settled) } }
}

/** Forgets values, so that a run that somebody still holds keeps no memory. */
function end(state: RunState): void {
  state.ended = true
  state.events.end()
  for (const map of [state.values, state.live, state.good]) map.clear()
  state.dirty.clear()
}
