import { z } from 'zod'
import {
  check,
  createCatalogue,
  definePlainNode,
  plan,
  startRun,
  type Workflow,
} from '../workflow/index.ts'
import { alternate, median } from './alternate.ts'
import type { Measurement } from './bench.ts'

const catalogue = createCatalogue([
  definePlainNode({
    type: 'number',
    title: 'Number',
    params: z.object({ value: z.number().default(0) }),
    outputs: { value: 'number' },
    run: (_, { value }) => ({ value }),
  }),
  definePlainNode({
    type: 'add',
    title: 'Add',
    inputs: { a: 'number', b: 'number' },
    outputs: { value: 'number' },
    run: ({ a, b }) => ({ value: a + b }),
  }),
])

/** What the graph engine itself costs: nodes that do next to nothing. */
export const graphEngine: Measurement = {
  gives: ['engine_ms_per_node', 'check_2000_nodes_ms'],
  opensCheckpoint: false,
  async measure({ io, rounds }) {
    const thousand = sumOfNumbers(1000)
    const twoThousand = sumOfNumbers(2000)
    const times = await alternate(
      {
        run: () => runThrough(thousand, io.clock),
        check: () => check(twoThousand, catalogue),
      },
      rounds,
      io.clock,
    )
    return {
      engine_ms_per_node: median(times.run.map((time) => time / 1000)),
      check_2000_nodes_ms: median(times.check),
    }
  },
}

/** A chain of sums: every second node is a number of its own. */
function sumOfNumbers(count: number): Workflow {
  const nodes: Record<string, Workflow['nodes'][string]> = {
    n0: { type: 'number', params: { value: 0 } },
  }
  for (let index = 1; index < count; index++) {
    nodes[`n${index}`] =
      index % 2 === 1
        ? { type: 'number', params: { value: index } }
        : { type: 'add', inputs: { a: `n${index - 1}.value`, b: `n${index - 2}.value` } }
  }
  const last = count - (count % 2 === 0 ? 2 : 1)
  return { version: 1, outputs: { sum: `n${last}.value` }, nodes }
}

async function runThrough(workflow: Workflow, clock: () => number): Promise<void> {
  const { graph, problems } = await check(workflow, catalogue)
  if (!graph) throw new Error(problems[0]!.message)
  const run = startRun(plan(graph), { clock })
  for await (const event of run.events) if (event.type === 'done') break
  const { status } = await run.result
  if (status !== 'done') throw new Error(`the graph of numbers ended as ${status}`)
}
