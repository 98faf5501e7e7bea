import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Host } from '../../engine/cli/host.ts'
import { runCommandLine } from '../../engine/cli/program.ts'
import type { Shell } from '../../engine/cli/shell.ts'
import { createCatalogue } from '../../engine/workflow/index.ts'
import { arithmeticNodes, noFiles } from '../fixtures/arithmetic-nodes.ts'

/** What a command line gave. */
export interface Outcome {
  code: number
  stdout: string
  stderr: string
}

/** A folder that is gone when the block ends: `using folder = scratch({ 'a.json': … })`. */
export interface Scratch extends Disposable {
  path: string
  write(name: string, content: unknown): string
}

/** Makes a folder with files; anything but text and bytes is written as JSON. */
export function scratch(files: Record<string, unknown> = {}): Scratch {
  const path = mkdtempSync(join(tmpdir(), 'mazeru-'))
  const write = (name: string, content: unknown) => {
    const plain = typeof content === 'string' || content instanceof Uint8Array
    writeFileSync(join(path, name), plain ? content : JSON.stringify(content))
    return join(path, name)
  }
  for (const [name, content] of Object.entries(files)) write(name, content)
  return { path, write, [Symbol.dispose]: () => rmSync(path, { recursive: true }) }
}

/** `1 + 2`, then `waits` times ten milliseconds, as `sum`. */
export function sumWorkflow(a: number, steps = 1): Record<string, unknown> {
  return {
    version: 1,
    inputs: { first: { to: ['one.value'] } },
    outputs: { sum: 'wait.value' },
    nodes: {
      one: { type: 'number', params: { value: a } },
      two: { type: 'number', params: { value: 2 } },
      add: { type: 'add', inputs: { a: 'one.value', b: 'two.value' } },
      wait: { type: 'wait', params: { steps }, inputs: { value: 'add.sum' } },
    },
  }
}

/** A host of arithmetic that notes whether its services were opened and closed. */
export function arithmeticHost(): Host & { log: string[] } {
  const log: string[] = []
  return {
    log,
    catalogue: createCatalogue(arithmeticNodes),
    async openServices({ output, provider }) {
      log.push(`open ${output} ${provider ?? 'any'}`)
      return { files: noFiles, close: async () => void log.push('close') }
    },
  }
}

/**
 * Runs a command line in this process, in `folder`. `isTTY` makes the error stream a terminal;
 * `interrupted` is a Ctrl-C right after the start.
 */
export async function command(
  folder: string,
  words: readonly string[],
  {
    stdin = async function* (): AsyncGenerator<string> {},
    isTTY = false,
    interrupted = false,
    host = arithmeticHost() as Host,
  } = {},
): Promise<Outcome> {
  const outcome = { code: -1, stdout: '', stderr: '' }
  let time = 0
  const shell: Shell = {
    place: {
      folder,
      home: folder,
      platform: 'linux',
      environment: { MAZERU_CACHE: join(folder, 'cache') },
    },
    stdin: stdin(),
    stdout: { write: (text) => (outcome.stdout += text) },
    stderr: { write: (text) => (outcome.stderr += text), isTTY, columns: 80 },
    clock: () => time++,
    onInterrupt(interrupt) {
      if (interrupted) setImmediate(interrupt)
      return () => {}
    },
  }
  outcome.code = await runCommandLine(words, host, shell)
  return outcome
}

/** A command line in a process of its own. */
export interface Process {
  child: ChildProcess
  /** Settles when the text has appeared on that stream since the last such question. */
  saw(stream: 'stdout' | 'stderr', text: string): Promise<void>
  ended: Promise<Outcome>
}

/** Starts the arithmetic command as a process. */
export function start(folder: string, words: readonly string[], stdin = ''): Process {
  const main = join(import.meta.dirname, '..', 'fixtures', 'cli-main.ts')
  return startProgram(main, folder, words, stdin)
}

/** Starts a program of this project as a process, with its cache in `folder`. */
export function startProgram(
  main: string,
  folder: string,
  words: readonly string[],
  stdin = '',
): Process {
  const child = spawn(process.execPath, [main, ...words], {
    cwd: folder,
    env: { ...process.env, MAZERU_CACHE: join(folder, 'cache') },
  })
  child.stdin.end(stdin)
  const seen = { stdout: '', stderr: '' }
  const asked = { stdout: 0, stderr: 0 }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      seen[name] += text
    })
  }
  return {
    child,
    async saw(stream, text) {
      while (!seen[stream].includes(text, asked[stream])) {
        if (child.exitCode !== null) throw new Error(`ended without ${text}: ${seen[stream]}`)
        await new Promise((resolve) => setTimeout(resolve, 10))
      }
      asked[stream] = seen[stream].indexOf(text, asked[stream]) + text.length
    },
    ended: new Promise((resolve) => {
      child.on('close', (code) => resolve({ code: code ?? -1, ...seen }))
    }),
  }
}
