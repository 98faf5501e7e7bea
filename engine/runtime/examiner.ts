import { type ChildProcess, fork } from 'node:child_process'
import { join } from 'node:path'
import { createBuilder } from '../onnx/builder.ts'
import {
  type Absence,
  type Adapter,
  absenceOf,
  adapterOf,
  adapterReport,
  noCard,
} from './adapter.ts'
import type { Device, Provider } from './device.ts'
import { cudaLibraryAbsence } from './package.ts'
import type { CaseResult } from './probe.ts'
import type { ProbeCase } from './probe-cases.ts'
import type { Order, Report } from './probe-process.ts'

/** Finds out about a provider without risk for the process that asks. */
export interface Examiner {
  /** Why a provider is surely not there, where that can be told for nothing. */
  absence(provider: Provider): Absence | undefined
  /** Why there is surely no graphics card, where that can be told for nothing. */
  noCard(): Absence | undefined
  /** Opens the provider once. */
  identify(provider: Provider): Promise<Adapter | Absence>
  /** Runs cases on a device. A case that ends or holds up its process has `failed`. */
  probe(device: Device, cases: readonly ProbeCase[]): Promise<CaseResult[]>
}

export interface ExaminerOptions {
  readonly environment?: NodeJS.ProcessEnv
  /** Milliseconds that one case may take: compiling shaders on a software adapter takes seconds. */
  readonly limit?: number
  /** Told each result as it comes. */
  readonly onResult?: (result: CaseResult) => void
}

/** An adapter that ends this many processes is given up. */
const mostCrashes = 5

/** An examiner that forks a process for each question. */
export function createExaminer(options: ExaminerOptions = {}): Examiner {
  const { environment = process.env, limit = 90_000, onResult = () => {} } = options
  return {
    absence: (provider) => (provider === 'cuda' ? cudaLibraryAbsence() : undefined),
    noCard,
    async identify(provider) {
      const device = { ...plainDevice, provider }
      const { results, remains } = await ask({ device, cases: [firstCase()] }, environment, limit)
      const [result] = results
      if (result?.verdict === 'right') return adapterOf(provider, remains.stderr)
      const message = result?.reason ?? remains.message
      return absenceOf({ ...remains, ...(message !== undefined && { message }) })
    },
    async probe(device, cases) {
      const all: CaseResult[] = []
      for (let crashes = 0; all.length < cases.length; crashes++) {
        const order = { device, cases: cases.slice(all.length) }
        const { results, remains } = await ask(order, environment, limit, onResult)
        all.push(...results)
        const next = cases[all.length]
        if (!next) break
        const { name, op } = next
        const reason = remains.signal ? `ended its process by ${remains.signal}` : remains.message
        const failure = { name, op, verdict: 'failed', milliseconds: 0 } as const
        const result = { ...failure, reason: reason ?? 'ended its process' }
        onResult(result)
        all.push(result)
        if (crashes + 1 === mostCrashes) return [...all, ...givenUp(cases.slice(all.length))]
      }
      return all
    },
  }
}

interface Answer {
  results: CaseResult[]
  remains: { stderr: string; message?: string; signal?: string }
}

/** Sends one order to a new process and gathers what comes back until it ends. */
function ask(
  order: Order,
  environment: NodeJS.ProcessEnv,
  limit: number,
  onResult: (result: CaseResult) => void = () => {},
): Promise<Answer> {
  const child: ChildProcess = fork(join(import.meta.dirname, 'probe-process.ts'), [], {
    serialization: 'advanced',
    env: { ...environment, ...adapterReport },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    execArgv: [],
  })
  const results: CaseResult[] = []
  let stderr = ''
  let message: string | undefined
  let held = false
  return new Promise((resolve) => {
    const restart = () =>
      setTimeout(() => {
        held = true
        child.kill('SIGKILL')
      }, limit)
    let timer = restart()
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      stderr += text
    })
    child.on('message', (report: Report) => {
      clearTimeout(timer)
      timer = restart()
      if (report.type === 'failed') message = report.message
      if (report.type !== 'result') return
      results.push(report.result)
      onResult(report.result)
    })
    child.on('error', (error) => {
      message = error.message
    })
    child.on('close', (_, signal) => {
      clearTimeout(timer)
      if (held) message = `no answer for ${limit / 1000} s`
      const end = signal && !held ? { signal } : {}
      resolve({ results, remains: { stderr, ...(message !== undefined && { message }), ...end } })
    })
    child.send(order, () => {})
  })
}

const plainDevice: Omit<Device, 'provider'> = { name: 'adapter', type: 'float32', fused: new Set() }

/** `y = -x`: the least that shows an adapter at work. */
function firstCase(): ProbeCase {
  const builder = createBuilder('first')
  const x = builder.input('x', 'float32', [3])
  builder.output('y', builder.op('Neg', [x]))
  const feeds = [{ x: { data: new Float32Array([1, -2, 3]), shape: [3] } }]
  return { name: 'first', op: 'Neg', program: builder.finish(), feeds }
}

function givenUp(cases: readonly ProbeCase[]): CaseResult[] {
  const reason = `not tried: ${mostCrashes} cases before it ended their processes`
  return cases.map(({ name, op }) => ({ name, op, verdict: 'failed', reason, milliseconds: 0 }))
}
