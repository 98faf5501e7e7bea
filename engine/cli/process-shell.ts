import { homedir } from 'node:os'
import { exitCode } from './exit-code.ts'
import type { Shell } from './shell.ts'

/** The shell of this process: its streams, environment, clock and signals. */
export function processShell(): Shell {
  endWithReader()
  return {
    place: {
      folder: process.cwd(),
      home: homedir(),
      platform: process.platform,
      environment: process.env,
    },
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    clock: () => performance.timeOrigin + performance.now(),
    onInterrupt,
  }
}

/** Ends this process once all that was written has left it. */
export async function endProcess(code: number): Promise<never> {
  for (const stream of [process.stdout, process.stderr]) {
    await new Promise((resolve) => stream.write('', resolve))
  }
  process.exit(code)
}

/** The first SIGINT or SIGTERM asks to end, the second ends the process at once. */
function onInterrupt(interrupt: () => void): () => void {
  let asked = false
  const listen = () => {
    if (asked) process.exit(exitCode.interrupted)
    asked = true
    interrupt()
  }
  const signals = ['SIGINT', 'SIGTERM'] as const
  for (const signal of signals) process.on(signal, listen)
  return () => {
    for (const signal of signals) process.off(signal, listen)
  }
}

/** Ends quietly when whoever reads our output stops reading, as `head` does. */
function endWithReader(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(exitCode.done)
    throw error
  })
}
