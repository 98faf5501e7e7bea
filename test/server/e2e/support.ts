import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { request as nodeRequest } from 'node:http'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished } from 'vitest'
import { z } from 'zod'
import { runDetail, runInfo, type Submission } from '../../../engine/protocol/index.ts'
import { projectRoot } from '../../support/sources.ts'

/** A whole server in a process of its own, as a person starts it, and how to speak to it. */

const program = join(projectRoot, 'engine', 'main.ts')

/** Folders of a server; they outlive its process. */
export interface Desk {
  readonly path: string
  readonly data: string
  readonly out: string
  readonly input: string
  readonly models: string
  readonly workflows: string
  readonly cache: string
}

/** New folders that go when the test ends, with workflow files by name. */
export function newDesk(workflows: Record<string, object> = {}): Desk {
  const desk = keptDesk(workflows)
  onTestFinished(() => removeDesk(desk))
  return desk
}

/** New folders for several tests; whoever makes them calls `removeDesk`. */
export function keptDesk(workflows: Record<string, object> = {}): Desk {
  const path = mkdtempSync(join(tmpdir(), 'mazeru-e2e-'))
  const at = (name: string) => {
    mkdirSync(join(path, name), { recursive: true })
    return join(path, name)
  }
  const desk = {
    ...{ path, data: at('data'), out: at('out'), input: at('input') },
    ...{ models: at('models'), workflows: at('workflows'), cache: at('cache') },
  }
  for (const [name, workflow] of Object.entries(workflows)) {
    writeWorkflow(desk, name, workflow)
  }
  return desk
}

/** Removes the folders. */
export function removeDesk({ path }: Desk): void {
  rmSync(path, { recursive: true, force: true, maxRetries: 5 })
}

/** What a process left when it ended. */
export interface Left {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stderr: string
}

/** A server that listens. */
export interface ServerProcess {
  readonly desk: Desk
  readonly port: number
  readonly pid: number
  /** What it has written on its error stream so far. */
  readonly stderr: string
  /** Sends a request as given and gives whatever comes. */
  ask(method: string, path: string, options?: Asking): Promise<Answer>
  /** Sends JSON; expects a status of 200 to 299 and an answer of this form. */
  call<Form extends z.ZodType>(
    form: Form,
    method: string,
    path: string,
    options?: Asking,
  ): Promise<z.output<Form>>
  /** Submits a run as a client; gives its id. */
  submit(submission: Submission, client?: string, key?: string): Promise<string>
  /** Waits until a run has ended and gives it. */
  ended(id: string): Promise<z.output<typeof runDetail>>
  /** Ends it as the system does when the power goes; resolves when it is gone. */
  kill(): Promise<Left>
  /** Asks it to stop; resolves when it is gone. */
  stop(): Promise<Left>
}

interface Asking {
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

/** An answer, its JSON parsed where it is some. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly bytes: Buffer
  readonly json: Readonly<Record<string, unknown>>
}

/** Starts the server on a free port and waits until it can take runs. */
export async function startServer(
  desk: Desk,
  words: readonly string[] = [],
): Promise<ServerProcess> {
  const { data, out, input, models, workflows, cache } = desk
  const folders = ['--data', data, '--out', out, '--in', input, '--models', models]
  const usual = ['--no-open', '--no-build', '--port', '0', '--workflows', workflows]
  const child = spawn(process.execPath, [program, 'serve', ...usual, ...folders, ...words], {
    cwd: desk.path,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, MAZERU_CACHE: cache, MAZERU_TOKEN: '' },
  })
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const left = once(child, 'close').then(
    ([code, signal]): Left => ({ code: code as number, signal: signal as NodeJS.Signals, stderr }),
  )
  const port = await portOf(child, left)
  const ask: ServerProcess['ask'] = (...given) => sent(port, ...given)
  const call: ServerProcess['call'] = async (form, method, path, options) => {
    const answer = await ask(method, path, options)
    expect([Math.floor(answer.status / 100), answer.status >= 300 ? answer.json : {}]).toEqual([
      2,
      {},
    ])
    return form.parse(answer.json)
  }
  await until(async () => (await ask('GET', '/ready')).status === 200, 'the server is ready')
  const end = (signal: NodeJS.Signals) => {
    if (child.exitCode === null) child.kill(signal)
    return left
  }
  return {
    ...{ desk, port, pid: child.pid!, ask, call },
    get stderr() {
      return stderr
    },
    async submit(body, client = 'tester', key) {
      const headers = { 'x-client': client, ...(key && { 'idempotency-key': key }) }
      const { run } = await call(z.object({ run: runInfo }), 'POST', '/api/runs', { body, headers })
      return run.id
    },
    async ended(id) {
      const state = () => call(runDetail, 'GET', `/api/runs/${id}`)
      await until(async () => isOver((await state()).state), `run ${id} has ended`)
      return await state()
    },
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
  }
}

/** The port that the first line of the program names. */
function portOf(child: ChildProcess, left: Promise<Left>): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  let stdout = ''
  child.stdout!.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
    const port = /mazeru is at http:\/\/[^/]*:(\d+)/.exec(stdout)?.[1]
    if (port) resolve(Number(port))
  })
  left.then(({ stderr }) => reject(new Error(`the server did not start: ${stderr}`)))
  return promise
}

/** Sends a request as given: no header is added, no address is tidied up. */
function sent(port: number, method: string, path: string, options: Asking = {}): Promise<Answer> {
  const { body, headers = {} } = options
  const isRaw = typeof body === 'string' || body instanceof Uint8Array
  const data = body === undefined || isRaw ? body : JSON.stringify(body)
  const { promise, resolve, reject } = Promise.withResolvers<Answer>()
  const request = nodeRequest({ host: '127.0.0.1', port, method, path, headers }, (response) => {
    const chunks: Buffer[] = []
    response.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', reject)
    response.on('end', () => {
      const bytes = Buffer.concat(chunks)
      const { statusCode: status = 0, headers } = response
      resolve({ status, headers, bytes, json: parsedOf(bytes) })
    })
  })
  request.on('error', reject).end(data)
  return promise
}

function parsedOf(bytes: Buffer): Answer['json'] {
  try {
    return JSON.parse(String(bytes))
  } catch {
    return {}
  }
}

/** Starts a server that is killed, if it still lives, and whose folders go when the test ends. */
export async function serverFor(desk: Desk, words?: readonly string[]): Promise<ServerProcess> {
  const server = await startServer(desk, words)
  onTestFinished(async () => void (await server.kill()))
  return server
}

/** True for the states that a run stays in. */
export function isOver(state: string): boolean {
  return state === 'done' || state === 'failed' || state === 'cancelled'
}

/** Waits until something holds; fails by name after half a minute. */
export async function until(
  test: () => boolean | Promise<boolean>,
  what: string,
  seconds = 40,
): Promise<void> {
  const last = performance.now() + seconds * 1000
  while (!(await test())) {
    if (performance.now() > last) throw new Error(`waited ${seconds} s for this: ${what}`)
    await sleep(20)
  }
}

/** A workflow that comes along, with other params: `{'sampler.steps': 4}`. */
export function shipped(name: string, params: Record<string, unknown> = {}): DemoWorkflow {
  const text = readFileSync(join(projectRoot, 'workflows', `${name}.json`), 'utf8')
  const workflow = JSON.parse(text) as DemoWorkflow
  for (const [target, value] of Object.entries(params)) {
    const [node, param] = target.split('.') as [string, string]
    const entry = workflow.nodes[node]!
    entry.params = { ...entry.params, [param]: value }
  }
  return workflow
}

/** A workflow file as tests change it. */
export interface DemoWorkflow extends Record<string, unknown> {
  nodes: Record<string, { type: string; params?: Record<string, unknown>; inputs?: object }>
}

/** The smallest run: one number. */
export function oneNumber(value: number): DemoWorkflow {
  const nodes = { a: { type: 'number', params: { value } } }
  return { version: 1, outputs: { value: 'a.value' }, nodes }
}

/** Writes a workflow file as a person with an editor of texts does. */
export function writeWorkflow({ workflows }: Desk, name: string, workflow: object): void {
  const path = join(workflows, `${name}.json`)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, `${JSON.stringify(workflow, null, 2)}\n`)
}

/** Every file below a folder, by its path, with its bytes. */
export function filesBelow(folder: string): { readonly path: string; readonly bytes: Buffer }[] {
  return (readdirSync(folder, { recursive: true }) as string[])
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile())
    .map((path) => ({ path, bytes: readFileSync(path) }))
}

/** The bytes of the only picture that a run saved. */
export function pictureOf({ out }: Desk, run: { readonly pictures: readonly string[] }): Buffer {
  expect(run.pictures).toHaveLength(1)
  return readFileSync(join(out, run.pictures[0]!))
}
