import { join } from 'node:path'
import { openServices, servicesFor } from '../../engine/context.ts'
import {
  type Cache,
  check,
  createCache,
  createCatalogue,
  plan,
  type RunEvent,
  readWorkflow,
  startRun,
} from '../../engine/workflow/index.ts'
import { nodes } from '../../nodes/index.ts'

/** What a workflow without networks did. */
export interface NodeRun {
  /** Problems of the check; empty where it ran. */
  readonly problems: readonly string[]
  readonly events: readonly RunEvent[]
  /** Values of the named outputs. */
  readonly outputs: Readonly<Record<string, unknown>>
}

/** A runner of workflows in the folder `desk` that keeps values in memory between runs. */
export function nodeRunner(desk: string, ...more: readonly (typeof nodes)[number][]) {
  const catalogue = createCatalogue([...new Set([...nodes, ...more])])
  const cache: Cache = createCache({ bytes: 1e8, codecs: {} })
  return async (workflow: object): Promise<NodeRun> => {
    const services = await openServices({
      models: [join(desk, 'models')],
      input: join(desk, 'input'),
      output: join(desk, 'output'),
      cacheDir: join(desk, 'cache'),
    })
    const lookup = services.files
    const checked = await check(readWorkflow({ version: 1, ...workflow }), catalogue, { lookup })
    if (checked.problems) {
      return { problems: checked.problems.map((p) => p.message), events: [], outputs: {} }
    }
    const made = plan(checked.graph)
    const run = startRun(made, {
      services: servicesFor(services, made),
      lookup,
      cache,
      clock: () => performance.now(),
    })
    const events = await Array.fromAsync(run.events)
    await services.close()
    return { problems: [], events, outputs: (await run.result).outputs }
  }
}
