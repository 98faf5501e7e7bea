import { WorkflowError } from '../errors.ts'
import { type CheckedGraph, type CheckedNode, sourcesOf } from './graph.ts'
import { closure, sortNodes } from './order.ts'
import { type Target, targetOf } from './target.ts'

/** An output that somebody asked for. A node without outputs is wanted for its effect. */
export interface Wanted {
  readonly name: string
  readonly node: string
  readonly output: string | undefined
}

/** What has to be done, in order. */
export interface Plan {
  readonly graph: CheckedGraph
  /** Needed nodes by id, each after those that it needs. */
  readonly nodes: ReadonlyMap<string, CheckedNode>
  readonly wanted: readonly Wanted[]
  /** Node -> nodes of the plan that take a value of it. */
  readonly dependants: ReadonlyMap<string, readonly string[]>
}

export interface PlanOptions {
  /** Named outputs, node ids or "node.output". */
  readonly outputs?: readonly string[]
}

/**
 * Works backwards from the wanted outputs; what they do not need is left out. Wanted are, in this
 * order of preference: those asked for, those the file names, every impure node and every sink.
 * A whole node gives its outputs as "node.output".
 * Throws a WorkflowError where an output is not in the graph or nothing is wanted.
 */
export function plan(graph: CheckedGraph, { outputs }: PlanOptions = {}): Plan {
  const targets = outputs?.map((name) => findTarget(graph, name)) ?? defaultTargets(graph)
  const wanted = targets.flatMap((target) => wantedOf(graph, target))
  if (wanted.length === 0) {
    throw new WorkflowError('outputs: none, expected one; name one in the file or add a save node')
  }
  const sources = (id: string) => sourcesOf(graph.nodes.get(id)!)
  const roots = wanted.map(({ node }) => node)
  const { order } = sortNodes(closure(roots, sources), sources)
  const dependants = new Map<string, string[]>(order.map((id) => [id, []]))
  for (const id of order) {
    for (const source of sources(id)) dependants.get(source)!.push(id)
  }
  return {
    graph,
    nodes: new Map(order.map((id) => [id, graph.nodes.get(id)!])),
    wanted,
    dependants,
  }
}

function findTarget(graph: CheckedGraph, name: string): Target {
  const target = targetOf(graph.expanded, name)
  if (!target || !graph.nodes.has(target.node)) {
    throw new WorkflowError(`output "${name}": not in the checked workflow, expected one that is`)
  }
  return target
}

function defaultTargets(graph: CheckedGraph): Target[] {
  const named = Object.keys(graph.expanded.workflow.outputs ?? {})
  if (named.length > 0) return named.map((name) => findTarget(graph, name))
  return [...graph.nodes.values()]
    .filter(({ shape: { definition } }) => definition.sink || definition.purity === 'impure')
    .map(({ id }) => ({ name: id, node: id, socket: '' }))
}

function wantedOf(graph: CheckedGraph, { name, node, socket }: Target): Wanted[] {
  const { outputs } = graph.nodes.get(node)!
  if (socket !== '') {
    if (!outputs.has(socket))
      throw new WorkflowError(`output "${name}": ${node} has no such output`)
    return [{ name, node, output: socket }]
  }
  if (outputs.size === 0) return [{ name, node, output: undefined }]
  return [...outputs.keys()].map((output) => ({ name: `${node}.${output}`, node, output }))
}
