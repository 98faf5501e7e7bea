import { nameList } from '../closest.ts'
import type { Draft, DraftTools } from './draft.ts'
import type { Place, Workflow } from './schema.ts'
import { own } from './schema.ts'
import { portOf } from './shape.ts'
import { printSocketType, type SocketType, substitute, unify } from './socket-type.ts'

/**
 * Checks both ends of every link and the types between them, and resolves the types of outputs.
 * Nodes come in the order in which values flow, so that a family read from a file reaches all.
 */
export function checkLinks(
  drafts: ReadonlyMap<string, Draft>,
  order: Iterable<string>,
  workflow: Workflow,
  tools: DraftTools,
): void {
  for (const id of order) {
    const draft = drafts.get(id)
    if (!draft) continue
    for (const [socket, from] of draft.links) {
      const given = givenType(draft, socket, from, { drafts, workflow, tools })
      if (given) checkType(draft, socket, from, { given, tools })
    }
    const given = [...draft.shape.outputs].filter(([name]) => {
      const needed = neededInput(draft, name)
      return needed === undefined || draft.links.has(needed)
    })
    draft.outputs = new Map(given.map(([name, type]) => [name, substitute(type, draft.bindings)]))
  }
}

interface Scene {
  readonly drafts: ReadonlyMap<string, Draft>
  readonly workflow: Workflow
  readonly tools: DraftTools
}

/** What comes along a link; undefined after a report or where the source's type is unknown. */
function givenType(
  { id, shape }: Draft,
  socket: string,
  from: Place,
  { drafts, workflow, tools }: Scene,
): SocketType | undefined {
  const link = printLink(from, id, socket)
  const source = drafts.get(from.node)
  if (source) {
    const type = source.outputs.get(from.socket)
    if (type) return type
    const needed = neededInput(source, from.socket)
    if (needed !== undefined) {
      const message = `${link}: "${source.id}" gives none without its input ${needed}, expected a link to it`
      tools.report({ code: 'missing-input', node: source.id, socket: needed, message })
      return undefined
    }
    const names = [...source.shape.outputs.keys()]
    const meant = tools.hints.meant(from.socket, names)
    const message = `${link}: no output "${from.socket}", expected ${nameList(names)}${meant}`
    tools.report({ code: 'unknown-socket', node: id, socket, message })
  } else if (own(workflow.nodes, from.node) === undefined) {
    const { input, param } = portOf(shape, socket)!
    const wanted = printSocketType(input?.type ?? param!.socket!)
    const meant = tools.hints.meant(from.node, tools.ids)
    const message = `${link}: no node "${from.node}", expected one that gives ${wanted}${meant}`
    tools.report({ code: 'unknown-node', node: id, socket, message })
  }
  return undefined
}

function checkType(
  { id, shape, links, bindings }: Draft,
  socket: string,
  from: Place,
  { given, tools }: { given: SocketType; tools: DraftTools },
): void {
  const { input, param } = portOf(shape, socket)!
  const wanted = input?.type ?? param!.socket!
  if (unify(wanted, withoutVariables(given), bindings)) return
  const expected = substitute(wanted, bindings)
  const converters = tools.hints.converters(given, expected)
  let remedy = ''
  if (converters.length > 0) remedy = `; add ${converters.join(' or ')}`
  else if (printSocketType(expected) !== printSocketType(wanted)) {
    const binding = [...links].find(([name]) => name !== socket && shares(shape, name, wanted))
    const other = binding ? `"${binding[1].node}"` : `the file of "${id}"`
    remedy = `; use one of ${printSocketType(expected)} or change ${other}`
  } else {
    const producers = tools.hints.producers(expected)
    if (producers.length > 0) remedy = `; connect ${producers.join(' or ')}`
  }
  const types = `${printSocketType(given)} given, ${printSocketType(expected)} expected`
  const message = `${printLink(from, id, socket)}: ${types}${remedy}`
  tools.report({ code: 'wrong-type', node: id, socket, message })
}

/** The optional input without which a node has no such output. */
export function neededInput({ shape }: Pick<Draft, 'shape'>, output: string): string | undefined {
  const spec = own(shape.definition.outputs, output)
  return typeof spec === 'object' ? spec.needs : undefined
}

/** A source on a cycle has outputs that were not resolved. */
function withoutVariables(type: SocketType): SocketType {
  return substitute(type, new Map())
}

function shares(shape: Draft['shape'], socket: string, wanted: SocketType): boolean {
  const type = portOf(shape, socket)?.input?.type
  if (!type) return false
  const names = variablesOf(type)
  return variablesOf(wanted).some((name) => names.includes(name))
}

function variablesOf(type: SocketType): string[] {
  if (type.kind === 'variable') return [type.name]
  return type.kind === 'named' ? type.args.flatMap(variablesOf) : []
}

/** `link from "load-image".image to "sampler".latent`, as messages begin. */
export function printLink(from: Place, node: string, socket: string): string {
  return `link from "${from.node}".${from.socket} to "${node}".${socket}`
}
