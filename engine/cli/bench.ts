import { resolve } from 'node:path'
import { runBench } from '../bench/index.ts'
import { WorkflowError } from '../errors.ts'
import { exitCode } from './exit-code.ts'
import type { Host } from './host.ts'
import { type Shell, say } from './shell.ts'

/** Options of `mazeru bench`. */
export interface BenchCommandOptions {
  full?: boolean | undefined
  /** File for the figures. */
  json?: string | undefined
  /** Names of figures, separated by commas. */
  only?: string | undefined
  versus?: string | undefined
  checkpoint?: string | undefined
  keep?: boolean | undefined
  rounds?: string | undefined
}

/** Measures a part of the engine on this machine and prints a table; judges nothing. */
export async function benchCommand(
  part: string | undefined,
  options: BenchCommandOptions,
  _host: Host,
  shell: Shell,
): Promise<number> {
  const { full, keep, versus } = options
  const absolute = (path: string) => resolve(shell.place.folder, path)
  const controller = new AbortController()
  const ignore = shell.onInterrupt(() => controller.abort())
  const { signal } = controller
  await runBench(
    {
      signal,
      ...(part !== undefined && { part }),
      ...(full && { full }),
      ...(keep && { keep }),
      ...(versus && { versus }),
      ...(options.json && { json: absolute(options.json) }),
      ...(options.checkpoint && { checkpoint: absolute(options.checkpoint) }),
      ...(options.only && { only: options.only.split(',') }),
      ...(options.rounds && { rounds: roundsOf(options.rounds) }),
    },
    { print: (text) => say(shell.stdout, text), clock: shell.clock },
  ).finally(ignore)
  return exitCode.done
}

function roundsOf(text: string): number {
  const rounds = Number(text)
  if (Number.isInteger(rounds) && rounds >= 1 && rounds <= 100) return rounds
  throw new WorkflowError(`--rounds: ${text} given, a number from 1 to 100 expected`)
}
