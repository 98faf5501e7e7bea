import type { NodeStatus, ValueSummary } from '../protocol/index.ts'
import type { Plan, RunEvent, RunInputs, RunResult } from '../workflow/index.ts'
import type { Frames } from './frames.ts'
import type { LiveOutputs } from './live-outputs.ts'
import { type SummaryOptions, summarise } from './summarise.ts'
import type { ExecutorEvent } from './types.ts'
import type { ValueKeeper } from './value-pictures.ts'
import type { WirePictures } from './wire-pictures.ts'

/** What a tracker needs beside the run itself. */
export interface TrackerOptions extends SummaryOptions {
  readonly run: string
  readonly plan: Plan
  /** Of a try: what its outputs stand for. Nothing of it is kept. */
  readonly live: LiveOutputs | undefined
  readonly frames: Frames
  readonly pictures: WirePictures
  readonly keeper: ValueKeeper | undefined
  readonly tell: (event: ExecutorEvent) => void
  readonly clock: () => number
}

/** Turns what the engine reports into what the server is told, and knows every node's state. */
export interface RunTracker {
  /** To be called as the run's `observe`. */
  observe(node: string, outputs: RunInputs): void
  see(event: RunEvent): void
  /** Waits until all pictures are written, then says what came of the nodes and outputs. */
  finish(result: RunResult): Promise<{
    readonly nodes: Readonly<Record<string, NodeStatus>>
    readonly results: Readonly<Record<string, ValueSummary>>
  }>
}

type Handlers = {
  readonly [Type in RunEvent['type']]: (event: Extract<RunEvent, { type: Type }>) => void
}

const maxWarnings = 50
/** Milliseconds between two reports of a node's progress. */
const progressPause = 30

/** Begins to follow a run. */
export function createTracker(options: TrackerOptions): RunTracker {
  const { run, plan, live, frames, tell, clock } = options
  const nodes = new Map<string, NodeStatus>()
  const results: Record<string, ValueSummary> = {}
  const observed = new Map<string, RunInputs>()
  /** Values of settled nodes as they are told, once their pictures are written. */
  const values = new Map<string, Promise<Readonly<Record<string, ValueSummary>>>>()
  const work: Promise<void>[] = []
  const progressed = new Map<string, number>()

  const put = (node: string, change: Partial<NodeStatus>): NodeStatus => {
    const status = { state: 'waiting' as const, ...nodes.get(node), ...change }
    nodes.set(node, status)
    return status
  }
  const report = (node: string, change: Partial<NodeStatus>) => {
    tell({ type: 'node', run, node, status: put(node, change) })
  }
  const settle = (node: string, change: Partial<NodeStatus>) => {
    const outputs = observed.get(node) ?? {}
    observed.delete(node)
    const { secondsLeft: _, ...before } = nodes.get(node) ?? {}
    nodes.set(node, { state: 'waiting', ...before })
    const plain = summaries(options, node, outputs)
    report(node, { ...change, ...(Object.keys(plain).length > 0 && { values: plain }) })
    tellSaved(node, plain)
    const kept = keepPictures(options, node, outputs, plain)
    values.set(node, kept)
    work.push(
      kept.then((full) => {
        if (full !== plain && nodes.get(node)?.values === plain) report(node, { values: full })
      }),
    )
  }
  const tellSaved = (node: string, told: Readonly<Record<string, ValueSummary>>) => {
    if (!plan.nodes.get(node)?.shape.definition.sink) return
    const files = Object.values(told).flatMap((value) => value.files ?? [])
    if (files.length > 0) tell({ type: 'saved', run, node, files: [...new Set(files)] })
  }
  const giveOutput = async (name: string, node: string, output: string) => {
    const value = (await values.get(node))?.[output]
    if (!value) return
    for (const { name: own, node: shown } of standIns(live, name, node)) {
      results[own] = value
      tell({ type: 'output', run, name: own, node: shown, value })
    }
  }
  const handlers: Handlers = {
    queued({ nodes: queued }) {
      const pending = new Set(queued)
      for (const id of plan.nodes.keys()) {
        if (pending.has(id)) report(id, { state: 'waiting' })
        else settle(id, { state: 'cached' })
      }
    },
    started: ({ node }) => report(node, { state: 'running' }),
    cached({ node }) {
      // What was cached from the beginning has been told with `queued`.
      if (observed.has(node)) settle(node, { state: 'cached' })
    },
    finished: ({ node, seconds }) => settle(node, { state: 'done', seconds }),
    progress({ node, step, steps, secondsLeft, note }) {
      const told = {
        ...{ step, steps },
        ...(secondsLeft === undefined ? {} : { secondsLeft }),
        ...(note === undefined ? {} : { note }),
      }
      put(node, told)
      const now = clock()
      if (step < steps && now - (progressed.get(node) ?? -Infinity) < progressPause) return
      progressed.set(node, now)
      tell({ type: 'progress', run, node, ...told })
    },
    preview: ({ node, value }) => frames.offer(node, value),
    metric({ node, name, values: measured }) {
      put(node, { metrics: { ...nodes.get(node)?.metrics, [name]: measured } })
      tell({ type: 'metric', run, node, name, values: measured })
    },
    warning({ node, message }) {
      const warnings = nodes.get(node)?.warnings ?? []
      if (warnings.length < maxWarnings) report(node, { warnings: [...warnings, message] })
    },
    failed: ({ node, error }) => report(node, { state: 'failed', error: error.message }),
    skipped: ({ node, because }) => report(node, { state: 'skipped', because }),
    output({ name, node, value }) {
      const wanted = plan.wanted.find((one) => one.name === name)
      if (wanted?.output !== undefined) work.push(giveOutput(name, node, wanted.output))
      if (!live) return
      const shown = standIns(live, name, node).map((one) => one.node)
      work.push(frames.show([...new Set([node, ...shown])], value))
    },
    done: () => undefined,
  }
  return {
    observe: (node, outputs) => void observed.set(node, outputs),
    see: (event) => (handlers[event.type] as (event: RunEvent) => void)(event),
    async finish({ nodes: reports }) {
      for (const [id, { state }] of reports) {
        if (state === 'cancelled' && nodes.get(id)?.state !== 'cancelled') {
          report(id, { state: 'cancelled' })
        }
      }
      await frames.flush()
      await Promise.all(work)
      return { nodes: Object.fromEntries(nodes), results }
    },
  }
}

/** The outputs and nodes that a value is told for: its own, or of a try those it stands for. */
function standIns(live: LiveOutputs | undefined, name: string, node: string) {
  return live?.standsFor.get(name) ?? [{ name, node }]
}

function summaries({ plan, output }: TrackerOptions, node: string, outputs: RunInputs) {
  const told: Record<string, ValueSummary> = {}
  for (const [name, type] of plan.nodes.get(node)?.outputs ?? []) {
    if (Object.hasOwn(outputs, name)) told[name] = summarise(type, outputs[name], { output })
  }
  return told
}

/** Writes the pictures of a node's outputs; the summaries themselves where there are none. */
async function keepPictures(
  { run, plan, live, keeper, pictures }: TrackerOptions,
  node: string,
  outputs: RunInputs,
  told: Readonly<Record<string, ValueSummary>>,
): Promise<Readonly<Record<string, ValueSummary>>> {
  if (!keeper || live) return told
  const full: Record<string, ValueSummary> = {}
  for (const [name, summary] of Object.entries(told)) {
    const type = plan.nodes.get(node)!.outputs.get(name)!
    const made = await pictures.of(type, outputs[name])
    if (made.length === 0) continue
    const count = await keeper.keep(run, node, name, made)
    if (count > 0) full[name] = { ...summary, pictures: count }
  }
  return Object.keys(full).length > 0 ? { ...told, ...full } : told
}
