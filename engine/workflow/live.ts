import { WorkflowError } from '../errors.ts'
import { sourcesOf } from './graph.ts'
import { closure } from './order.ts'
import { parseParams } from './params.ts'
import type { SetResult } from './report.ts'
import { paramsNow, type RunState } from './run-state.ts'
import { own, type Place, parsePlace } from './schema.ts'
import { applySettings } from './settings.ts'
import { portOf } from './shape.ts'

/**
 * Changes of params while a run goes on. A change is applied where nothing that is finished and
 * dear would have to run again: every finished node between it and what is not yet finished must be
 * `live` and have its inputs at hand. Otherwise it is noted for the next run.
 */

/**
 * Sets a param of the running job. Text is read as the param wants it.
 * Throws a WorkflowError where node or param is unknown, a link feeds it or the value is bad.
 */
export function setParam(state: RunState, id: string, param: string, value: unknown): SetResult {
  const { workflow, expanded, catalogue } = state.plan.graph
  const target = `${id}.${param}`
  const isInside = own(workflow.nodes, id) === undefined && id in expanded.workflow.nodes
  const file = isInside ? expanded.workflow : workflow
  const changed = applySettings(file, [{ target, value }], catalogue)
  const read = changed.nodes[id]!.params![param]
  state.changes[target] = read
  const places = isInside ? [target] : expanded.paramsAt(target)
  const changes = places.map((place) => changeOf(state, parsePlace(place), read))
  if (changes.length === 0 || !changes.every((change) => change !== undefined)) {
    return { applied: 'next-run' }
  }
  for (const { node, live, again } of changes) {
    state.live.set(node, live)
    for (const other of again) state.dirty.add(other)
  }
  state.revision += 1
  return { applied: 'now' }
}

/** What a new value of one param does; undefined where it has to wait for the next run. */
function changeOf(state: RunState, { node: id, socket: param }: Place, value: unknown) {
  const node = state.plan.nodes.get(id)
  const shape = node && portOf(node.shape, param)?.param
  const isFixed = shape?.json.live === false && state.stages.get(id) === 'running'
  if (!node || state.ended || shape?.file || isFixed) return undefined
  const stored = { ...paramsNow(state, node).stored, [param]: value }
  const { values, faults } = parseParams(node.shape, node.items, stored, node.links)
  if (faults[0]) throw new WorkflowError(`${id}: ${faults[0].message}`)
  const again = state.resolved ? affected(state, id) : new Set<string>()
  return again && { node: id, live: { stored, params: values }, again }
}

/** Finished nodes that must run again after a change; undefined where that cannot be. */
function affected(state: RunState, changed: string): Set<string> | undefined {
  const { plan, stages, values } = state
  const alive = (id: string) => stages.get(id) !== 'failed' && stages.get(id) !== 'skipped'
  if (!alive(changed)) return undefined
  const down = closure([changed], (id) => plan.dependants.get(id)!.filter(alive))
  const unfinished = [...down].filter((id) => stages.get(id) !== 'settled')
  if (unfinished.length === 0) return undefined
  const up = closure(unfinished, (id) => {
    return sourcesOf(plan.nodes.get(id)!).filter((source) => down.has(source))
  })
  const again = new Set([...up].filter((id) => stages.get(id) === 'settled'))
  for (const id of again) {
    const { shape, links } = plan.nodes.get(id)!
    if (!shape.definition.live) return undefined
    for (const { node, socket } of links.values()) {
      const there = stages.get(node) === 'settled' && Object.hasOwn(values.get(node) ?? {}, socket)
      if (!there && !again.has(node)) return undefined
    }
  }
  return again
}
