import { fingerprintFiles } from './check-files.ts'
import { type CheckedNode, sourcesOf } from './graph.ts'
import { recordNodes } from './keys.ts'
import type { Lookup } from './lookup.ts'
import { type Resolution, recall, resolve } from './resolve.ts'
import { emit, emitOutputs, paramsNow, type RunState } from './run-state.ts'
import { portOf } from './shape.ts'

/**
 * The beginning of a run: looks at the files once more, decides what runs and takes over what the
 * cache gave. Gives the function that frees what a finished node used.
 */
export async function begin(
  state: RunState,
  lookup: Lookup | undefined,
): Promise<(id: string) => void> {
  if (lookup) await refreshFiles(state, lookup)
  return settle(state, await resolveAll(state))
}

async function refreshFiles(state: RunState, lookup: Lookup): Promise<void> {
  for (const { id, shape, params, files } of state.plan.nodes.values()) {
    const names = Object.keys(files)
    if (names.length === 0) continue
    const fresh: Record<string, string> = {}
    for (const name of names) {
      const folder = portOf(shape, name)!.param!.file!
      fresh[name] = (await fingerprintFiles(params[name], folder, lookup)).text
    }
    state.files.set(id, fresh)
  }
}

/** Decides what runs; once more where a param was set meanwhile. */
async function resolveAll(state: RunState): Promise<Map<string, Resolution>> {
  for (;;) {
    const { revision, plan } = state
    const records = recordNodes(plan.nodes.values(), (node) => ({
      params: paramsNow(state, node).params,
      files: state.files.get(node.id) ?? node.files,
    }))
    const resolved = await resolve(plan, records, state)
    if (revision !== state.revision) continue
    for (const [id, record] of records) state.records.set(id, record)
    state.resolved = true
    return resolved
  }
}

/** Takes over what the cache gave. Gives the function that frees what a finished node used. */
function settle(state: RunState, resolved: Map<string, Resolution>): (id: string) => void {
  const { plan } = state
  const ids = [...plan.nodes.keys()]
  emit(state, { type: 'queued', nodes: ids.filter((id) => resolved.get(id)!.state === 'run') })
  const uses = new Map<string, number>()
  const kept = new Set(plan.wanted.map(({ node }) => node))
  for (const node of plan.nodes.values()) {
    const resolution = resolved.get(node.id)!
    const sources = sourcesOf(node)
    if (node.shape.definition.live) for (const source of sources) kept.add(source)
    if (resolution.state === 'run') {
      state.stages.set(node.id, 'pending')
      for (const source of sources) uses.set(source, (uses.get(source) ?? 0) + 1)
      continue
    }
    state.stages.set(node.id, 'settled')
    state.reports.set(node.id, { state: resolution.state })
    observeCached(state, node, resolution)
    if (resolution.state === 'not-needed') continue
    state.values.set(node.id, resolution.values)
    emit(state, { type: 'cached', node: node.id, from: resolution.state })
    emitOutputs(state, node.id)
  }
  pinLiveInputs(state)
  return (id) => {
    for (const source of sourcesOf(plan.nodes.get(id)!)) {
      const left = (uses.get(source) ?? 0) - 1
      uses.set(source, left)
      if (left <= 0 && !kept.has(source)) state.values.delete(source)
    }
  }
}

/** Shows all that is in memory of a node, needed or not: every wire can be looked at. */
function observeCached(state: RunState, node: CheckedNode, resolution: Resolution): void {
  const { cache, records, observe } = state
  const key = records.get(node.id)!.key
  const whole = observe && cache && key !== null && recall(node, key, cache)
  const values = whole || ('values' in resolution ? resolution.values : undefined)
  if (values) observe?.(node.id, values)
}

/** A live node from the cache may have to run again: holds its inputs where they are in memory. */
function pinLiveInputs({ plan, cache, values, records }: RunState): void {
  if (!cache) return
  for (const node of [...plan.nodes.values()].reverse()) {
    if (!node.shape.definition.live || !values.has(node.id)) continue
    for (const id of sourcesOf(node)) {
      const key = records.get(id)!.key
      // Of a node whose result was asked for in part, only that part is there.
      const found = key !== null && recall(plan.nodes.get(id)!, key, cache)
      if (found) values.set(id, { ...values.get(id), ...found })
    }
  }
}
