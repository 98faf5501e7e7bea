import { messageOf } from '../errors.ts'
import type { Problem, RunEvent } from '../workflow/index.ts'
import { describeThrown } from './exit-code.ts'
import { barProgress, lineProgress, type Progress } from './progress.ts'
import { type Shell, say, sayJson } from './shell.ts'
import { summary, summaryLine } from './summary.ts'

/** How a command speaks: to a person, or as lines of JSON. */
export interface ReportOptions {
  json?: boolean | undefined
  verbose?: boolean | undefined
}

/** Tells of one run after the other. */
export interface Report {
  see(event: RunEvent): void
  refused(problems: readonly Problem[]): void
  thrown(thrown: unknown): void
  /** What concerns nobody who reads JSON. */
  notice(text: string): void
}

/** A report in the form that the options ask for. */
export function createReport(shell: Shell, options: ReportOptions): Report {
  return options.json ? jsonReport(shell) : textReport(shell, options.verbose ?? false)
}

/** An event as one JSON object: values as their shape, an error as its name and message. */
export function eventLine(event: RunEvent): Record<string, unknown> {
  const { sequence, time, type, ...rest } = event
  const line: Record<string, unknown> = { sequence, time: Math.round(time), type, ...rest }
  if ('value' in rest) line.value = summary(rest.value)
  if ('error' in rest) line.error = errorLine(rest.error.cause ?? rest.error)
  return line
}

/** A problem as a line: where it is, unless the sentence begins with that, and the sentence. */
export function problemLine(problem: Problem): string {
  const { node, message } = problem
  const within = problem.param ?? problem.socket
  const place = node && within ? `${node}.${within}` : (node ?? problem.input ?? problem.output)
  if (!place || message.includes(node ?? place)) return message
  return `${place}: ${message}`
}

function jsonReport({ stdout }: Shell): Report {
  return {
    see: (event) => sayJson(stdout, eventLine(event)),
    refused: (problems) => sayJson(stdout, { type: 'refused', problems }),
    thrown: (thrown) => sayJson(stdout, { type: 'error', error: errorLine(thrown) }),
    notice() {},
  }
}

function textReport({ stdout, stderr }: Shell, verbose: boolean): Report {
  const start = () => (stderr.isTTY ? barProgress(stderr, verbose) : lineProgress(stderr, verbose))
  let progress: Progress | undefined
  let outputs: string[] = []
  return {
    see(event) {
      progress ??= start()
      progress.see(event)
      if (event.type === 'output') outputs.push(`${event.name}: ${summaryLine(event.value)}`)
      if (event.type !== 'done') return
      progress.end()
      for (const output of outputs) say(stdout, output)
      say(stderr, `${event.status} in ${event.seconds.toFixed(1)} s`)
      progress = undefined
      outputs = []
    },
    refused(problems) {
      for (const problem of problems) say(stderr, problemLine(problem))
    },
    thrown(thrown) {
      const text = describeThrown(thrown, verbose)
      if (text) say(stderr, text)
    },
    notice: (text) => say(stderr, text),
  }
}

function errorLine(thrown: unknown): { name: string; message: string } {
  const name = thrown instanceof Error ? thrown.name : 'Error'
  return { name, message: messageOf(thrown) }
}
