import { messageOf } from '../../errors.ts'
import {
  bindInputs,
  type Catalogue,
  parsePlace,
  portOf,
  printSocketType,
  type Workflow,
} from '../../workflow/index.ts'

/** How a workflow is called: JSON Schema of its named inputs, and of what its outputs hold. */
export interface CallSchema {
  readonly inputs: object
  readonly outputs: object
}

type Graph = Pick<Workflow, 'nodes' | 'subgraphs'>
type Json = Readonly<Record<string, unknown>>

/** Reads the interface of a saved workflow from the params that its inputs lead to. */
export function callSchema(workflow: Workflow, catalogue: Catalogue): CallSchema {
  const { inputs = {}, outputs = {} } = workflow
  return {
    inputs: objectSchema(inputs, ({ to, description }) => ({
      ...paramOf(workflow, to[0] ?? '', catalogue),
      ...(description !== undefined && { description }),
    })),
    outputs: objectSchema(outputs, (place) => {
      const type = outputType(workflow, place, catalogue)
      return { type: 'object', ...(type !== undefined && { description: type }) }
    }),
  }
}

/** What is wrong with each of the values given for named inputs. */
export function inputProblems(
  workflow: Workflow,
  inputs: Readonly<Record<string, unknown>>,
  catalogue: Catalogue,
): { readonly code: 'bad-param'; readonly input: string; readonly message: string }[] {
  return Object.entries(inputs).flatMap(([input, value]) => {
    try {
      bindInputs(workflow, { [input]: value }, catalogue)
      return []
    } catch (thrown) {
      return [{ code: 'bad-param' as const, input, message: messageOf(thrown) }]
    }
  })
}

function objectSchema<T>(entries: Readonly<Record<string, T>>, of: (entry: T) => Json): object {
  const properties = Object.entries(entries).map(([name, entry]) => [name, of(entry)] as const)
  return {
    type: 'object',
    properties: Object.fromEntries(properties),
    additionalProperties: false,
  }
}

/** The schema of a param with the value in the file as its default; `{}` where it leads nowhere. */
function paramOf(graph: Graph, place: string, catalogue: Catalogue): Json {
  const { node: id, socket: name } = parsePlace(place)
  const node = entryOf(graph.nodes, id)
  if (!node) return {}
  const written = entryOf(node.params, name)
  const given = written === undefined ? {} : { default: written }
  if (node.type !== 'subgraph') {
    const shape = catalogue.shape(node.type)
    return { ...(shape && portOf(shape, name)?.param?.json), ...given }
  }
  const inner = entryOf(graph.subgraphs, node.subgraph ?? '')
  const promoted = entryOf(inner?.inputs, name)
  if (!inner || !promoted) return given
  const { subgraphs } = graph
  const inside = { nodes: inner.nodes, ...(subgraphs && { subgraphs }) }
  const { description } = promoted
  return {
    ...paramOf(inside, promoted.to[0] ?? '', catalogue),
    ...(description !== undefined && { description }),
    ...given,
  }
}

/** The type of socket that an output comes from: `image`. */
function outputType(graph: Graph, place: string, catalogue: Catalogue): string | undefined {
  const { node: id, socket } = parsePlace(place)
  const node = entryOf(graph.nodes, id)
  if (node?.type !== 'subgraph') {
    const type = node && catalogue.shape(node.type)?.outputs.get(socket)
    return type && printSocketType(type)
  }
  const inner = entryOf(graph.subgraphs, node.subgraph ?? '')
  const from = entryOf(inner?.outputs, socket)
  const { subgraphs } = graph
  if (!inner || from === undefined) return undefined
  return outputType({ nodes: inner.nodes, ...(subgraphs && { subgraphs }) }, from, catalogue)
}

function entryOf<T>(record: Readonly<Record<string, T>> | undefined, key: string): T | undefined {
  return record && Object.hasOwn(record, key) ? record[key] : undefined
}
