import { didYouMean, nameList } from '../closest.ts'
import { WorkflowError } from '../errors.ts'
import type { Catalogue } from './catalogue.ts'
import { parseJson } from './json.ts'
import { parseParam } from './params.ts'
import { type NodeEntry, own, parsePlace, subgraphType, type Workflow } from './schema.ts'
import { type ParamShape, paramNames, portOf } from './shape.ts'

/** A new value for a param. */
export interface Setting {
  /** "node.param". */
  readonly target: string
  /** Text is read as the param wants it: `0.5`, `true`, JSON for lists. Else the value itself. */
  readonly value: unknown
}

/**
 * The workflow with other values of params. Throws a WorkflowError that names what exists where a
 * target is unknown, where a link feeds it, or where the value is not one.
 */
export function applySettings(
  workflow: Workflow,
  settings: readonly Setting[],
  catalogue: Catalogue,
): Workflow {
  const nodes: Record<string, NodeEntry> = { ...workflow.nodes }
  for (const { target, value } of settings) {
    const { id, param, name } = findParam({ ...workflow, nodes }, target, catalogue)
    const read = readValue(target, param, value)
    const parsed = parseParam(name, param, read)
    if (parsed.fault !== undefined) throw new WorkflowError(`${id}: ${parsed.fault}`)
    const node = nodes[id]!
    nodes[id] = { ...node, params: { ...node.params, [name]: read } }
  }
  return { ...workflow, nodes }
}

/**
 * The workflow with values for its named inputs; inputs not given keep what the file says.
 * Throws a WorkflowError as `applySettings` does.
 */
export function bindInputs(
  workflow: Workflow,
  values: Readonly<Record<string, unknown>>,
  catalogue: Catalogue,
): Workflow {
  const settings = Object.entries(values).flatMap(([name, value]) => {
    const input = own(workflow.inputs, name)
    if (input) return input.to.map((target) => ({ target, value }))
    const names = Object.keys(workflow.inputs ?? {})
    const meant = didYouMean(name, names)
    throw new WorkflowError(`input ${name}: no such input, expected ${nameList(names)}${meant}`)
  })
  return applySettings(workflow, settings, catalogue)
}

function findParam(
  workflow: Pick<Workflow, 'nodes' | 'subgraphs'>,
  target: string,
  catalogue: Catalogue,
): { readonly id: string; readonly name: string; readonly param: ParamShape } {
  const { node: id, socket: name } = parsePlace(target)
  const node = own(workflow.nodes, id)
  if (!node) {
    const ids = Object.keys(workflow.nodes)
    const expected = `expected ${nameList(ids)}${didYouMean(id, ids)}`
    throw new WorkflowError(`${target}: no node "${id}", ${expected}`)
  }
  if (node.type === subgraphType) return findPromoted(workflow, target, catalogue)
  const shape = catalogue.shape(node.type)
  if (!shape) throw new WorkflowError(`${id}: type is "${node.type}", expected a known type`)
  const port = portOf(shape, name)
  const used = [...Object.keys(node.params ?? {}), ...Object.keys(node.inputs ?? {})]
  const items = Math.max(shape.repeat?.min ?? 0, ...used.map((n) => portOf(shape, n)?.item ?? 0))
  if (!port?.param || port.item > items) {
    const names = paramNames(shape, items)
    const expected = `expected ${nameList(names)}${didYouMean(name, names)}`
    throw new WorkflowError(`${target}: no param "${name}", ${expected}`)
  }
  const link = own(node.inputs, name)
  if (link !== undefined) throw new WorkflowError(fedByLink(workflow, target, link, catalogue))
  return { id, name, param: port.param }
}

/** The param inside a subgraph that a named input of an instance leads to. */
function findPromoted(
  { nodes, subgraphs }: Pick<Workflow, 'nodes' | 'subgraphs'>,
  target: string,
  catalogue: Catalogue,
) {
  const { node: id, socket: name } = parsePlace(target)
  const node = nodes[id]!
  const link = own(node.inputs, name)
  if (link !== undefined) throw new WorkflowError(`${target}: fed by a link from ${link}`)
  const subgraph = own(subgraphs, node.subgraph ?? '')
  const first = own(subgraph?.inputs, name)?.to[0]
  if (!subgraph || first === undefined) {
    const names = Object.keys(subgraph?.inputs ?? {})
    const expected = `expected ${nameList(names)}${didYouMean(name, names)}`
    throw new WorkflowError(`${target}: no input "${name}", ${expected}`)
  }
  const inside = { nodes: subgraph.nodes, ...(subgraphs && { subgraphs }) }
  return { id, name, param: findParam(inside, first, catalogue).param }
}

/** Why a param that a link feeds cannot be set, and what to set instead. */
function fedByLink(
  workflow: Pick<Workflow, 'nodes'>,
  target: string,
  link: string,
  catalogue: Catalogue,
): string {
  const { node } = parsePlace(link)
  const source = catalogue.shape(own(workflow.nodes, node)?.type ?? '')
  const params = [...(source?.params.keys() ?? [])].map((name) => `${node}.${name}`)
  const remedy = params.length > 0 ? `set ${nameList(params)} instead` : 'remove the link'
  return `${target}: fed by a link from ${link}, expected a free param; ${remedy}`
}

function readValue(target: string, { json }: ParamShape, value: unknown): unknown {
  if (typeof value !== 'string' || json.type === 'string') return value
  const text = value.trim()
  if (json.type === 'number' || json.type === 'integer') {
    return text !== '' && Number.isFinite(Number(text)) ? Number(text) : value
  }
  if (json.type === 'boolean') {
    if (text === 'true') return true
    return text === 'false' ? false : value
  }
  if (json.type === 'object' || json.type === 'array') return parseJson(text, target)
  try {
    return parseJson(text, target)
  } catch {
    return value
  }
}
