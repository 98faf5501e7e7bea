import { randomBytes } from 'node:crypto'
import { join, resolve } from 'node:path'
import manifest from '../../package.json' with { type: 'json' }
import { WorkflowError } from '../errors.ts'
import { type LogLevel, openLog } from '../server/log.ts'
import { serve } from '../server/serve.ts'
import { buildEditor } from './build-editor.ts'
import { ensureDemo } from './demo-files.ts'
import { exitCode } from './exit-code.ts'
import { demoModels, type FolderOptions, foldersOf } from './folders.ts'
import type { Host, ProviderChoice } from './host.ts'
import { openBrowser } from './open-browser.ts'
import { createReport, type ReportOptions } from './report.ts'
import { type Shell, say } from './shell.ts'

/** Options of `mazeru serve`. */
export interface ServeCommandOptions extends FolderOptions, ReportOptions {
  port?: string | undefined
  host?: string | undefined
  token?: string | undefined
  workflows?: string | undefined
  data?: string | undefined
  provider?: ProviderChoice | undefined
  executors?: string | undefined
  allowPrivateWebhooks?: boolean | undefined
  /** False: no browser. */
  open?: boolean | undefined
  /** False: what was built before is served, or nothing. */
  build?: boolean | undefined
  logLevel?: LogLevel | undefined
}

/** Where the server listens unless told otherwise. */
export const usualPort = 4180

const root = resolve(import.meta.dirname, '..', '..')

/**
 * Serves the editor and runs what it is given, until interrupted; gives the exit code.
 * Throws a WorkflowError for options that do not fit, a DeviceError where the port is taken.
 */
export async function serveCommand(
  options: ServeCommandOptions,
  host: Host,
  shell: Shell,
): Promise<number> {
  const { place, stderr, stdout } = shell
  const report = createReport(shell, options)
  const stopped = Promise.withResolvers<void>()
  const ignore = shell.onInterrupt(stopped.resolve)
  try {
    const port = numberOf('--port', options.port ?? String(usualPort), 0, 65535)
    const executors = numberOf('--executors', options.executors ?? '1', 1, 16)
    const folders = foldersOf(place, options)
    const given = options.token ?? (place.environment.MAZERU_TOKEN || undefined)
    const token = given === 'auto' ? randomBytes(24).toString('base64url') : given
    for (const name of await ensureDemo(demoModels)) say(stderr, `unpacked ${name}`)
    const editor = await buildEditor(root, options.build !== false, report.notice)
    const log = openLog(options.logLevel ?? 'silent', (line) => void stderr.write(line))
    const server = await serve({
      ...{ catalogue: host.catalogue, version: manifest.version, log, port, token, executors },
      host: options.host,
      provider: options.provider,
      allowPrivateWebhooks: options.allowPrivateWebhooks,
      onNotice: report.notice,
      folders: {
        ...folders,
        editor,
        workflows: resolve(place.folder, options.workflows ?? 'my-workflows'),
        templates: join(root, 'workflows'),
        data: resolve(place.folder, options.data ?? join(folders.output, '.mazeru')),
      },
    })
    const entry = token === undefined ? '' : `/?token=${encodeURIComponent(token)}`
    say(stdout, `mazeru is at ${server.address}${entry}`)
    if (options.open !== false) openBrowser(`${server.address}${entry}`, place)
    await stopped.promise
    say(stderr, 'stopping; the step under way may end')
    await server.close()
    return exitCode.done
  } finally {
    ignore()
  }
}

function numberOf(option: string, text: string, least: number, most: number): number {
  const number = Number(text)
  if (/^\d+$/.test(text) && number >= least && number <= most) return number
  throw new WorkflowError(`${option} ${text}: ${least} to ${most} expected`)
}
