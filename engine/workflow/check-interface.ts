import { nameList } from '../closest.ts'
import { neededInput } from './check-links.ts'
import type { Draft, DraftTools } from './draft.ts'
import type { Expanded } from './expand.ts'
import { own, parsePlace, type Workflow } from './schema.ts'
import { paramNames, portOf } from './shape.ts'
import { targetOf } from './target.ts'

/** Checks that named inputs lead to params that are free. */
export function checkNamedInputs(
  workflow: Workflow,
  drafts: ReadonlyMap<string, Draft>,
  { ids, hints, report }: DraftTools,
): void {
  for (const [input, { to }] of Object.entries(workflow.inputs ?? {})) {
    for (const place of to) {
      const { node, socket: param } = parsePlace(place)
      const draft = drafts.get(node)
      if (!draft) {
        if (own(workflow.nodes, node) !== undefined) continue
        const meant = hints.meant(node, ids)
        const message = `input ${input}: no node "${node}", expected one of the workflow${meant}`
        report({ code: 'unknown-node', input, message })
      } else if (!portOf(draft.shape, param)?.param) {
        const names = paramNames(draft.shape, Math.max(1, draft.items))
        const meant = hints.meant(param, names)
        const message = `input ${input}: "${node}" has no param "${param}", expected ${nameList(names)}${meant}`
        report({ code: 'unknown-param', input, node, param, message })
      } else if (draft.links.has(param)) {
        const message = `input ${input}: ${place} is fed by a link, expected a free param; remove the link`
        report({ code: 'bad-param', input, node, param, message })
      }
    }
  }
}

/** Checks that outputs exist: those named in the file, or those asked for. */
export function checkOutputs(
  expanded: Expanded,
  drafts: ReadonlyMap<string, Draft>,
  asked: readonly string[] | undefined,
  { ids, hints, report }: DraftTools,
): void {
  const { workflow } = expanded
  const named = workflow.outputs ?? {}
  for (const output of asked ?? Object.keys(named)) {
    const target = targetOf(expanded, output)
    if (!target) {
      const names = [...Object.keys(named), ...ids]
      const meant = hints.meant(output, names)
      const message = `output "${output}": not in the workflow, expected ${nameList(names)}${meant}`
      report({ code: 'unknown-output', output, message })
      continue
    }
    const { node, socket } = target
    if (own(workflow.nodes, node) === undefined) {
      const meant = hints.meant(node, ids)
      const message = `output ${output}: no node "${node}", expected one of the workflow${meant}`
      report({ code: 'unknown-node', output, message })
      continue
    }
    const draft = drafts.get(node)
    if (!draft || socket === '' || draft.outputs.has(socket)) continue
    const needed = neededInput(draft, socket)
    if (needed !== undefined) {
      const message = `output ${output}: "${node}" gives no ${socket} without its input ${needed}, expected a link to it`
      report({ code: 'missing-input', output, node, socket: needed, message })
      continue
    }
    const outputs = draft.shape.outputs
    const names = [...outputs.keys()]
    const meant = hints.meant(socket, names)
    const message = `output ${output}: "${node}" has no output "${socket}", expected ${nameList(names)}${meant}`
    report({ code: 'unknown-socket', output, node, socket, message })
  }
}
