import manifest from '../../package.json' with { type: 'json' }
import { blockName, inspectCheckedDevices } from '../inference/check-block.ts'
import type { Provider } from '../runtime/device.ts'
import { type DeviceReport, isHealthy } from '../runtime/doctor.ts'
import { createExaminer } from '../runtime/examiner.ts'
import type { Inspection, ProbeMemory } from '../runtime/open-device.ts'
import { type CaseResult, describeResult } from '../runtime/probe.ts'
import { exitCode } from './exit-code.ts'
import { foldersOf } from './folders.ts'
import { type Host, openCacheStore } from './host.ts'
import { type Shell, say, sayJson, type TextSink } from './shell.ts'

/** Options of `mazeru doctor`. */
export interface DoctorCommandOptions {
  /** Only this provider, beside the processor. */
  provider?: Provider | undefined
  /** Probes again what is remembered from an earlier probe. */
  fresh?: boolean | undefined
  json?: boolean | undefined
}

/** How devices are inspected; tests bring their own. */
export type Inspect = typeof inspectCheckedDevices

/** Lists the devices with what is wrong on each. Gives 0 where at least the processor is right. */
export async function doctorCommand(
  _argument: unknown,
  options: DoctorCommandOptions,
  _host: Host,
  shell: Shell,
  inspect: Inspect = inspectCheckedDevices,
): Promise<number> {
  const { json = false } = options
  const report = await doctorReport(options, shell, inspect)
  if (shell.stderr.isTTY) shell.stderr.write('\r\u001b[K')
  if (json) sayJson(shell.stdout, { mazeru: manifest.version, ...jsonOf(report) })
  else for (const line of linesOf(report)) say(shell.stdout, line)
  return isHealthy(report) ? exitCode.done : exitCode.failed
}

/** Looks at the devices; what is remembered of an earlier look is not looked at again. */
export async function doctorReport(
  { provider, fresh = false }: DoctorCommandOptions,
  shell: Shell,
  inspect: Inspect = inspectCheckedDevices,
): Promise<DeviceReport> {
  const store = openCacheStore(foldersOf(shell.place), (message) => say(shell.stderr, message))
  const memory: ProbeMemory = { get: store.readRecord, put: store.writeRecord }
  return inspect({
    memory,
    isFresh: fresh,
    onNotice: (sentence) => say(shell.stderr, sentence),
    examiner: createExaminer({ onResult: (result) => showProgress(shell.stderr, result) }),
    ...(provider && { providers: [provider] }),
  })
}

/** A report as it is told to a person. */
export function linesOf(report: DeviceReport): string[] {
  const { versions, machine, devices, chosen } = report
  const { system, processor, threads, memory, freeMemory } = machine
  return [
    `mazeru ${manifest.version}, onnxruntime ${versions.onnxruntime}, Node ${versions.node}, ${system}`,
    `${processor}, ${threads} threads, ${gibibytes(freeMemory)} of ${gibibytes(memory)} GiB free`,
    '',
    ...devices.flatMap(deviceLines),
    '',
    ...opTable(devices),
    '',
    `networks run on ${chosen}`,
  ]
}

function deviceLines(inspection: Inspection): string[] {
  const { provider, adapter, absence, conclusion, results, isRemembered } = inspection
  const head = provider.padEnd(8)
  const indent = ' '.repeat(8)
  if (absence) {
    const help = absence.remedy ? [`${indent}${absence.remedy}`] : []
    return [`${head}not available: ${absence.reason}`, ...help]
  }
  const about = [adapter?.name, adapter?.driver, adapter?.isSoftware && 'software'].filter(Boolean)
  const right = results.filter(({ verdict }) => verdict === 'right').length
  const counted = `${right} of ${results.length} cases right${isRemembered ? ', remembered' : ''}`
  const lines = [`${head}${about.join(', ')}`, `${indent}${counted}`]
  const block = results.find(({ name }) => name === blockName)
  if (block) lines.push(`${indent}${blockLine(block)}`)
  const plain = results.filter(({ verdict, name }) => verdict !== 'right' && name !== blockName)
  for (const [op, result] of firstOfEach(plain)) {
    const isCpu = conclusion?.cpuOps.includes(result.op)
    const remedy = isCpu ? 'computed by the processor' : 'built of plain ops'
    const answer = provider === 'cpu' || conclusion?.refused ? 'wrong' : remedy
    lines.push(`${indent}${op} ${answer} (${describeResult(result)})`)
  }
  const left = results.filter(({ isElsewhere, name }) => isElsewhere && name !== blockName)
  if (left.length) {
    lines.push(`${indent}left to the processor: ${left.map(({ name }) => name).join('; ')}`)
  }
  if (conclusion?.refused) lines.push(`${indent}not used: ${conclusion.refused}`)
  return lines
}

function blockLine({ verdict, error, milliseconds, reason }: CaseResult): string {
  const off = reason ?? `off by ${error?.toExponential(1)}`
  return `${blockName} ${verdict}: ${off}, ${Math.round(milliseconds)} ms with loading`
}

/** One line an op, one column a device: the greatest error of its cases. */
function opTable(devices: readonly Inspection[]): string[] {
  const probed = devices.filter(({ results }) => results.length > 0)
  const ops = [...new Set(probed.flatMap(({ results }) => results.map(({ op }) => op)))]
  const row = (first: string, cells: readonly string[]) =>
    [first.padEnd(24), ...cells.map((cell) => cell.padEnd(16))].join('').trimEnd()
  return [
    row(
      'greatest relative error',
      probed.map(({ provider }) => provider),
    ),
    ...ops.map((op) =>
      row(
        op,
        probed.map(({ results }) =>
          worst(results.filter((it) => it.op === op && it.name !== blockName)),
        ),
      ),
    ),
  ]
}

function worst(results: readonly CaseResult[]): string {
  if (results.length === 0) return ''
  if (results.some(({ verdict, error }) => verdict !== 'right' && error === undefined)) {
    return 'failed'
  }
  const greatest = Math.max(...results.map(({ error = 0 }) => error))
  const mark = results.some(({ verdict }) => verdict === 'wrong') ? ' wrong' : ''
  return `${greatest.toExponential(1)}${mark}`
}

function firstOfEach(results: readonly CaseResult[]): Map<string, CaseResult> {
  const first = new Map<string, CaseResult>()
  for (const result of results) if (!first.has(result.op)) first.set(result.op, result)
  return first
}

/** Sets do not survive JSON. */
function jsonOf({ devices, ...rest }: DeviceReport) {
  return {
    ...rest,
    devices: devices.map(({ device: _, ...inspection }) => inspection),
  }
}

/** A probe on a software adapter takes minutes; a terminal shows that it goes on. */
function showProgress(stderr: TextSink, { name, verdict }: CaseResult): void {
  if (stderr.isTTY) stderr.write(`\r\u001b[K${verdict}: ${name}`.slice(0, stderr.columns ?? 80))
}

function gibibytes(bytes: number): string {
  return (bytes / 2 ** 30).toFixed(1)
}
