import { z } from 'zod'

/**
 * The workflow file. Keys stand in the order of the schema; nodes stand as in the file.
 * Names begin with a letter, so no JavaScript engine moves them and none is `__proto__`.
 */

/** The version of the file format that is written. */
export const currentVersion = 1

/** The type of nodes that stand for a subgraph. */
export const subgraphType = 'subgraph'

const word = '\\p{L}[\\p{L}\\p{N}_-]*'
const name = z.string().regex(new RegExp(`^${word}$`, 'u'))
const place = z.string().regex(new RegExp(`^${word}\\.${word}$`, 'u'))

const nodeEntry = z.strictObject({
  type: name.describe('Type of the node'),
  version: z.int().min(1).exactOptional().describe('Version of the type, 1 where absent'),
  subgraph: name.exactOptional().describe('Of nodes of type "subgraph": which one'),
  mode: z
    .enum(['mute', 'bypass'])
    .exactOptional()
    .describe('mute: as if it were not there; bypass: its inputs are passed on'),
  params: z.record(name, z.unknown()).exactOptional().describe('Params by name'),
  inputs: z.record(name, place).exactOptional().describe('Input -> "node.output"'),
})

const namedInput = z.strictObject({
  to: z.array(place).min(1).describe('Params that get the value, "node.param"'),
  description: z.string().exactOptional(),
})

const layout = z.record(name, z.looseObject({ x: z.number(), y: z.number() }))

const subgraph = z.strictObject({
  description: z.string().exactOptional(),
  inputs: z.record(name, namedInput).exactOptional().describe('Inputs and params of its nodes'),
  outputs: z.record(name, place).exactOptional().describe('Name -> "node.output"'),
  nodes: z.record(name, nodeEntry).describe('Nodes by id'),
  layout: layout.exactOptional(),
})

/** The schema of the file, as zod. */
export const workflowFile = z.strictObject({
  version: z.literal(currentVersion),
  name: z.string().exactOptional(),
  description: z.string().exactOptional(),
  inputs: z.record(name, namedInput).exactOptional().describe('Named inputs of the workflow'),
  outputs: z.record(name, place).exactOptional().describe('Name -> "node.output"'),
  nodes: z.record(name, nodeEntry).describe('Nodes by id'),
  subgraphs: z.record(name, subgraph).exactOptional().describe('Graphs that nodes stand for'),
  layout: layout.exactOptional().describe('Where the editor draws the nodes; changes no result'),
})

type Frozen<T> = T extends object ? { readonly [K in keyof T]: Frozen<T[K]> } : T

/** A workflow whose shape is right. Whether its graph is, says `check`. */
export type Workflow = Frozen<z.output<typeof workflowFile>>

/** One node of a workflow. */
export type NodeEntry = Frozen<z.output<typeof nodeEntry>>

/** A graph that a node of type "subgraph" stands for. */
export type Subgraph = Frozen<z.output<typeof subgraph>>

/** One end of a link. */
export interface Place {
  readonly node: string
  readonly socket: string
}

/** Splits "node.socket" at its first dot. Without a dot, the socket is empty. */
export function parsePlace(text: string): Place {
  const dot = text.indexOf('.')
  if (dot < 0) return { node: text, socket: '' }
  return { node: text.slice(0, dot), socket: text.slice(dot + 1) }
}

/** The entry of a record, never one of its prototype. */
export function own<T>(
  record: Readonly<Record<string, T>> | undefined,
  key: string,
): T | undefined {
  return record != null && Object.hasOwn(record, key) ? record[key] : undefined
}

/** JSON Schema of the workflow file. `catalogueSchema` also describes every node. */
export function workflowSchema(): Record<string, unknown> {
  return z.toJSONSchema(workflowFile, {
    io: 'input',
    override: ({ jsonSchema }) => {
      if (jsonSchema.pattern) jsonSchema.pattern = portable(jsonSchema.pattern)
    },
  })
}

/**
 * A pattern for validators that know no classes of Unicode: all beyond ASCII counts as a letter.
 * `parseWorkflow` is stricter.
 */
function portable(pattern: string): string {
  return pattern
    .replaceAll('[\\p{L}\\p{N}_-]', '[0-9A-Za-z_\\u0080-\\uffff-]')
    .replaceAll('\\p{L}', '[A-Za-z\\u0080-\\uffff]')
}
