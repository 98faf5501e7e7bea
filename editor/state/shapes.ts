import {
  type Bindings,
  parseSocketType,
  type SocketType,
  substitute,
  unify,
} from '../../engine/protocol/wiring.ts'
import { declaredInput, type NodeInfos, partsOf, placeOf, printPlace } from './ports.ts'
import { infoOf } from './subgraphs.ts'
import type { NodeEntry, NodeInfo, ParamInfo, Place, SocketInfo, Workflow } from './types.ts'

export { declaredInput, type NodeInfos, partsOf, placeOf, printPlace } from './ports.ts'

/** Sockets and params that a node has, derived from its entry and the description of its type. */

/** An input or output of one node. */
export interface SocketShape {
  /** Full name: `lora2`. */
  readonly name: string
  /** Name without the number of its item. */
  readonly base: string
  /** Number of its item, from 1; 0 outside the repeated group. */
  readonly item: number
  /** As the type of the node declares it: `model<F>`. */
  readonly type: string
  readonly optional: boolean
  /** Of a param that a link may feed. */
  readonly param?: ParamInfo
  /** The free slot after the last item: a link into it makes a new item. */
  readonly free?: boolean
  readonly description?: string
}

/** A param of one node. */
export interface ParamShape {
  readonly name: string
  readonly base: string
  readonly item: number
  readonly info: ParamInfo
}

/** Number of items of the repeated group: the highest that is named, or the fewest allowed. */
export function itemsOf(entry: NodeEntry, info: NodeInfo): number {
  const { repeat } = info
  if (!repeat) return 0
  let highest = 0
  for (const name of [...Object.keys(entry.inputs ?? {}), ...Object.keys(entry.params ?? {})]) {
    highest = Math.max(highest, partsOf(info, name)?.item ?? 0)
  }
  return Math.max(repeat.min, Math.min(highest, repeat.max))
}

/** Inputs, then params that a link may feed, then those of each item, then one free slot. */
export function inputsOf(entry: NodeEntry, info: NodeInfo): SocketShape[] {
  const { repeat } = info
  const result = [...info.inputs.map(plainInput), ...fed(info.params, 0)]
  if (!repeat) return result
  const items = itemsOf(entry, info)
  for (let item = 1; item <= items; item++) {
    result.push(...repeat.inputs.map((input) => inputOf(input, item)), ...fed(repeat.params, item))
  }
  if (items < repeat.max) {
    result.push(...repeat.inputs.map((input) => ({ ...inputOf(input, items + 1), free: true })))
  }
  return result
}

/** Params, then those of each item. */
export function paramsOf(entry: NodeEntry, info: NodeInfo): ParamShape[] {
  const result = info.params.map((param) => paramOf(param, 0))
  const items = itemsOf(entry, info)
  for (let item = 1; info.repeat && item <= items; item++) {
    result.push(...info.repeat.params.map((param) => paramOf(param, item)))
  }
  return result
}

/** Outputs; one that needs an input is there only while that is linked. */
export function outputsOf(entry: NodeEntry, info: NodeInfo): SocketShape[] {
  return info.outputs
    .filter(({ needs }) => needs === undefined || Object.hasOwn(entry.inputs ?? {}, needs))
    .map((output) => ({ ...plainInput(output), optional: false }))
}

/** The input of this name; the free slot counts. */
export function inputNamed(
  entry: NodeEntry,
  info: NodeInfo,
  name: string,
): SocketShape | undefined {
  return inputsOf(entry, info).find((input) => input.name === name)
}

/** What a param is when neither the file nor a link says: its default, or undefined. */
export function defaultOf({ schema }: ParamInfo): unknown {
  return schema.default
}

/** What the sockets of a graph carry, as far as its links say. */
export interface GraphTypes {
  /** Declared type with variables replaced by what they stand for; undefined if there is none. */
  input(place: Place): SocketType | undefined
  output(place: Place): SocketType | undefined
  /** The type of an input as declared, its variables open. */
  declared(place: Place): SocketType | undefined
  /** What the variables of a node stand for. */
  bindings(node: string): Bindings
  /** Links that do not fit, by "node.input". */
  readonly wrong: ReadonlySet<string>
}

/**
 * Resolves the types of all sockets along the links, sources first, as the check does. What only
 * the header of a file tells stays open. Nodes of unknown type have no sockets.
 */
export function typesOf(workflow: Workflow, infos: NodeInfos): GraphTypes {
  const bound = new Map<string, Bindings>()
  const wrong = new Set<string>()
  const open: Bindings = new Map()
  const bindings = (node: string) => bound.get(node) ?? open

  function output({ node, socket }: Place): SocketType | undefined {
    const found = known(node)
    const spec = found?.info.outputs.find(({ name }) => name === socket)
    if (!found || !spec) return undefined
    const absent = spec.needs !== undefined && !Object.hasOwn(found.entry.inputs ?? {}, spec.needs)
    return absent ? undefined : substitute(parsedType(spec.type), bindings(node))
  }

  function declared({ node, socket }: Place): SocketType | undefined {
    const found = known(node)
    const type = found && declaredInput(found.info, socket)
    return type === undefined ? undefined : parsedType(type)
  }

  function known(node: string) {
    const entry = Object.hasOwn(workflow.nodes, node) ? workflow.nodes[node] : undefined
    const info = entry && infoOf(workflow, entry, infos)
    return entry && info ? { entry, info } : undefined
  }

  for (const node of flowOrder(workflow)) {
    if (!known(node)) continue
    const own: Bindings = new Map()
    bound.set(node, own)
    for (const [socket, from] of Object.entries(workflow.nodes[node]!.inputs ?? {})) {
      const expected = declared({ node, socket })
      const given = output(placeOf(from))
      if (expected && given && !unify(expected, given, own)) wrong.add(printPlace({ node, socket }))
    }
  }

  return {
    input(place) {
      const type = declared(place)
      return type && substitute(type, bindings(place.node))
    },
    output,
    declared,
    bindings,
    wrong,
  }
}

/** Ids of all nodes, each after those that it takes values of; a cycle is cut somewhere. */
export function flowOrder({ nodes }: Workflow): string[] {
  const order: string[] = []
  const seen = new Set<string>()
  for (const start of Object.keys(nodes)) {
    const stack: { id: string; sources: string[] }[] = []
    const enter = (id: string) => {
      if (seen.has(id) || !Object.hasOwn(nodes, id)) return
      seen.add(id)
      stack.push({ id, sources: sourcesOf(nodes[id]!) })
    }
    enter(start)
    while (stack.length > 0) {
      const top = stack[stack.length - 1]!
      const next = top.sources.pop()
      if (next !== undefined) enter(next)
      else order.push(stack.pop()!.id)
    }
  }
  return order
}

/** Ids of the nodes that an entry takes values of. */
export function sourcesOf(entry: NodeEntry): string[] {
  return Object.values(entry.inputs ?? {}).map((from) => placeOf(from).node)
}

const parsed = new Map<string, SocketType>()

/** As `parseSocketType`, remembered; what is no type is open. */
export function parsedType(text: string): SocketType {
  const found = parsed.get(text)
  if (found) return found
  let type: SocketType
  try {
    type = parseSocketType(text)
  } catch {
    type = { kind: 'unknown' }
  }
  parsed.set(text, type)
  return type
}

function plainInput(socket: SocketInfo): SocketShape {
  return inputOf(socket, 0)
}

function inputOf(socket: SocketInfo, item: number): SocketShape {
  return {
    name: item === 0 ? socket.name : `${socket.name}${item}`,
    base: socket.name,
    item,
    type: socket.type,
    optional: socket.optional === true,
    ...(socket.description !== undefined && { description: socket.description }),
  }
}

function fed(params: readonly ParamInfo[], item: number): SocketShape[] {
  return params
    .filter(({ socket }) => socket !== undefined)
    .map((param) => ({
      ...inputOf({ name: param.name, type: param.socket! }, item),
      optional: true,
      param,
    }))
}

function paramOf(info: ParamInfo, item: number): ParamShape {
  return {
    name: item === 0 ? info.name : `${info.name}${item}`,
    base: info.name,
    item,
    info,
  }
}
