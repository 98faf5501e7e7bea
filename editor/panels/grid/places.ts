import { type NodeInfos, paramsOf } from '../../state/shapes.ts'
import { infoOf } from '../../state/subgraphs.ts'
import type { Workflow } from '../../state/types.ts'
import type { ValueKind } from './values.ts'

const kinds: Readonly<Record<string, ValueKind>> = {
  number: 'number',
  integer: 'integer',
  string: 'text',
  boolean: 'boolean',
}

/** Params of a workflow that an axis can give values: "node.param" and what they take. */
export function placesOf(workflow: Workflow, infos: NodeInfos): Map<string, ValueKind> {
  const named = Object.values(workflow.inputs ?? {}).flatMap(({ to }) => to)
  const found = Object.entries(workflow.nodes).flatMap(([id, entry]) => {
    const info = infoOf(workflow, entry, infos)
    return (info ? paramsOf(entry, info) : []).flatMap(({ name, info: { schema } }) => {
      const kind = kinds[String(schema.type ?? (schema.enum ? 'string' : ''))]
      const linked = Object.hasOwn(entry.inputs ?? {}, name)
      return kind && !linked ? [[`${id}.${name}`, kind] as const] : []
    })
  })
  const first = found.filter(([place]) => named.includes(place))
  return new Map([...first, ...found])
}
