import { nameList } from '../closest.ts'
import type { Catalogue } from './catalogue.ts'
import { checkFiles } from './check-files.ts'
import { checkNamedInputs, checkOutputs } from './check-interface.ts'
import { checkLinks } from './check-links.ts'
import { type Draft, type DraftTools, draftNode } from './draft.ts'
import { type Expanded, expand } from './expand.ts'
import { type CheckedGraph, sourcesOf } from './graph.ts'
import { createHints } from './hints.ts'
import type { Lookup } from './lookup.ts'
import { closure, sortNodes } from './order.ts'
import type { Problem } from './problem.ts'
import { own, parsePlace, type Workflow } from './schema.ts'
import { targetOf } from './target.ts'

export interface CheckOptions {
  /** Without it nothing that needs files is checked, and keys hold no fingerprints. */
  readonly lookup?: Lookup
  /** Named outputs, node ids or "node.output": only what they need is checked. */
  readonly outputs?: readonly string[]
}

type Outputs = readonly string[] | undefined

/** A graph that can be planned, or everything that is wrong with it. */
export type CheckResult =
  | { readonly graph: CheckedGraph; readonly problems?: undefined }
  | { readonly problems: readonly Problem[]; readonly graph?: undefined }

/**
 * Checks a workflow against a catalogue: types, versions, params, links, cycles, files.
 * Gives every problem at once, in the order of the file. Errors follow from one cause only once:
 * what hangs on a node of unknown type is not reported for it.
 * Rejects only where a definition or the lookup has a bug.
 */
export async function check(
  written: Workflow,
  catalogue: Catalogue,
  { lookup, outputs }: CheckOptions = {},
): Promise<CheckResult> {
  const problems: Problem[] = []
  const report = (problem: Problem) => void problems.push(problem)
  const expanded = expand(written, catalogue)
  const { workflow, aliases } = expanded
  for (const problem of expanded.problems) report(problem)
  const ids = Object.keys(workflow.nodes)
  const tools: DraftTools = { catalogue, ids, hints: createHints(catalogue), report }
  const scope = scopeOf(workflow, outputs, aliases)
  const drafts = new Map<string, Draft>()
  for (const id of scope) {
    const draft = draftNode(id, workflow.nodes[id]!, tools)
    if (draft) drafts.set(id, draft)
  }
  const sources = (id: string) => sourcesOf(drafts.get(id) ?? { links: new Map() })
  const { order, cycles } = sortNodes(scope, sources)
  for (const cycle of cycles) report(cycleProblem(cycle, workflow))
  if (lookup) await checkFiles(drafts.values(), lookup, report)
  checkLinks(drafts, new Set([...order, ...scope]), workflow, tools)
  checkNamedInputs(workflow, drafts, tools)
  checkOutputs(expanded, drafts, outputs, tools)
  if (problems.length > 0) return { problems: inFileOrder(problems, workflow) }
  const nodes = new Map(order.map((id) => [id, drafts.get(id)!]))
  return { graph: { workflow: written, expanded, catalogue, nodes } }
}

function scopeOf(workflow: Workflow, outputs: Outputs, aliases: Expanded['aliases']): Set<string> {
  if (outputs === undefined) return new Set(Object.keys(workflow.nodes))
  const roots = outputs.map((output) => targetOf({ workflow, aliases }, output)?.node)
  const known = (id: string | undefined) =>
    id !== undefined && own(workflow.nodes, id) !== undefined
  const sources = (id: string) =>
    Object.values(workflow.nodes[id]!.inputs ?? {})
      .map((from) => parsePlace(from).node)
      .filter(known)
  const found = closure(roots.filter((id) => id !== undefined).filter(known), sources)
  return new Set(Object.keys(workflow.nodes).filter((id) => found.has(id)))
}

function cycleProblem(cycle: readonly string[], workflow: Workflow): Problem {
  const ids = new Set(cycle)
  const first = Object.keys(workflow.nodes).find((id) => ids.has(id))!
  const start = cycle.indexOf(first)
  const round = [...cycle.slice(start), ...cycle.slice(0, start), first]
  const path = nameList(round).replaceAll(', ', ' -> ')
  return {
    code: 'cycle',
    node: first,
    message: `${first}: needs itself by ${path}, expected no cycle; remove one of these links`,
  }
}

function inFileOrder(problems: readonly Problem[], workflow: Workflow): Problem[] {
  const rank = new Map(Object.keys(workflow.nodes).map((id, index) => [id, index]))
  const last = rank.size
  const place = ({ node, input, output }: Problem) =>
    input !== undefined || output !== undefined ? last : (rank.get(node ?? '') ?? last)
  return problems.toSorted((a, b) => place(a) - place(b))
}
