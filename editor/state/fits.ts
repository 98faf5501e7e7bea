import {
  type Bindings,
  printSocketType,
  type SocketType,
  substitute,
  unify,
} from '../../engine/protocol/wiring.ts'
import { fitsWords } from '../words/fits.ts'
import { say } from '../words/words.ts'
import {
  flowOrder,
  type GraphTypes,
  inputsOf,
  type NodeInfos,
  outputsOf,
  parsedType,
  placeOf,
  printPlace,
  sourcesOf,
  typesOf,
} from './shapes.ts'
import { infoOf } from './subgraphs.ts'
import type { NodeInfo, Place, Workflow } from './types.ts'

/** Which sockets take the other end of a link, and in words why the others do not. */

/** What a socket says to an open end. */
export type Fit =
  | { readonly fits: true }
  | {
      readonly fits: false
      readonly reason: string
      /** Node types that may stand between the two ends. */
      readonly converters: readonly NodeInfo[]
    }

const good: Fit = { fits: true }

/**
 * Whether each socket of the graph takes the open end `from`, which is on the given side of its
 * node. Keys are `NODE.in.NAME` and `NODE.out.NAME`. Only the types along existing links are
 * known: what the file of a checkpoint tells is left to the check.
 */
export function fitting(
  workflow: Workflow,
  infos: NodeInfos,
  from: Place,
  side: 'input' | 'output',
): ReadonlyMap<string, Fit> {
  const scene = sceneOf(workflow, infos)
  const refused = side === 'output' ? ancestors(workflow, from.node) : heirs(workflow, from.node)
  const result = new Map<string, Fit>()
  for (const [node, entry] of Object.entries(workflow.nodes)) {
    const info = infoOf(workflow, entry, infos)
    if (!info) continue
    const ends = (link: Place): Fit =>
      refused.has(node)
        ? circle(side === 'output' ? node : from.node)
        : side === 'output'
          ? fitOf(scene, from, link)
          : fitOf(scene, link, from)
    for (const { name } of inputsOf(entry, info)) {
      result.set(`${node}.in.${name}`, side === 'input' ? sameSide() : ends({ node, socket: name }))
    }
    for (const { name } of outputsOf(entry, info)) {
      result.set(
        `${node}.out.${name}`,
        side === 'output' ? sameSide() : ends({ node, socket: name }),
      )
    }
  }
  return result
}

/** Whether one output may be linked to one input. */
export function fits(workflow: Workflow, infos: NodeInfos, from: Place, to: Place): Fit {
  if (ancestors(workflow, from.node).has(to.node)) return circle(to.node)
  return fitOf(sceneOf(workflow, infos), from, to)
}

/**
 * Types of nodes that turn one value into another, as the check offers them: a required input takes
 * the given type and an output is of the expected one. Those that need nothing else come first.
 */
export function converters(
  infos: NodeInfos,
  given: SocketType | string,
  expected: SocketType | string,
): NodeInfo[] {
  const [from, to] = [typeOf(given), typeOf(expected)]
  if (from.kind !== 'named' || to.kind !== 'named' || from.name === to.name) return []
  const required = ({ inputs }: NodeInfo) => inputs.filter(({ optional }) => !optional)
  const takes = ({ type }: { readonly type: string }) =>
    parsedType(type).kind === 'named' && unify(parsedType(type), from, new Map())
  const gives = ({ type }: { readonly type: string }) =>
    parsedType(type).kind === 'named' &&
    unify(to, substitute(parsedType(type), new Map()), new Map())
  return [...infos.values()]
    .filter((info) => required(info).some(takes) && info.outputs.some(gives))
    .sort((one, other) => required(one).length - required(other).length)
}

/**
 * Node types with a socket for an open end of a link, each with the name of the first that takes
 * it: what a search offers where a link was dropped on the empty canvas.
 */
export function offers(
  infos: NodeInfos,
  type: SocketType | string,
  side: 'input' | 'output',
): ReadonlyMap<string, string> {
  const open = typeOf(type)
  const result = new Map<string, string>()
  for (const info of infos.values()) {
    const entry = { type: info.type }
    const sockets =
      side === 'output' ? inputsOf(entry, info) : info.outputs.filter((output) => !output.needs)
    const found = sockets.find((socket) => {
      const other = parsedType(socket.type)
      return side === 'output'
        ? unify(other, open, new Map())
        : unify(open, substitute(other, new Map()), new Map())
    })
    if (found) result.set(info.type, found.name)
  }
  return result
}

interface Scene {
  readonly workflow: Workflow
  readonly infos: NodeInfos
  readonly types: GraphTypes
}

function sceneOf(workflow: Workflow, infos: NodeInfos): Scene {
  return { workflow, infos, types: typesOf(workflow, infos) }
}

function fitOf({ workflow, infos, types }: Scene, from: Place, to: Place): Fit {
  const given = types.output(from)
  const declared = types.declared(to)
  if (!given || !declared) return sameSide()
  const bindings: Bindings = new Map()
  for (const [name, text] of Object.entries(workflow.nodes[to.node]?.inputs ?? {})) {
    const type = name === to.socket ? undefined : types.declared({ node: to.node, socket: name })
    const source = type && types.output(placeOf(text))
    if (source) unify(type, source, bindings)
  }
  const expected = substitute(declared, bindings)
  if (unify(declared, given, bindings)) return good
  const between = converters(infos, given, expected)
  const words = say(fitsWords)
  const values = { given: printSocketType(given), expected: printSocketType(expected) }
  const nodes = between
    .slice(0, 2)
    .map(({ title }) => title)
    .join(words('or'))
  const reason = between.length > 0 ? words('convert', { ...values, nodes }) : words('type', values)
  return { fits: false, reason, converters: between }
}

function sameSide(): Fit {
  return { fits: false, reason: say(fitsWords)('side'), converters: [] }
}

function circle(node: string): Fit {
  return { fits: false, reason: say(fitsWords)('cycle', { node }), converters: [] }
}

/** A node and all whose values it takes, however far. */
export function ancestors(workflow: Workflow, node: string): ReadonlySet<string> {
  const found = new Set<string>()
  const open = [node]
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    if (found.has(id) || !Object.hasOwn(workflow.nodes, id)) continue
    found.add(id)
    open.push(...sourcesOf(workflow.nodes[id]!))
  }
  return found
}

/** A node and all that take values of it, however far. */
export function heirs(workflow: Workflow, node: string): ReadonlySet<string> {
  const found = new Set([node])
  for (const id of flowOrder(workflow)) {
    if (sourcesOf(workflow.nodes[id]!).some((source) => found.has(source))) found.add(id)
  }
  return found
}

/** `NODE.in.NAME` of an input, as sockets are named on the canvas. */
export function socketKey(place: Place, side: 'input' | 'output'): string {
  return `${place.node}.${side === 'input' ? 'in' : 'out'}.${place.socket}`
}

/** The text of a link: `from -> to`. */
export function linkText(from: Place, to: Place): string {
  return `${printPlace(from)} -> ${printPlace(to)}`
}

function typeOf(type: SocketType | string): SocketType {
  return typeof type === 'string' ? substitute(parsedType(type), new Map()) : type
}
