import { z } from 'zod'
import {
  type Catalogue,
  type CheckedGraph,
  type CheckOptions,
  check,
  createCatalogue,
  definePlainNode as defineNode,
  type Lookup,
  type NodeDefinition,
  type PlanOptions,
  type Problem,
  plan,
  type Run,
  type RunEvent,
  type RunOptions,
  type RunResult,
  readWorkflow,
  startRun,
  type Workflow,
} from '../../engine/workflow/index.ts'

/** Arithmetic nodes, and what tests do with workflows of them. */

const finite = z.number()

/** A constant. */
export const constant = defineNode({
  type: 'constant',
  title: 'Constant',
  params: z.object({ value: finite.default(0) }),
  outputs: { value: 'number' },
  run: (_, { value }) => ({ value }),
})

/** `a + b`; both may be given as params. */
export const add = defineNode({
  type: 'add',
  title: 'Add',
  params: z.object({ a: finite.default(0), b: finite.default(0) }),
  outputs: { sum: 'number' },
  run: (_, { a, b }) => ({ sum: a + b }),
})

/** `value * by`, cheap enough to follow a slider. */
export const scale = defineNode({
  type: 'scale',
  title: 'Scale',
  inputs: { value: 'number' },
  params: z.object({ by: z.number().min(-4).max(4).default(1) }),
  outputs: { value: 'number' },
  live: true,
  run: ({ value }, { by }) => ({ value: value * by }),
})

/** Quotient and rest of integers. */
export const divide = defineNode({
  type: 'divide',
  title: 'Divide',
  inputs: { dividend: 'integer' },
  params: z.object({ divisor: z.int().min(1).max(1000).default(2) }),
  outputs: { quotient: 'integer', rest: 'integer' },
  run: ({ dividend }, { divisor }) => ({
    quotient: Math.floor(dividend / divisor),
    rest: dividend % divisor,
  }),
})

/** A whole number. */
export const whole = defineNode({
  type: 'whole',
  title: 'Whole number',
  params: z.object({ value: z.int().default(0) }),
  outputs: { value: 'integer' },
  run: (_, { value }) => ({ value }),
})

/** The sum of any number of values, each with its weight. */
export const weighted = defineNode({
  type: 'weighted',
  title: 'Weighted sum',
  inputs: { start: { type: 'number', optional: true } },
  params: z.object({ offset: finite.default(0) }),
  repeat: {
    inputs: { value: 'number' },
    params: z.object({ weight: z.number().default(1) }),
    min: 1,
    max: 8,
  },
  outputs: { sum: 'number' },
  live: true,
  run: ({ start, items }, { offset }) => ({
    sum: items.reduce((sum, { value, weight }) => sum + value * weight, offset + (start ?? 0)),
  }),
})

/** The same value, of any type. */
export const same = defineNode({
  type: 'same',
  title: 'Same',
  inputs: { value: 'T' },
  outputs: { value: 'T' },
  run: ({ value }) => ({ value }),
})

/** Writes a number as text. */
export const print = defineNode({
  type: 'print',
  title: 'Print',
  inputs: { value: 'number' },
  params: z.object({ before: z.string().default('') }),
  outputs: { text: 'text' },
  run: ({ value }, { before }) => ({ text: `${before}${value}` }),
})

/** Throws, and says why. */
export const broken = defineNode({
  type: 'broken',
  title: 'Broken',
  inputs: { value: { type: 'number', optional: true } },
  outputs: { value: 'number' },
  run: () => {
    throw new Error('numbers are out')
  },
})

/** Another value at each run. */
export const counter = (): NodeDefinition => {
  let count = 0
  return defineNode({
    type: 'counter',
    title: 'Counter',
    outputs: { value: 'number' },
    purity: 'impure',
    run() {
      count += 1
      return { value: count }
    },
  })
}

/** Nodes without state. */
export const arithmetic: readonly NodeDefinition[] = [
  ...[constant, add, scale, divide, whole, weighted, same, print, broken],
]

/** A catalogue of the arithmetic nodes and others. */
export function catalogueOf(...others: NodeDefinition[]): Catalogue {
  return createCatalogue([...arithmetic, ...others])
}

type Node = { type: string; version?: number; params?: object; inputs?: Record<string, string> }

/** A workflow of these nodes. */
export function workflowOf(
  nodes: Record<string, Node>,
  rest: { outputs?: Record<string, string>; inputs?: object; layout?: object } = {},
): Workflow {
  return readWorkflow({ version: 1, nodes, ...rest })
}

/** The graph of a workflow that is right. */
export async function graphOf(
  workflow: Workflow,
  catalogue: Catalogue = catalogueOf(),
  options: CheckOptions = {},
): Promise<CheckedGraph> {
  const result = await check(workflow, catalogue, options)
  if (result.problems) throw new Error(result.problems.map(({ message }) => message).join('\n'))
  return result.graph
}

/** All problems of a workflow, none where it is right. */
export async function problemsOf(
  workflow: Workflow,
  catalogue: Catalogue = catalogueOf(),
  options: CheckOptions = {},
): Promise<readonly Problem[]> {
  return (await check(workflow, catalogue, options)).problems ?? []
}

/** What a run did, with its events. */
export interface Ran extends RunResult {
  readonly events: readonly RunEvent[]
  /** Ids of nodes that were executed, in order. */
  readonly executed: readonly string[]
}

/** A clock that shows one millisecond more each time. */
export function ticking(): () => number {
  let time = 0
  return () => time++
}

/** Starts a workflow; with `options.catalogue` on other nodes than the arithmetic ones. */
export async function start(
  workflow: Workflow,
  options: Partial<RunOptions> & PlanOptions & { catalogue?: Catalogue } = {},
): Promise<Run> {
  const { catalogue, outputs, ...rest } = options
  const wanted = outputs ? { outputs } : {}
  const lookup = rest.lookup ? { lookup: rest.lookup } : {}
  const graph = await graphOf(workflow, catalogue, { ...wanted, ...lookup })
  return startRun(plan(graph, wanted), { clock: ticking(), ...rest })
}

/** Runs a workflow to its end. */
export async function runAll(...given: Parameters<typeof start>): Promise<Ran> {
  return await collect(await start(...given))
}

/** Reads all events of a run. */
export async function collect(run: Run): Promise<Ran> {
  const events: RunEvent[] = []
  for await (const event of run.events) events.push(event)
  const executed = events.filter(({ type }) => type === 'started').map((event) => nodeOf(event))
  return { ...(await run.result), events, executed }
}

function nodeOf(event: RunEvent): string {
  return 'node' in event ? event.node : ''
}

/** Files of folders in memory: name -> fingerprint. */
export function filesOf(folders: Record<string, Record<string, string>>): Lookup {
  return {
    names: async (folder) => Object.keys(folders[folder] ?? {}),
    fingerprint: async (folder, name) => folders[folder]?.[name],
    header: async (folder, name) => ({ family: folders[folder]?.[name] }),
  }
}

/** Numbers from 0 to 1 that repeat with the seed: a linear congruential generator. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}
