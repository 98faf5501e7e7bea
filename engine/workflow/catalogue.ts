import { z } from 'zod'
import { WorkflowError } from '../errors.ts'
import type { NodeDefinition } from './define.ts'
import { subgraphType, workflowSchema } from './schema.ts'
import { type NodeShape, shapeOf } from './shape.ts'
import { type SocketType, unify } from './socket-type.ts'

/** The node types that a workflow may use. */
export interface Catalogue {
  readonly definitions: readonly NodeDefinition[]
  readonly types: readonly string[]
  shape(type: string): NodeShape | undefined
}

/** Gathers definitions. Throws a WorkflowError where two have one type or one is unsound. */
export function createCatalogue(definitions: readonly NodeDefinition[]): Catalogue {
  const shapes = new Map<string, NodeShape>()
  for (const definition of definitions) {
    if (shapes.has(definition.type)) {
      throw new WorkflowError(`${definition.type}: two nodes have this type, expected one`)
    }
    shapes.set(definition.type, shapeOf(definition))
  }
  return {
    definitions: [...definitions],
    types: [...shapes.keys()],
    shape: (type) => shapes.get(type),
  }
}

/**
 * Types of nodes that turn `given` into `expected`: such a type is an input, and the other an
 * output. Generic nodes do not count. At most two, in the order of the catalogue.
 */
export function converters(
  catalogue: Catalogue,
  given: SocketType,
  expected: SocketType,
): readonly string[] {
  if (given.kind !== 'named' || expected.kind !== 'named' || given.name === expected.name) return []
  const converts = (type: string): boolean => {
    const { inputs, outputs } = catalogue.shape(type)!
    return (
      [...inputs.values()].some(
        (input) => named(input.type) && unify(input.type, given, new Map()),
      ) &&
      [...outputs.values()].some((output) => named(output) && unify(expected, output, new Map()))
    )
  }
  return catalogue.types.filter(converts).slice(0, 2)
}

/** Types of nodes with such an output, at most two; generic nodes do not count. */
export function producers(catalogue: Catalogue, type: SocketType): readonly string[] {
  const gives = (output: SocketType) => named(output) && unify(type, output, new Map())
  return catalogue.types
    .filter((name) => [...catalogue.shape(name)!.outputs.values()].some(gives))
    .slice(0, 2)
}

function named(type: SocketType): boolean {
  return type.kind === 'named'
}

/** JSON Schema of a node of this type, as it stands in a workflow file. */
export function nodeSchema(definition: NodeDefinition): Record<string, unknown> {
  const shape = shapeOf(definition)
  const { repeat } = shape
  const json = (schema: z.ZodObject) => {
    const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })
    return rest
  }
  const link = { type: 'string', pattern: '^[^.]+\\.[^.]+$' }
  const repeated = (names: Iterable<string>, value: (name: string) => unknown) =>
    Object.fromEntries([...names].map((name) => [`^${name}[1-9][0-9]*$`, value(name)]))
  const fed = [...shape.params].filter(([, param]) => param.socket).map(([name]) => name)
  const fedItems = [...(repeat?.params ?? [])].filter(([, p]) => p.socket).map(([name]) => name)
  const required = [...shape.inputs].filter(([, input]) => !input.optional).map(([name]) => name)
  const { required: _, ...params } = json(definition.params)
  return {
    title: definition.title,
    description: definition.description,
    type: 'object',
    properties: {
      type: { const: definition.type },
      version: { type: 'integer', minimum: 1, maximum: definition.version },
      mode: modeSchema,
      params: {
        ...params,
        patternProperties: repeated(
          repeat?.params.keys() ?? [],
          (n) => repeat!.params.get(n)!.json,
        ),
        additionalProperties: false,
      },
      inputs: {
        type: 'object',
        properties: Object.fromEntries(
          [...shape.inputs.keys(), ...fed].map((name) => [name, link]),
        ),
        patternProperties: repeated([...(repeat?.inputs.keys() ?? []), ...fedItems], () => link),
        required,
        additionalProperties: false,
      },
    },
    required: required.length > 0 ? ['type', 'inputs'] : ['type'],
    additionalProperties: false,
    'x-node': {
      category: definition.category,
      purity: definition.purity,
      live: definition.live,
      sink: definition.sink,
      inputs: definition.inputs,
      outputs: definition.outputs,
      repeat: repeat && {
        inputs: definition.repeat?.inputs ?? {},
        min: repeat.min,
        max: repeat.max,
      },
    },
  }
}

const modeSchema = { enum: ['mute', 'bypass'] }

/** A node that stands for a subgraph: what it is given is named there. */
const instanceSchema = {
  title: 'Subgraph',
  description: 'Stands for the subgraph that it names.',
  type: 'object',
  properties: {
    type: { const: subgraphType },
    subgraph: { type: 'string' },
    mode: modeSchema,
    params: { type: 'object' },
    inputs: { type: 'object', additionalProperties: { type: 'string' } },
  },
  required: ['type', 'subgraph'],
  additionalProperties: false,
}

/** JSON Schema of a workflow file whose nodes are of this catalogue. */
export function catalogueSchema(catalogue: Catalogue): Record<string, unknown> {
  const schema = workflowSchema()
  const properties = schema.properties as Record<string, JsonObject>
  const own = catalogue.definitions.map(nodeSchema)
  const nodesOf = (schemas: readonly JsonObject[]) => ({
    ...properties.nodes,
    additionalProperties: { oneOf: [...schemas, instanceSchema] },
  })
  const subgraph = properties.subgraphs!.additionalProperties as JsonObject
  const inside = { ...(subgraph.properties as JsonObject), nodes: nodesOf(own.map(fedFromOutside)) }
  const subgraphs = {
    ...properties.subgraphs,
    additionalProperties: { ...subgraph, properties: inside },
  }
  return { ...schema, properties: { ...properties, nodes: nodesOf(own), subgraphs } }
}

/** As a node stands in a subgraph: what it needs may come through a named input. */
function fedFromOutside(schema: JsonObject): JsonObject {
  const properties = schema.properties as JsonObject
  const { required: _, ...inputs } = properties.inputs as JsonObject
  return { ...schema, properties: { ...properties, inputs }, required: ['type'] }
}

type JsonObject = Record<string, unknown>
