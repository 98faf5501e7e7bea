import { didYouMean, nameList } from '../closest.ts'
import type { Catalogue } from './catalogue.ts'
import { withoutInactive } from './modes.ts'
import type { Problem } from './problem.ts'
import {
  type NodeEntry,
  own,
  parsePlace,
  type Subgraph,
  subgraphType,
  type Workflow,
} from './schema.ts'

/** Deeper than any graph that a person can follow; ends a circle that was missed. */
const deepest = 32

/** A workflow as it runs: nothing muted, nothing bypassed, subgraphs replaced by their nodes. */
export interface Expanded {
  /** Ids of a subgraph's nodes are `instance:node`. */
  readonly workflow: Workflow
  /** `instance.output` -> the place that gives it. */
  readonly aliases: ReadonlyMap<string, string>
  readonly problems: readonly Problem[]
  /** Where a param of the written workflow is now; nowhere where its node does not run. */
  paramsAt(place: string): readonly string[]
}

type Entries = Map<string, NodeEntry>

interface Expansion {
  readonly subgraphs: Readonly<Record<string, Subgraph>>
  readonly nodes: Entries
  readonly aliases: Map<string, string>
  readonly problems: Problem[]
  /** Instance -> its named inputs and the places they lead to. */
  readonly promoted: Map<string, Readonly<Record<string, readonly string[]>>>
}

/**
 * Replaces every instance of a subgraph by the subgraph's nodes, at any depth, then takes out what
 * is muted or bypassed. Links, named inputs and named outputs are led to where they end.
 */
export function expand(workflow: Workflow, catalogue: Catalogue): Expanded {
  const entries = Object.values(workflow.nodes)
  if (!entries.some(({ type, mode }) => type === subgraphType || mode)) {
    return { workflow, aliases: new Map(), problems: [], paramsAt: (target) => [target] }
  }
  const expansion: Expansion = {
    subgraphs: workflow.subgraphs ?? {},
    ...{ nodes: new Map(), aliases: new Map(), problems: [], promoted: new Map() },
  }
  place(new Map(Object.entries(workflow.nodes)), '', [], expansion)
  const { aliases, nodes, problems, promoted } = expansion
  const led = new Map([...nodes].map(([id, entry]) => [id, ledOn(entry, aliases)]))
  const active = withoutInactive(led, catalogue)
  const paramsAt = (target: string) =>
    leadIn(target, promoted).flatMap((end) => active.paramAt(end) ?? [])
  const known = (target: string) => led.has(leadIn(target, promoted)[0]?.split('.')[0] ?? '')
  const inputs = Object.entries(workflow.inputs ?? {}).flatMap(([name, input]) => {
    // What leads to no node at all is left for the check to name.
    const to = input.to.flatMap((target) => (known(target) ? paramsAt(target) : [target]))
    return to.length > 0 ? [[name, { ...input, to }]] : []
  })
  const outputs = Object.entries(workflow.outputs ?? {}).flatMap(([name, from]) => {
    const end = active.leadOn(leadOn(from, aliases))
    return end === undefined ? [] : [[name, end]]
  })
  return {
    workflow: {
      ...workflow,
      ...(workflow.inputs && { inputs: Object.fromEntries(inputs) }),
      ...(workflow.outputs && { outputs: Object.fromEntries(outputs) }),
      nodes: Object.fromEntries(active.nodes),
    },
    aliases,
    problems,
    paramsAt,
  }
}

/** Puts nodes whose links are absolute into the expansion; instances are opened. */
function place(entries: Entries, prefix: string, stack: string[], expansion: Expansion): void {
  for (const [id, entry] of entries) {
    if (entry.type !== subgraphType) expansion.nodes.set(prefix + id, entry)
    else open(prefix + id, entry, stack, expansion)
  }
}

function open(id: string, entry: NodeEntry, stack: string[], expansion: Expansion): void {
  const { subgraphs, aliases, problems, promoted } = expansion
  const name = entry.subgraph ?? ''
  const subgraph = own(subgraphs, name)
  if (!subgraph) {
    const names = Object.keys(subgraphs)
    const remedy = didYouMean(name, names)
    const message = `${id}: subgraph is "${name}", expected ${nameList(names)}${remedy}`
    problems.push({ code: 'unknown-type', node: id, message })
    return
  }
  if (stack.includes(name) || stack.length >= deepest) {
    const path = [...stack.slice(stack.indexOf(name)), name].join(' -> ')
    const message = `${id}: subgraph ${name} contains itself by ${path}, expected no circle`
    problems.push({ code: 'cycle', node: id, message })
    return
  }
  const inner = new Map<string, NodeEntry>()
  for (const [node, { mode, ...written }] of Object.entries(subgraph.nodes)) {
    const inputs = Object.entries(written.inputs ?? {}).map(([to, from]) => [to, `${id}:${from}`])
    const state = entry.mode ?? mode
    const own = { ...written, ...(state && { mode: state }) }
    inner.set(node, written.inputs ? { ...own, inputs: Object.fromEntries(inputs) } : own)
  }
  bind(id, entry, subgraph, { inner, problems })
  for (const [output, from] of Object.entries(subgraph.outputs ?? {})) {
    aliases.set(`${id}.${output}`, `${id}:${from}`)
  }
  const targets = Object.entries(subgraph.inputs ?? {}).map(
    ([input, { to }]) => [input, to.map((target) => `${id}:${target}`)] as const,
  )
  promoted.set(id, Object.fromEntries(targets))
  place(inner, `${id}:`, [...stack, name], expansion)
}

/** Gives what an instance is given to the nodes inside. */
function bind(
  id: string,
  { inputs = {}, params = {} }: NodeEntry,
  subgraph: Subgraph,
  { inner, problems }: { inner: Entries; problems: Problem[] },
): void {
  const names = Object.keys(subgraph.inputs ?? {})
  const give = (kind: 'inputs' | 'params', name: string, value: unknown) => {
    const promoted = own(subgraph.inputs, name)
    if (!promoted) {
      const expected = `expected ${nameList(names)}${didYouMean(name, names)}`
      const code = kind === 'inputs' ? 'unknown-socket' : 'unknown-param'
      const where = kind === 'inputs' ? { socket: name } : { param: name }
      problems.push({ code, node: id, ...where, message: `${id}: no input "${name}", ${expected}` })
      return
    }
    for (const target of promoted.to) {
      const { node, socket } = parsePlace(target)
      const entry = inner.get(node)
      if (entry) inner.set(node, { ...entry, [kind]: { ...entry[kind], [socket]: value } })
    }
  }
  for (const [name, from] of Object.entries(inputs)) give('inputs', name, from)
  for (const [name, value] of Object.entries(params)) give('params', name, value)
}

function ledOn(entry: NodeEntry, aliases: ReadonlyMap<string, string>): NodeEntry {
  if (!entry.inputs) return entry
  const inputs = Object.entries(entry.inputs).map(([name, from]) => [name, leadOn(from, aliases)])
  return { ...entry, inputs: Object.fromEntries(inputs) }
}

/** Where a place inside instances really is. */
export function leadOn(from: string, aliases: ReadonlyMap<string, string>): string {
  let place = from
  for (let next = aliases.get(place); next !== undefined; next = aliases.get(place)) place = next
  return place
}

function leadIn(target: string, promoted: Expansion['promoted']): readonly string[] {
  const { node, socket } = parsePlace(target)
  const inside = promoted.get(node)
  if (!inside) return [target]
  return (own(inside, socket) ?? []).flatMap((next) => leadIn(next, promoted))
}
