import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import type { Host } from '../../engine/cli/host.ts'
import { openServices, type Services, servicesFor } from '../../engine/context.ts'
import {
  applySettings,
  type Cache,
  check,
  createCache,
  createCatalogue,
  type Plan,
  plan,
  type Run,
  type RunEvent,
  readWorkflow,
  startRun,
} from '../../engine/workflow/index.ts'
import { nodes } from '../../nodes/index.ts'
import { command, type Outcome, type Process, startProgram } from './cli.ts'
import { ownGolden } from './golden.ts'

/** The real nodes and the real engine on tiny models, with one device for a whole test file. */
export interface Studio {
  /** Folder of models: the tiny checkpoint and the LoRAs of the golden data. */
  readonly models: string
  /** Services that find these models; their pictures go to `desk`. */
  services(desk: string): Promise<Services>
  /** A command line in this process, started in the folder `desk`. */
  mazeru(desk: string, ...words: string[]): Promise<Told>
  /** A command line in a process of its own, started in the folder `desk`. */
  process(desk: string, ...words: string[]): Process
  /** A plan for a workflow that passes its check, and the run of it. */
  start(desk: string, workflow: object, options?: StartOptions): Promise<Started>
}

/** What a command line gave; with `--json` the events that it printed. */
export interface Told extends Outcome {
  events: Record<string, unknown>[]
}

export interface StartOptions {
  cache?: Cache | undefined
  /** As `--set`. */
  set?: Readonly<Record<string, unknown>>
}

/** A run on its way, whose events nobody has read yet. */
export interface Started {
  run: Run
  plan: Plan
  services: Services
}

const catalogue = createCatalogue(nodes)
const golden = join(ownGolden, 'models')
const main = join(import.meta.dirname, '..', '..', 'engine', 'main.ts')

/** Opens a studio for the tests of one file; it is closed after the last of them. */
export function openStudio(): Studio {
  const models = mkdtempSync(join(tmpdir(), 'mazeru-models-'))
  copyModels(models)
  const nowhere = join(models, 'nowhere')
  const shared = openServices({
    models: [models],
    input: nowhere,
    output: nowhere,
    cacheDir: nowhere,
  })
  const services: Studio['services'] = async (desk) =>
    onDevice(await shared, await openDesk(desk, models))
  const host: Host = {
    catalogue,
    servicesFor: servicesFor as Host['servicesFor'] & {},
    openServices: async (options) => onDevice(await shared, await openServices(options)),
  }
  afterAll(async () => {
    await (await shared).close()
    rmSync(models, { recursive: true })
  })
  return {
    models,
    services,
    async mazeru(desk, ...words) {
      return told(await command(desk, withModels(words, models), { host }))
    },
    process: (desk, ...words) => startProgram(main, desk, withModels(words, models)),
    async start(desk, workflow, { cache, set = {} } = {}) {
      const own = await services(desk)
      const settings = Object.entries(set).map(([target, value]) => ({ target, value }))
      const changed = applySettings(readWorkflow(workflow), settings, catalogue)
      const checked = await check(changed, catalogue, { lookup: own.files })
      if (checked.problems) throw new Error(checked.problems.map(({ message }) => message).join())
      const made = plan(checked.graph)
      const run = startRun(made, {
        services: servicesFor(own, made),
        lookup: own.files,
        clock: () => performance.now(),
        ...(cache && { cache }),
      })
      return { run, plan: made, services: own }
    },
  }
}

/** A cache in memory only. */
export async function memoryCache(studio: Studio): Promise<Cache> {
  const { codecs } = await studio.services('nowhere')
  return createCache({ bytes: 1e9, codecs })
}

/** All events of a run, to its end. */
export async function eventsOf({ run }: { run: Run }): Promise<RunEvent[]> {
  return Array.fromAsync(run.events)
}

/** The events of `mazeru run --json`. */
export function told(outcome: Outcome): Told {
  const lines = outcome.stdout.split('\n').filter((line) => line.startsWith('{'))
  const events = lines.flatMap((line) => {
    try {
      return [JSON.parse(line)]
    } catch {
      return []
    }
  })
  return { ...outcome, events }
}

/** The ids of nodes to which an event of this type happened, in order. */
export function nodesWith(type: string, events: readonly object[]): string[] {
  return (events as { type: string; node: string }[])
    .filter((event) => event.type === type)
    .map(({ node }) => node)
}

/** Every file below a folder, with `/`, sorted; none where it is absent. */
export function filesBelow(folder: string): string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort()
}

/** Services of one folder that compute on the device of others, which stays open. */
function onDevice(device: Services, own: Services): Services {
  return { ...own, runtime: () => device.runtime(), close: async () => undefined }
}

function openDesk(desk: string, models: string): Promise<Services> {
  return openServices({
    models: [join(desk, 'models'), models],
    input: join(desk, 'input'),
    output: join(desk, 'output'),
    cacheDir: join(desk, 'cache'),
  })
}

function withModels([name = '', ...words]: string[], models: string): string[] {
  const isPlain = name === 'nodes' || name === 'import-training'
  return isPlain ? [name, ...words] : [name, ...words, '--models', models]
}

function copyModels(models: string): void {
  for (const kind of ['checkpoints', 'loras']) mkdirSync(join(models, kind))
  const checkpoint = join(golden, 'tiny-sd15', 'tiny-sd15-fp16.safetensors')
  copyFileSync(checkpoint, join(models, 'checkpoints', 'tiny.safetensors'))
  const loras = join(golden, 'lora', 'files')
  for (const name of readdirSync(loras))
    copyFileSync(join(loras, name), join(models, 'loras', name))
}
