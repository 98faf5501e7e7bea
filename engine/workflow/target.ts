import { type Expanded, leadOn } from './expand.ts'
import { own, parsePlace } from './schema.ts'

/** What somebody asked for: one output of a node, or the whole node where `socket` is empty. */
export interface Target {
  readonly name: string
  readonly node: string
  readonly socket: string
}

/** Finds a named output, "node.output" or a node, in this order. The output may not exist. */
export function targetOf(
  { workflow, aliases }: Pick<Expanded, 'workflow' | 'aliases'>,
  name: string,
): Target | undefined {
  const named = own(workflow.outputs, name)
  if (named !== undefined) return { name, ...parsePlace(named) }
  const place = parsePlace(leadOn(name, aliases))
  if (own(workflow.nodes, place.node) === undefined) return undefined
  return { name, ...place }
}
