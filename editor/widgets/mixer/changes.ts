import type { Asset } from '../../../engine/protocol/library.ts'
import { addItem, moveItem, removeItem } from '../../state/commands/items.ts'
import { setLayout } from '../../state/commands/layout.ts'
import { setParam } from '../../state/commands/nodes.ts'
import { setLive } from '../../state/run-commands.ts'
import { notify } from '../../state/stores.ts'
import type { Json, PatchOp, Workflow } from '../../state/types.ts'
import { change, openGraph, runId } from '../open-graph.ts'
import type { Phase } from '../props.ts'
import { type MixerItem, soloed } from './items.ts'

/** What the rows of a mixer do to the document, and to the run that is shown. */

type Values = Readonly<Record<string, Json | undefined>>

let gesture = 0

/** Sets params as one step; a drag stays one step until it is done. */
export function setAll(node: string, values: Values, phase: Phase = 'done'): void {
  const label = `${node}.${Object.keys(values)[0]}`
  const merge = `mixer ${label} ${gesture}`
  change(label, (workflow) => opsOf(workflow, node, values), merge)
  if (phase === 'done') gesture += 1
  for (const [name, value] of Object.entries(values)) tell(node, name, value)
}

/** Switches all others off, or gives back what was on before. */
export function solo(node: string, items: readonly MixerItem[], item: number): void {
  const kept = (openGraph().layout?.[node] as { soloBefore?: readonly number[] })?.soloBefore
  const on = soloed(items, item, kept)
  const before = items.filter((entry) => entry.on).map((entry) => entry.item)
  const values = Object.fromEntries(
    items
      .filter((entry) => entry.on !== on.includes(entry.item))
      .map((entry) => [`on${entry.item}`, on.includes(entry.item) ? undefined : false]),
  )
  change(`${node}: solo`, (workflow) => [
    ...opsOf(workflow, node, values),
    ...setLayout(workflow, node, {
      soloBefore: on.length === 1 && before.length > 1 ? before : undefined,
    } as object),
  ])
  for (const [name, value] of Object.entries(values)) tell(node, name, value ?? true)
}

/** Adds a LoRA at the ratio that it is commonly used at. */
export function addLora(node: string, { name, ratio }: Pick<Asset, 'name' | 'ratio'>): void {
  change(`${node}: ${name}`, (workflow) => {
    return addItem(workflow, node, { file: name, ratio: ratio ?? 1 }).ops
  })
}

/** Takes a row away. */
export function removeLora(node: string, item: number): void {
  change(`${node}: remove`, (workflow) => [
    ...removeItem(workflow, node, item),
    ...setLayout(workflow, node, { soloBefore: undefined } as object),
  ])
}

/** Moves a row to another place. */
export function moveLora(node: string, from: number, to: number): void {
  change(`${node}: order`, (workflow) => [
    ...moveItem(workflow, node, from, to),
    ...setLayout(workflow, node, { soloBefore: undefined } as object),
  ])
}

function opsOf(workflow: Workflow, node: string, values: Values): PatchOp[] {
  // A node without params gets them as one object: one op each would fall over the other.
  if (!workflow.nodes[node]?.params) {
    const given = Object.entries(values).filter(([, value]) => value !== undefined)
    if (given.length === 0) return []
    return [{ path: ['nodes', node, 'params'], value: Object.fromEntries(given) as Json }]
  }
  return Object.entries(values).flatMap(([name, value]) => setParam(workflow, node, name, value))
}

/** A job that runs takes the value at its next step. A text ratio that went follows the ratio. */
function tell(node: string, name: string, value: Json | undefined): void {
  setLive(runId(node), name, value).catch((error: Error) => notify(error.message, 'bad'))
}
