import { WorkflowError } from '../errors.ts'
import {
  type Catalogue,
  catalogueSchema,
  type NodeDefinition,
  nodeSchema,
  type SocketSpecs,
} from '../workflow/index.ts'
import { exitCode } from './exit-code.ts'
import type { Host } from './host.ts'
import { type Shell, say, sayJson } from './shell.ts'

/** Options of `mazeru nodes`. */
export interface NodesCommandOptions {
  json?: boolean | undefined
  /** JSON Schema instead of a description. */
  schema?: boolean | undefined
}

/** Lists the nodes, or describes one; gives the exit code. */
export async function nodesCommand(
  type: string | undefined,
  options: NodesCommandOptions,
  { catalogue }: Host,
  { stdout }: Shell,
): Promise<number> {
  const definition = type === undefined ? undefined : definitionOf(catalogue, type)
  if (options.schema) {
    const schema = definition ? nodeSchema(definition) : catalogueSchema(catalogue)
    say(stdout, JSON.stringify(schema, null, 2))
  } else if (options.json) {
    for (const each of definition ? [definition] : catalogue.definitions) {
      sayJson(stdout, nodeLine(each))
    }
  } else {
    for (const line of definition ? describe(definition) : listing(catalogue)) say(stdout, line)
  }
  return exitCode.done
}

function definitionOf(catalogue: Catalogue, type: string): NodeDefinition {
  const found = catalogue.definitions.find((definition) => definition.type === type)
  if (found) return found
  const near = catalogue.types.filter((name) => name.includes(type) || type.includes(name))
  const remedy = near.length > 0 ? `did you mean ${near.join(', ')}` : 'mazeru nodes lists them'
  throw new WorkflowError(`${type}: no such node; ${remedy}`)
}

function nodeLine(definition: NodeDefinition): Record<string, unknown> {
  const { type, version, title, category, description, inputs, outputs, purity } = definition
  const params = paramsOf(definition).map(({ name, json }) => ({ name, ...json }))
  return { type, version, title, category, description, inputs, params, outputs, purity }
}

function listing({ definitions }: Catalogue): string[] {
  const categories = Map.groupBy(definitions, ({ category }) => category || 'other')
  const width = Math.max(...definitions.map(({ type }) => type.length))
  return [...categories].flatMap(([category, members]) => [
    category,
    ...members.map(({ type, title }) => `  ${type.padEnd(width)}  ${title}`),
  ])
}

function describe(definition: NodeDefinition): string[] {
  const { type, title, category, description, inputs, outputs, repeat } = definition
  const group = repeat ? paramsOf(definition, true) : []
  const times = `repeated ${repeat?.min ?? 0} to ${repeat?.max ?? 64} times, numbered from 1`
  return [
    `${type}: ${title}${category ? ` (${category})` : ''}`,
    ...(description ? [description] : []),
    ...section('inputs', socketRows(inputs)),
    ...section('params', paramsOf(definition).map(paramRow)),
    ...(repeat ? section(times, [...socketRows(repeat.inputs ?? {}), ...group.map(paramRow)]) : []),
    ...section('outputs', socketRows(outputs)),
  ]
}

/** Rows below a title in columns; a cell wider than its column pushes the rest of its row. */
function section(title: string, rows: readonly string[][]): string[] {
  if (rows.length === 0) return []
  const widthOf = (column: number) => Math.max(...rows.map((row) => row[column]?.length ?? 0))
  const widths = [widthOf(0), Math.min(widthOf(1), 36)]
  const line = (row: string[]) =>
    row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')
  return [title, ...rows.map((row) => `  ${line(row)}`.trimEnd())]
}

function socketRows(specs: SocketSpecs): string[][] {
  return Object.entries(specs).map(([name, spec]) => {
    if (typeof spec === 'string') return [name, spec]
    const needs = spec.needs ? `, needs the input ${spec.needs}` : ''
    return [name, `${spec.type}${spec.optional ? ', optional' : needs}`, spec.description ?? '']
  })
}

interface Param {
  name: string
  json: Record<string, unknown>
}

/** The params with their JSON Schema; those of the repeated group where `repeated`. */
function paramsOf(definition: NodeDefinition, repeated = false): Param[] {
  const { properties } = nodeSchema(definition) as {
    properties: { params: Record<string, Record<string, Record<string, unknown>>> }
  }
  const found = properties.params[repeated ? 'patternProperties' : 'properties'] ?? {}
  return Object.entries(found).map(([key, json]) => {
    return { name: repeated ? key.replace(/^\^|\[1-9\].*$/g, '') : key, json }
  })
}

function paramRow({ name, json }: Param): string[] {
  const { maximum, default: fallback, description, file } = json
  const choices = Array.isArray(json.enum) ? json.enum.join(' | ') : undefined
  const kind = file ? `file of ${file}` : (choices ?? String(json.type ?? 'any'))
  const parts = [kind]
  const above = json.exclusiveMinimum === undefined ? undefined : `above ${json.exclusiveMinimum}`
  const from = json.minimum ?? above
  const bounded = Math.abs(Number(maximum)) < Number.MAX_SAFE_INTEGER
  if (from !== undefined) parts.push(bounded ? `${from} to ${maximum}` : (above ?? `from ${from}`))
  if (fallback !== undefined) parts.push(`default ${JSON.stringify(fallback)}`)
  return [name, parts.join(', '), typeof description === 'string' ? description : '']
}
