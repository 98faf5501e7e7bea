import type { z } from 'zod'
import { didYouMean } from '../closest.ts'
import { FormatError, WorkflowError } from '../errors.ts'
import { found } from '../expected.ts'
import type { Catalogue } from './catalogue.ts'
import { parseJson, printPath, refuseHostile } from './json.ts'
import { currentVersion, type NodeEntry, own, type Workflow, workflowFile } from './schema.ts'
import { paramNames, portOf, socketNamesOf } from './shape.ts'

/** From a file of version n to one of version n + 1, both as JSON values. */
export type Migrations = Readonly<Record<number, (file: Record<string, unknown>) => object>>

/** One entry for each version before the current one. Version 1 is the first. */
export const fileMigrations: Migrations = {}

/**
 * Reads the text of a workflow file. `file` begins messages.
 * Throws a FormatError for bad JSON or a version that cannot be read, and a WorkflowError that
 * lists, one in a line, everything that is not where it belongs.
 */
export function parseWorkflow(text: string, file = 'workflow'): Workflow {
  return readPlain(parseJson(text, file), file)
}

/** As `parseWorkflow`, from a JSON value. Keys come out in canonical order. */
export function readWorkflow(json: unknown, file = 'workflow'): Workflow {
  refuseHostile(json, file)
  return readPlain(json, file)
}

function readPlain(json: unknown, file: string): Workflow {
  const migrated = migrateFile(json, file)
  const result = workflowFile.safeParse(migrated)
  if (result.success) return result.data as Workflow
  const lines = result.error.issues.flatMap((issue) => describe(issue, migrated))
  throw new WorkflowError(lines.map((line) => `${file}: ${line}`).join('\n'))
}

/** Brings a file of an older version to the current one. Throws a FormatError where it cannot. */
export function migrateFile(
  json: unknown,
  file: string,
  { migrations = fileMigrations, current = currentVersion as number } = {},
): unknown {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw new FormatError(`${file}: ${found(json)}, expected an object`)
  }
  let result = json as Record<string, unknown>
  const version = own(result, 'version')
  if (typeof version !== 'number' || !Number.isInteger(version)) {
    throw new FormatError(`${file}: version is ${found(version)}, expected ${current}`)
  }
  if (version > current) {
    const remedy = 'update mazeru to open it'
    throw new FormatError(`${file}: version ${version}, at most ${current} can be read; ${remedy}`)
  }
  for (let from = version; from < current; from++) {
    const step = migrations[from]
    if (!step) throw new FormatError(`${file}: version ${version}, expected ${current}`)
    result = { ...step(result), version: from + 1 }
  }
  return result
}

/**
 * The text of a workflow: JSON with two spaces and a final line feed, keys in canonical order.
 * With a catalogue, params and inputs stand in the order of the definition; unknown ones last.
 * Reading and printing a canonical file gives the same bytes.
 */
export function printWorkflow(workflow: Workflow, catalogue?: Catalogue): string {
  const { version, name, description, subgraphs, layout } = workflow
  const file = {
    version,
    name,
    description,
    ...canonicalGraph(workflow, catalogue),
    subgraphs:
      subgraphs &&
      mapValues(subgraphs, ({ description, layout, ...graph }) => ({
        description,
        ...canonicalGraph(graph, catalogue),
        layout: canonicalLayout(layout),
      })),
    layout: canonicalLayout(layout),
  }
  return `${JSON.stringify(file, null, 2)}\n`
}

function canonicalGraph(
  { inputs, outputs, nodes }: Pick<Workflow, 'inputs' | 'outputs' | 'nodes'>,
  catalogue?: Catalogue,
): object {
  return {
    inputs: inputs && mapValues(inputs, ({ to, description }) => ({ to, description })),
    outputs,
    nodes: mapValues(nodes, (node) => canonicalNode(node, catalogue)),
  }
}

function canonicalLayout(layout: Workflow['layout']): object | undefined {
  return layout && mapValues(layout, ({ x, y, ...rest }) => ({ x, y, ...rest }))
}

function canonicalNode(
  { type, version, subgraph, mode, params, inputs }: NodeEntry,
  catalogue?: Catalogue,
): object {
  const shape = catalogue?.shape(type)
  const names = [...Object.keys(params ?? {}), ...Object.keys(inputs ?? {})]
  const items = shape ? names.map((name) => portOf(shape, name)?.item ?? 0) : []
  const count = Math.min(Math.max(0, ...items), shape?.repeat?.max ?? 0)
  return {
    type,
    version,
    subgraph,
    mode,
    params: ordered(params, shape ? paramNames(shape, count) : []),
    inputs: ordered(inputs, shape ? socketNamesOf(shape, count) : []),
  }
}

function ordered(record: Readonly<Record<string, unknown>> | undefined, names: readonly string[]) {
  if (record === undefined || Object.keys(record).length === 0) return undefined
  const known = names.filter((name) => Object.hasOwn(record, name))
  const all = new Set([...known, ...Object.keys(record)])
  return Object.fromEntries([...all].map((name) => [name, record[name]]))
}

function mapValues<T>(record: Readonly<Record<string, T>>, map: (value: T) => object): object {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, map(value)]))
}

const wanted: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'an integer',
  object: 'an object',
  record: 'an object',
  array: 'a list',
}

function describe(issue: z.core.$ZodIssue, file: unknown): string[] {
  const place = printPath(issue.path)
  const value = issue.path.reduce<unknown>(
    (at, key) => own(at as Record<string, unknown>, String(key)),
    file,
  )
  if (issue.code === 'unrecognized_keys') {
    const known = knownKeys(issue.path)
    return issue.keys.map((key) => {
      const path = printPath([...issue.path, key])
      return `${path}: unknown key, expected ${known.join(', ')}${didYouMean(key, known)}`
    })
  }
  if (issue.code === 'invalid_key') {
    return [`${place}: not a name, expected a letter, then letters, digits, - or _`]
  }
  if (issue.code === 'invalid_type') {
    return [`${place}: ${found(value)}, expected ${wanted[issue.expected] ?? issue.expected}`]
  }
  if (issue.code === 'invalid_format') {
    const name = place.endsWith('.type') ? 'a name' : '"node.socket"'
    return [`${place}: ${found(value)}, expected ${name}`]
  }
  if (issue.code === 'too_small') {
    return [`${place}: ${found(value)}, expected at least ${issue.minimum}`]
  }
  return [`${place}: ${found(value)}, ${issue.message}`]
}

const graphKeys = ['inputs', 'outputs', 'nodes']
const fileKeys = ['version', 'name', 'description', ...graphKeys, 'subgraphs', 'layout']
const keysOf: Readonly<Record<string, readonly string[]>> = {
  nodes: ['type', 'version', 'subgraph', 'mode', 'params', 'inputs'],
  inputs: ['to', 'description'],
  subgraphs: ['description', ...graphKeys, 'layout'],
}

/** The keys of the object at a path: `nodes.a` is a node, `subgraphs.s.nodes.a` too. */
function knownKeys(path: readonly PropertyKey[]): readonly string[] {
  const within = path[0] === 'subgraphs' && path.length > 2 ? path.slice(2) : path
  return keysOf[String(within[0])] ?? fileKeys
}
