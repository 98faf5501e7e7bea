import type { RunInfo } from '../../engine/protocol/runs.ts'
import type { Problem } from '../../engine/protocol/workflow.ts'
import { api } from '../link/api.ts'
import { newestRunOf } from '../link/apply-events.ts'
import { link } from '../link/client.ts'
import { advanceSeeds, type SeedPlace } from '../widgets/seed.ts'
import { unusedSubgraphs } from './commands/index.ts'
import { ancestors } from './fits.ts'
import { settings } from './settings.ts'
import { type NodeInfos, paramsOf, placeOf } from './shapes.ts'
import { activeDocument, catalogue, connection, problems, runs, tabs } from './stores.ts'
import { graphInside, infoOf, inside } from './subgraphs.ts'
import type { DocumentChange, EditorDocument, PatchOp, Workflow } from './types.ts'

/** Running the document in front, trying it live, and checking it. */

export interface RunRequest {
  /** Named outputs, node ids or "node.output"; all unless given. */
  readonly outputs?: readonly string[]
  /** Before all that wait. */
  readonly front?: boolean
  /** A try at low steps that nobody keeps. */
  readonly live?: boolean
}

/**
 * Puts the document in front into the queue; the canvas shows that run from then on. Seeds that are
 * to change do so before, so that the seed shown is the one used; a live try changes none.
 */
export async function runActive({ outputs, front, live }: RunRequest = {}): Promise<RunInfo> {
  const document = activeDocument()
  if (!live) {
    document.transact('seed', seedOps(document.workflow, catalogue.getState().nodes))
  }
  const { workflow } = document
  const fewer = live ? liveSteps(workflow, catalogue.getState().nodes) : {}
  const run = await api.submit(
    {
      workflow: workflow as unknown as Record<string, unknown>,
      ...(document.name !== undefined && { document: document.name }),
      ...(outputs && { outputs: [...outputs] }),
      ...(front && { place: 'front' as const }),
      ...(live && { live, settings: fewer }),
    },
    crypto.randomUUID(),
  )
  runs.setState((state) => ({
    shown: new Map(state.shown).set(document.id, run.id),
    runs: state.runs.has(run.id) ? state.runs : new Map(state.runs).set(run.id, run),
  }))
  return run
}

/** Ends a run that waits or runs. */
export async function cancelRun(id: string): Promise<void> {
  await api.post(`/api/runs/${encodeURIComponent(id)}/cancel`)
}

/**
 * Changes a param of the run that the canvas shows, from its next step on. Undefined where no run
 * of the document in front is running; else whether it holds now or only in the next run.
 */
export async function setLive(
  node: string,
  param: string,
  value: unknown,
): Promise<'now' | 'next-run' | undefined> {
  const run = shownRun(activeDocument())
  if (run?.state !== 'running') return undefined
  const reply = await link.request({ type: 'set', run: run.id, node, param, value })
  if (reply.type !== 'set-done') return undefined
  if (reply.error !== undefined) throw new Error(reply.error)
  return reply.applied
}

/** The run whose states the canvas shows for a document. */
export function shownRun(document: EditorDocument): RunInfo | undefined {
  const { shown, runs: list } = runs.getState()
  const id = shown.get(document.id)
  return id === undefined ? undefined : list.get(id)
}

/** `{"sampler.steps": 6}` for every node that would take more steps than a live try may. */
export function liveSteps(workflow: Workflow, infos: NodeInfos): Record<string, number> {
  const { liveSteps: most } = settings.getState()
  const result: Record<string, number> = {}
  for (const [id, entry] of Object.entries(workflow.nodes)) {
    const info = infoOf(workflow, entry, infos)
    const param = info && paramsOf(entry, info).find(({ name }) => name === 'steps')
    if (!param || Object.hasOwn(entry.inputs ?? {}, 'steps')) continue
    const steps = entry.params?.steps ?? param.info.schema.default
    if (typeof steps === 'number' && steps > most) result[`${id}.steps`] = most
  }
  return result
}

/** The seeds of a workflow, for what changes them before a run. */
export function seedPlaces(workflow: Workflow, infos: NodeInfos): SeedPlace[] {
  return Object.entries(workflow.nodes).flatMap(([node, entry]) => {
    const info = infoOf(workflow, entry, infos)
    const seeds = info ? paramsOf(entry, info).filter(({ base }) => base === 'seed') : []
    return seeds.map(({ name, info: { schema } }) => ({
      ...{ node, param: name },
      max: Number(schema.maximum ?? Number.MAX_SAFE_INTEGER),
      fallback: Number(schema.default ?? 0),
    }))
  })
}

/** New seeds before a run, in the workflow and in the definitions that it uses. */
export function seedOps(workflow: Workflow, infos: NodeInfos, random = Math.random): PatchOp[] {
  const unused = new Set(unusedSubgraphs(workflow))
  const names = Object.keys(workflow.subgraphs ?? {}).filter((name) => !unused.has(name))
  const inner = names.flatMap((name) => {
    const graph = graphInside(workflow, name)!
    return inside(name, advanceSeeds(graph, seedPlaces(graph, infos), random))
  })
  return [...advanceSeeds(workflow, seedPlaces(workflow, infos), random), ...inner]
}

/** Nodes whose values an output or a node at the end of the graph needs. */
export function wantedNodes(workflow: Workflow, infos: NodeInfos): ReadonlySet<string> {
  const named = Object.values(workflow.outputs ?? {}).map((from) => placeOf(from).node)
  const sinks = Object.entries(workflow.nodes).filter(([, entry]) => {
    const info = infoOf(workflow, entry, infos)
    return info?.sink || info?.purity === 'impure'
  })
  const ends = named.length > 0 ? named : sinks.map(([id]) => id)
  return new Set(ends.flatMap((id) => [...ancestors(workflow, id)]))
}

/** Wait between edits and the check, in ms. */
const checkWait = 150
/** Wait between a change and a live try, in ms. */
const liveWait = 60

let checkTimer: ReturnType<typeof setTimeout> | undefined
let asked = 0

/** Has the document in front checked once edits rest; the answer is in the problems store. */
export function checkActive(): void {
  clearTimeout(checkTimer)
  checkTimer = setTimeout(() => void checkNow(), checkWait)
}

async function checkNow(): Promise<void> {
  asked += 1
  const own = asked
  const { open, active } = tabs.getState()
  const document = open.find(({ id }) => id === active)
  if (!document) return
  problems.setState({ checking: true })
  try {
    const reply = await link.request({ type: 'check', workflow: document.workflow })
    if (own !== asked || reply.type !== 'checked') return
    problems.setState({ problems: reply.problems as readonly Problem[], checking: false })
  } catch {
    if (own === asked) problems.setState({ checking: false })
  }
}

/**
 * Follows the document in front: checks it after every change and, while `live` is set, tries it.
 * Gives the function that ends it.
 */
export function startWatching(): () => void {
  let followed: EditorDocument | undefined
  let end: (() => void) | undefined
  let liveTimer: ReturnType<typeof setTimeout> | undefined

  function onChange(change: DocumentChange): void {
    checkActive()
    if (change.origin === 'remote' || change.origin === 'load') return
    if (settings.getState().live && followed && changesResult(followed.workflow, change)) {
      clearTimeout(liveTimer)
      liveTimer = setTimeout(() => void tryLive(change), liveWait)
    }
  }

  function refollow(): void {
    const { open, active } = tabs.getState()
    const document = open.find(({ id }) => id === active)
    if (document === followed) return
    end?.()
    followed = document
    end = document?.follow(onChange)
    checkActive()
  }

  const ends = [
    tabs.subscribe(refollow),
    runs.subscribe((now, before) => {
      if (now.runs !== before.runs) showNewest()
    }),
    connection.subscribe((now, before) => {
      if (now.state === 'open' && before.state !== 'open') checkActive()
    }),
  ]
  refollow()
  return () => {
    clearTimeout(liveTimer)
    end?.()
    for (const stop of ends) stop()
  }
}

/** Documents whose run is not known, as after a reload, show the newest of their name. */
function showNewest(): void {
  const { runs: list, shown } = runs.getState()
  const found = tabs.getState().open.flatMap(({ id, name }) => {
    const newest = shown.has(id) || name === undefined ? undefined : newestRunOf(list, name)
    return newest === undefined ? [] : [[id, newest] as const]
  })
  if (found.length > 0) runs.setState({ shown: new Map([...shown, ...found]) })
}

/** A run that is kept takes the change itself; else a try begins, which ends the former one. */
async function tryLive(change: DocumentChange): Promise<void> {
  const run = shownRun(activeDocument())
  try {
    if (run?.state === 'running' && !run.live) {
      for (const { path, value } of change.ops) {
        const [section, node, part, param] = path
        if (section === 'nodes' && part === 'params' && param && value !== undefined) {
          await setLive(node!, param, value)
        }
      }
    } else if (!busy()) await runActive({ live: true })
  } catch {
    // What is wrong with the graph stands in the problems panel.
  }
}

/** True while a run of anybody that is no try is running. */
function busy(): boolean {
  const { runs: list, queue } = runs.getState()
  return queue.running.some((id) => list.get(id)?.live === false)
}

function changesResult(workflow: Workflow, { ops }: DocumentChange): boolean {
  const wanted = wantedNodes(workflow, catalogue.getState().nodes)
  return ops.some(({ path: [section, id = '', part] }) => {
    if (section === 'subgraphs') return part === 'nodes'
    return section === 'nodes' && wanted.has(id)
  })
}

/** Where a problem is: the node to jump to, and the named input or output that it is about. */
export function graphProblemsPlace({ node, socket, param, input, output }: Problem): {
  readonly node: string | undefined
  /** The socket or param of the node. */
  readonly part: string | undefined
  readonly named: string | undefined
} {
  return { node, part: socket ?? param, named: input ?? output }
}
