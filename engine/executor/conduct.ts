import { isUserError, messageOf, WorkflowError } from '../errors.ts'
import {
  type Cache,
  check,
  type Plan,
  type Problem,
  plan,
  type Run,
  type RunResult,
  readWorkflow,
  startRun,
} from '../workflow/index.ts'
import { createFrames } from './frames.ts'
import type { Host, HostServices } from './host.ts'
import { type LiveOutputs, liveOutputs } from './live-outputs.ts'
import { createTracker } from './run-tracker.ts'
import type { ExecutorEvent, PreviewFrame, RunEnd, RunRequest } from './types.ts'
import type { ValueKeeper } from './value-pictures.ts'
import type { WirePictures } from './wire-pictures.ts'

/** What stays open between runs. */
export interface Bench {
  readonly host: Host
  readonly services: HostServices
  readonly cache: Cache
  readonly pictures: WirePictures
  readonly keeper: ValueKeeper | undefined
  /** Absolute output folder. */
  readonly output: string
  /** Makes what the workflow names and what is not there yet, such as the demo's models. */
  readonly prepare: (workflow: string) => Promise<void>
  readonly clock: () => number
}

/** Whom a run tells. */
export interface Audience {
  event(event: ExecutorEvent): void
  /** Settles when the frame has left. */
  preview(frame: PreviewFrame): Promise<void>
  /** Given once, when params can be set; undefined where the run came to nothing. */
  started(run: Run | undefined): void
}

/** Runs a workflow to its end. Never rejects: what goes wrong is the run's. */
export async function conduct(
  request: RunRequest,
  bench: Bench,
  signal: AbortSignal,
  audience: Audience,
): Promise<RunEnd> {
  const { clock } = bench
  const begun = clock()
  const secondsSince = () => (clock() - begun) / 1000
  const ended = (status: RunEnd['status'], error?: string): RunEnd => ({
    ...{ status, seconds: secondsSince(), nodes: {}, results: {}, changes: {} },
    ...(error === undefined ? {} : { error }),
  })
  try {
    const { made, live } = await planOf(request, bench)
    if (signal.aborted) return ended('cancelled')
    return {
      ...(await follow(request, made, live, bench, signal, audience)),
      seconds: secondsSince(),
    }
  } catch (thrown) {
    if (signal.aborted) return ended('cancelled')
    const bug = isUserError(thrown) ? '' : 'a bug in mazeru: '
    return ended('failed', bug + messageOf(thrown))
  } finally {
    audience.started(undefined)
  }
}

async function planOf(
  { workflow: json, outputs: wanted, live: isLive }: RunRequest,
  { host, services, prepare }: Bench,
): Promise<{ made: Plan; live: LiveOutputs | undefined }> {
  const workflow = readWorkflow(json)
  await prepare(JSON.stringify(json))
  const options = wanted ? { outputs: wanted } : {}
  const checked = await check(workflow, host.catalogue, { lookup: services.files, ...options })
  if (checked.problems) throw new WorkflowError(sentenceOf(checked.problems))
  const made = plan(checked.graph, options)
  if (!isLive) return { made, live: undefined }
  const live = liveOutputs(made)
  return { made: plan(checked.graph, { outputs: live.outputs }), live }
}

function sentenceOf(problems: readonly Problem[]): string {
  const [first, ...others] = problems
  const more = others.length === 1 ? '1 more problem' : `${others.length} more problems`
  return `${first!.message}${others.length > 0 ? `; and ${more}` : ''}`
}

async function follow(
  { run: id, fresh, live: isLive }: RunRequest,
  made: Plan,
  live: LiveOutputs | undefined,
  bench: Bench,
  signal: AbortSignal,
  audience: Audience,
): Promise<RunEnd> {
  const { host, services, cache, pictures, keeper, output, clock } = bench
  const tracker = createTracker({
    ...{ run: id, plan: made, live, pictures, keeper, output, clock },
    frames: createFrames({ run: id, send: audience.preview, clock }),
    tell: audience.event,
  })
  const run = startRun(made, {
    services: host.servicesFor?.(services, made) ?? services,
    lookup: services.files,
    observe: tracker.observe,
    ...{ signal, clock },
    ...(fresh ? {} : { cache }),
  })
  audience.started(run)
  for await (const event of run.events) tracker.see(event)
  const result = await run.result
  const { nodes, results } = await tracker.finish(result)
  if (!isLive) await keeper?.trim(id)
  const error = firstError(result)
  return {
    ...{ status: result.status, seconds: 0, nodes, results, changes: result.changes },
    ...(error === undefined ? {} : { error }),
  }
}

function firstError({ nodes }: RunResult): string | undefined {
  for (const { error } of nodes.values()) if (error) return error.message
  return undefined
}
