import { z } from 'zod'
import { WorkflowError } from '../errors.ts'
import type { NodeDefinition, SocketSpecs } from './define.ts'
import { own } from './schema.ts'
import { parseSocketType, type SocketType } from './socket-type.ts'

/** A definition with its socket types parsed and its params described. */
export interface NodeShape {
  readonly definition: NodeDefinition
  readonly inputs: ReadonlyMap<string, InputSocket>
  readonly params: ReadonlyMap<string, ParamShape>
  readonly outputs: ReadonlyMap<string, SocketType>
  readonly repeat: RepeatShape | undefined
}

/** The group that a node repeats. */
export interface RepeatShape {
  readonly inputs: ReadonlyMap<string, InputSocket>
  readonly params: ReadonlyMap<string, ParamShape>
  readonly schema: z.ZodObject
  readonly min: number
  readonly max: number
}

/** An input that only a link can feed. */
export interface InputSocket {
  readonly type: SocketType
  readonly optional: boolean
}

/** A param: how it is checked, and as which socket a link may feed it, if any. */
export interface ParamShape {
  readonly schema: z.ZodType
  readonly json: Readonly<Record<string, unknown>>
  readonly socket: SocketType | undefined
  /** The folder, where the param is the name of a file or a list of such names. */
  readonly file: string | undefined
}

/** An input or param of one node, found by its full name (`ratio12`). */
export interface Port {
  /** Name without the number of its item. */
  readonly base: string
  /** Number of the item, from 1; 0 outside the repeated group. */
  readonly item: number
  readonly input?: InputSocket
  readonly param?: ParamShape
}

const socketNames: Readonly<Record<string, string>> = {
  number: 'number',
  integer: 'integer',
  string: 'text',
  boolean: 'boolean',
}

/** Reads a definition. Throws a WorkflowError where it contradicts itself. */
export function shapeOf(definition: NodeDefinition): NodeShape {
  const { repeat } = definition
  const shape: NodeShape = {
    definition,
    inputs: inputSockets(definition.inputs),
    params: paramShapes(definition.params),
    outputs: new Map(
      Object.entries(definition.outputs).map(([name, spec]) => [name, typeOf(spec)] as const),
    ),
    repeat: repeat && {
      inputs: inputSockets(repeat.inputs ?? {}),
      params: paramShapes(repeat.params ?? z.object({})),
      schema: repeat.params ?? z.object({}),
      min: repeat.min ?? 0,
      max: repeat.max ?? 64,
    },
  }
  refuseClashes(shape)
  return shape
}

/** The input or param of a node that has this name, of whatever item. */
export function portOf(shape: NodeShape, name: string): Port | undefined {
  const input = shape.inputs.get(name)
  if (input) return { base: name, item: 0, input }
  const param = shape.params.get(name)
  if (param) return { base: name, item: 0, param }
  const match = shape.repeat && /^(.*?)([1-9]\d*)$/.exec(name)
  if (!shape.repeat || !match) return undefined
  const base = match[1]!
  const item = Number(match[2])
  const itemInput = shape.repeat.inputs.get(base)
  if (itemInput) return { base, item, input: itemInput }
  const itemParam = shape.repeat.params.get(base)
  if (itemParam) return { base, item, param: itemParam }
  return undefined
}

/** Names of all params of a node with this many items, in canonical order. */
export function paramNames(shape: NodeShape, items: number): string[] {
  const names = [...shape.params.keys()]
  for (let item = 1; shape.repeat && item <= items; item++) {
    for (const base of shape.repeat.params.keys()) names.push(`${base}${item}`)
  }
  return names
}

/** Names of all inputs, params included that a link may feed, in canonical order. */
export function socketNamesOf(shape: NodeShape, items: number): string[] {
  const fed = (params: ReadonlyMap<string, ParamShape>) =>
    [...params].filter(([, param]) => param.socket).map(([name]) => name)
  const names = [...shape.inputs.keys(), ...fed(shape.params)]
  for (let item = 1; shape.repeat && item <= items; item++) {
    for (const base of shape.repeat.inputs.keys()) names.push(`${base}${item}`)
    for (const base of fed(shape.repeat.params)) names.push(`${base}${item}`)
  }
  return names
}

function typeOf(spec: SocketSpecs[string]): SocketType {
  return parseSocketType(typeof spec === 'string' ? spec : spec.type)
}

function inputSockets(specs: SocketSpecs): Map<string, InputSocket> {
  return new Map(
    Object.entries(specs).map(([name, spec]) => [
      name,
      { type: typeOf(spec), optional: typeof spec !== 'string' && spec.optional === true },
    ]),
  )
}

function paramShapes(schema: z.ZodObject): Map<string, ParamShape> {
  const json = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })
  const properties = json.properties as Record<string, Record<string, unknown>>
  return new Map(
    Object.entries(schema.shape).map(([name, field]) => [
      name,
      paramShape(field as z.ZodType, own(properties, name) ?? {}),
    ]),
  )
}

function paramShape(schema: z.ZodType, json: Record<string, unknown>): ParamShape {
  const items = json.items as Record<string, unknown> | undefined
  const file = json.file ?? items?.file
  const socket = own(socketNames, String(json.type))
  const fed = socket !== undefined && json.socket !== false && file === undefined
  return {
    schema,
    json,
    socket: fed ? parseSocketType(socket) : undefined,
    file: typeof file === 'string' ? file : undefined,
  }
}

function refuseClashes({ definition, inputs, params, repeat, outputs }: NodeShape): void {
  const { type } = definition
  for (const [name, spec] of Object.entries(definition.outputs)) {
    const needed = typeof spec === 'string' ? undefined : spec.needs
    if (needed !== undefined && !inputs.get(needed)?.optional) {
      throw new WorkflowError(
        `${type}: output "${name}" needs "${needed}", expected an optional input`,
      )
    }
  }
  const seen = new Set<string>()
  const plain = [...inputs.keys(), ...params.keys()]
  const repeated = repeat ? [...repeat.inputs.keys(), ...repeat.params.keys()] : []
  for (const name of [...plain, ...repeated, ...outputs.keys()]) {
    if (!/^\p{L}[\p{L}\p{N}_-]*$/u.test(name)) {
      throw new WorkflowError(
        `${type}: "${name}" is no name, expected a letter and letters, digits`,
      )
    }
  }
  for (const name of [...plain, ...repeated]) {
    if (seen.has(name)) throw new WorkflowError(`${type}: two inputs "${name}", expected one`)
    seen.add(name)
  }
  if (repeat && seen.has('items')) {
    throw new WorkflowError(`${type}: input "items" beside a repeated group, expected another name`)
  }
  for (const name of repeated) {
    if (/\d$/.test(name)) {
      throw new WorkflowError(`${type}: repeated "${name}" ends in a digit, expected a letter`)
    }
    const clash = plain.find(
      (other) => other.startsWith(name) && /^\d+$/.test(other.slice(name.length)),
    )
    if (clash) throw new WorkflowError(`${type}: "${clash}" is also an item of repeated "${name}"`)
  }
}
