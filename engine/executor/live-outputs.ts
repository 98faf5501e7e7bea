import { WorkflowError } from '../errors.ts'
import type { Plan, SocketType } from '../workflow/index.ts'

/** What a try computes instead of what the workflow asks for, and whose it is. */
export interface LiveOutputs {
  /** For `plan`: "node.output". */
  readonly outputs: readonly string[]
  /** "node.output" -> the outputs and nodes that it stands for. */
  readonly standsFor: ReadonlyMap<string, readonly StandIn[]>
}

interface StandIn {
  /** Name of the wanted output. */
  readonly name: string
  readonly node: string
}

/**
 * The outputs of a try: a node that saves or shows gives way to where its pictures come from, so
 * that nothing is written. Throws a WorkflowError where no output is left.
 */
export function liveOutputs({ nodes, wanted }: Plan): LiveOutputs {
  const standsFor = new Map<string, StandIn[]>()
  for (const { name, node: id, output } of wanted) {
    const node = nodes.get(id)!
    const from = node.shape.definition.sink ? pictureOf({ nodes }, id) : output && `${id}.${output}`
    if (!from) continue
    const isOther = node.shape.definition.sink && !isPicture(node.outputs.get(output ?? ''))
    if (isOther && node.outputs.size > 0) continue
    standsFor.set(from, [...(standsFor.get(from) ?? []), { name, node: id }])
  }
  if (standsFor.size === 0) {
    throw new WorkflowError('try: the workflow has no picture to show, expected one as an output')
  }
  return { outputs: [...standsFor.keys()], standsFor }
}

/** True for the type of pictures. */
export function isPicture(type: SocketType | undefined): boolean {
  return type?.kind === 'named' && type.name === 'image'
}

/** Where the first picture that a node is given comes from. */
function pictureOf({ nodes }: Pick<Plan, 'nodes'>, id: string): string | undefined {
  for (const { node, socket } of nodes.get(id)!.links.values()) {
    if (isPicture(nodes.get(node)?.outputs.get(socket))) return `${node}.${socket}`
  }
  return undefined
}
