import { CancelledError, messageOf } from '../errors.ts'
import type { NodeContext, Progress } from './context.ts'
import type { CheckedNode } from './graph.ts'
import { recall, remember } from './resolve.ts'
import { argumentsNow, emit, paramsNow, type RunState, recordNow } from './run-state.ts'
import type { RunInputs, RunParams } from './values.ts'

type Arguments = { readonly inputs: RunInputs; readonly params: RunParams }

/** Lets the event loop turn once, so that messages, timers and a cancel arrive. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/**
 * Runs one node with what its inputs are now, or takes its result from memory where an equal node
 * gave it. Afterwards its values and what they were made of are in the state. A node that saw a
 * change by `latest` has no key: its result is of no one set of params. `write` gets the storing.
 * Throws what the node throws.
 */
export async function runNode(
  state: RunState,
  node: CheckedNode,
  write: (storing: Promise<void>) => void,
): Promise<'ran' | 'memory'> {
  const { definition } = node.shape
  const record = recordNow(state, node)
  const { cache } = state
  const known =
    cache && record.key !== null && !definition.stillValid && recall(node, record.key, cache)
  if (known) {
    state.values.set(node.id, known)
    state.records.set(node.id, record)
    state.observe?.(node.id, known)
    return 'memory'
  }
  emit(state, { type: 'started', node: node.id, title: definition.title })
  const begun = state.clock()
  let seen = state.revision
  let given = argumentsNow(state, node)
  const used = paramsNow(state, node)
  let pure = true
  const latest = async (): Promise<Arguments> => {
    await pause(state)
    await runDirty(state, write)
    if (seen === state.revision) return given
    seen = state.revision
    try {
      given = argumentsNow(state, node)
    } catch (error) {
      warn(state, node, `change not applied: ${messageOf(error)}`)
    }
    if (recordNow(state, node).key !== record.key) pure = false
    return given
  }
  const context = contextOf(state, node, latest)
  const values = pickOutputs(node, await definition.run(given.inputs, given.params, context))
  throwIfCancelled(state)
  const key = pure ? record.key : null
  state.good.set(node.id, used)
  state.values.set(node.id, values)
  state.records.set(node.id, { ...record, key })
  if (cache && key !== null) write(remember(node, key, values, cache))
  state.observe?.(node.id, values)
  emit(state, { type: 'finished', node: node.id, seconds: (state.clock() - begun) / 1000 })
  return 'ran'
}

/**
 * Runs the live nodes again that a change concerns, in order. Where one fails, the job goes on with
 * its former params and value, and a warning says so.
 */
export async function runDirty(
  state: RunState,
  write: (storing: Promise<void>) => void,
): Promise<void> {
  while (state.dirty.size > 0) {
    const node = [...state.plan.nodes.values()].find(({ id }) => state.dirty.has(id))!
    state.dirty.delete(node.id)
    const tried = paramsNow(state, node)
    try {
      await runNode(state, node, write)
    } catch (error) {
      throwIfCancelled(state)
      if (paramsNow(state, node) === tried) {
        state.live.set(node.id, state.good.get(node.id) ?? node)
        state.revision += 1
      }
      warn(state, node, `change not applied: ${messageOf(error)}`)
    }
  }
}

function contextOf(
  state: RunState,
  node: CheckedNode,
  latest: () => Promise<Arguments>,
): NodeContext {
  const estimate = createEstimate(state.clock)
  return {
    node: node.id,
    services: state.services,
    signal: state.controller.signal,
    latest,
    pause: () => pause(state),
    throwIfCancelled: () => throwIfCancelled(state),
    preview(value) {
      throwIfCancelled(state)
      emit(state, { type: 'preview', node: node.id, value })
    },
    metric: (name, values) => emit(state, { type: 'metric', node: node.id, name, values }),
    warn: (message) => warn(state, node, message),
    progress(progress) {
      throwIfCancelled(state)
      const { step, steps, note } = progress
      const secondsLeft = estimate(progress)
      emit(state, {
        ...{ type: 'progress', node: node.id, step, steps },
        ...(secondsLeft === undefined ? {} : { secondsLeft }),
        ...(note === undefined ? {} : { note }),
      })
    },
  }
}

/** Time left by the mean pace since the first report; what came before it was preparation. */
function createEstimate(clock: () => number): (progress: Progress) => number | undefined {
  let first: { step: number; time: number } | undefined
  return ({ step, steps }) => {
    const time = clock()
    if (!first || step <= first.step) {
      first = { step, time }
      return undefined
    }
    return ((time - first.time) / (step - first.step) / 1000) * Math.max(0, steps - step)
  }
}

function pickOutputs({ outputs }: CheckedNode, given: RunInputs): RunInputs {
  const values: Record<string, unknown> = {}
  for (const name of outputs.keys()) {
    if (given?.[name] === undefined) throw new Error(`gave nothing for output "${name}"`)
    values[name] = given[name]
  }
  return values
}

function warn(state: RunState, node: CheckedNode, message: string): void {
  emit(state, { type: 'warning', node: node.id, message })
}

async function pause(state: RunState): Promise<void> {
  throwIfCancelled(state)
  await turn()
  throwIfCancelled(state)
}

function throwIfCancelled({ controller }: RunState): void {
  if (controller.signal.aborted) throw new CancelledError()
}
