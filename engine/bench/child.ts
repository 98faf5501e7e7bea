import { spawn } from 'node:child_process'

/** What a process of its own said, and how long it took. */
export interface ChildResult {
  readonly stdout: string
  readonly milliseconds: number
}

/** Runs a script of this project in a fresh process. Throws with what it wrote where it fails. */
export function runScript(
  script: string,
  words: readonly string[],
  clock: () => number,
): Promise<ChildResult> {
  return run({ command: process.execPath, words: [script, ...words], shell: false }, clock)
}

/** Runs a command line of the system. Throws with what it wrote where it fails. */
export function runCommandText(command: string, clock: () => number): Promise<ChildResult> {
  return run({ command, words: [], shell: true }, clock)
}

interface Invocation {
  readonly command: string
  readonly words: readonly string[]
  readonly shell: boolean
}

function run({ command, words, shell }: Invocation, clock: () => number): Promise<ChildResult> {
  const begun = clock()
  const child = spawn(command, words, { shell, stdio: ['ignore', 'pipe', 'pipe'] })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text) => {
    stderr += text
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => {
      if (code === 0) resolve({ stdout, milliseconds: clock() - begun })
      else reject(new Error(`${command}: ended with ${code}; ${(stderr || stdout).slice(-2000)}`))
    })
  })
}
