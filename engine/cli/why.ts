import { type Explanation, explain, type RunRecord } from '../workflow/index.ts'
import { ensureDemoFor } from './demo-files.ts'
import { exitCode } from './exit-code.ts'
import { demoModels, type FolderOptions, foldersOf } from './folders.ts'
import { type Host, openCache, openCacheStore, recordName, withServices } from './host.ts'
import { type EditOptions, prepare } from './prepare.ts'
import { createReport, type ReportOptions } from './report.ts'
import { type Shell, say, sayJson } from './shell.ts'
import { readSource } from './source.ts'
import { summaryLine } from './summary.ts'

/** Options of `mazeru why`. */
export interface WhyCommandOptions extends FolderOptions, EditOptions, ReportOptions {}

/** Says for each node whether it would run and what changed since the last run. Nothing is run. */
export async function whyCommand(
  file: string,
  options: WhyCommandOptions,
  host: Host,
  shell: Shell,
): Promise<number> {
  const source = await readSource(file, shell)
  const folders = foldersOf(shell.place, { ...options, workflow: source.path })
  await ensureDemoFor(source.text, demoModels)
  return await withServices(host, folders, {}, async (services) => {
    const prepared = await prepare(source, options, host.catalogue, services.files)
    const report = createReport(shell, options)
    if (prepared.problems) {
      report.refused(prepared.problems)
      return exitCode.refused
    }
    const store = openCacheStore(folders, report.notice)
    const cache = openCache(services, store)
    const record = await store.readRecord(recordName(source.path))
    const previous = isRecord(record) ? { previous: record } : {}
    const reasons = await explain(prepared.plan, { cache, services, ...previous })
    if (options.json) for (const reason of reasons) sayJson(shell.stdout, reason)
    else for (const line of reasons.flatMap(reasonLines)) say(shell.stdout, line)
    return exitCode.done
  })
}

/** The node with its state, and a line for each part of its key that changed. */
export function reasonLines({ node, state, reason, changed }: Explanation): string[] {
  const parts = changed.map((change) => {
    if ('because' in change) return `${change.part}: ${change.because} changed`
    return `${change.part}: ${summaryLine(change.before)} -> ${summaryLine(change.after)}`
  })
  return [`${node}: ${state}, ${reason}`, ...parts.map((part) => `  ${part}`)]
}

/** The store has checked that the bytes are those written; only an older mazeru wrote others. */
function isRecord(value: unknown): value is RunRecord {
  return typeof value === 'object' && value !== null && 'nodes' in value
}
