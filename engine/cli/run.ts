import { CancelledError, messageOf, WorkflowError } from '../errors.ts'
import type { Store } from '../store.ts'
import { type Cache, startRun } from '../workflow/index.ts'
import { ensureDemoFor } from './demo-files.ts'
import { exitCode, exitCodeOf } from './exit-code.ts'
import { demoModels, type FolderOptions, foldersOf } from './folders.ts'
import {
  type Host,
  type HostServices,
  openCache,
  openCacheStore,
  type ProviderChoice,
  recordName,
  withServices,
} from './host.ts'
import { type EditOptions, prepare } from './prepare.ts'
import { createReport, type Report, type ReportOptions } from './report.ts'
import type { Shell } from './shell.ts'
import { readSource, type WorkflowSource } from './source.ts'
import { type FileWatch, watchFile } from './watch.ts'

/** Options of `mazeru run`. */
export interface RunCommandOptions extends FolderOptions, EditOptions, ReportOptions {
  provider?: ProviderChoice | undefined
  /** Runs again whenever the file is saved, with what is in memory kept. */
  watch?: boolean | undefined
  /** False: neither reads nor writes results on disk. */
  cache?: boolean | undefined
}

/** All that one attempt at a workflow needs. */
interface Bench {
  host: Host
  shell: Shell
  services: HostServices
  cache: Cache
  /** Absent where nothing is to be kept. */
  store: Store | undefined
  options: RunCommandOptions
  report: Report
}

/** Runs a workflow file, `-` or a picture; gives the exit code. Throws what is not of the graph. */
export async function runCommand(
  file: string,
  options: RunCommandOptions,
  host: Host,
  shell: Shell,
): Promise<number> {
  if (options.watch && file === '-')
    throw new WorkflowError('--watch: stdin given, a file expected')
  const controller = new AbortController()
  const ignore = shell.onInterrupt(() => controller.abort(new CancelledError()))
  const { signal } = controller
  try {
    const source = await unlessAborted(readSource(file, shell), signal)
    const folders = foldersOf(shell.place, { ...options, workflow: source.path })
    await ensureDemoFor(source.text, demoModels)
    const report = createReport(shell, options)
    const device = { provider: options.provider, onNotice: report.notice }
    return await withServices(host, folders, device, (services) => {
      const keep = options.cache !== false
      const store = keep ? openCacheStore(folders, report.notice) : undefined
      const cache = openCache(services, store)
      const bench = { host, shell, services, cache, store, options, report }
      return options.watch ? keepRunning(source, bench, signal) : runOnce(source, bench, signal)
    })
  } finally {
    ignore()
  }
}

/** Stdin may never end; nothing is lost by not waiting for it. */
function unlessAborted<Value>(promise: Promise<Value>, signal: AbortSignal): Promise<Value> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
    promise.then(resolve, reject)
  })
}

async function runOnce(source: WorkflowSource, bench: Bench, signal: AbortSignal): Promise<number> {
  const { host, shell, services, cache, store, options, report } = bench
  const prepared = await prepare(source, options, host.catalogue, services.files)
  if (prepared.problems) {
    report.refused(prepared.problems)
    return exitCode.refused
  }
  signal.throwIfAborted()
  const { clock } = shell
  const lookup = services.files
  const own = host.servicesFor?.(services, prepared.plan) ?? services
  const run = startRun(prepared.plan, { cache, services: own, lookup, signal, clock })
  for await (const event of run.events) report.see(event)
  const { status, record } = await run.result
  await store?.writeRecord(recordName(source.path), record)
  return exitCode[status]
}

async function keepRunning(
  first: WorkflowSource,
  bench: Bench,
  signal: AbortSignal,
): Promise<number> {
  const watch = watchFile(first.path as string)
  signal.addEventListener('abort', watch.close)
  // Opening a device takes a while, in which the file may have been saved.
  let source: WorkflowSource | undefined = await readSource(first.name, bench.shell)
  let code: number = exitCode.done
  while (source && !signal.aborted) {
    const outdated = new AbortController()
    const next = changedSource(watch, source, bench)
    next.then(() => outdated.abort(new CancelledError()))
    code = await attempt(source, bench, AbortSignal.any([signal, outdated.signal]))
    if (!signal.aborted) bench.report.notice(`waiting for changes of ${source.name}`)
    source = await next
  }
  watch.close()
  return code
}

/** One run of many: what goes wrong is said, and the next save may mend it. */
async function attempt(source: WorkflowSource, bench: Bench, signal: AbortSignal): Promise<number> {
  try {
    return await runOnce(source, bench, signal)
  } catch (thrown) {
    bench.report.thrown(thrown)
    return exitCodeOf(thrown)
  }
}

/** The source once its text is another; undefined when watching has ended. */
async function changedSource(
  watch: FileWatch,
  { path, name, text }: WorkflowSource,
  { shell, report }: Bench,
): Promise<WorkflowSource | undefined> {
  while (await watch.next()) {
    try {
      const source = await readSource(path as string, shell)
      if (source.text !== text) return { ...source, name }
    } catch (thrown) {
      report.notice(messageOf(thrown))
    }
  }
  return undefined
}
