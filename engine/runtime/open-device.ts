import { DeviceError } from '../errors.ts'
import type { Absence, Adapter } from './adapter.ts'
import {
  cpuDevice,
  type Device,
  type FusedOp,
  fusedOps,
  type Provider,
  providers,
} from './device.ts'
import { createExaminer, type Examiner } from './examiner.ts'
import { runtimeVersion } from './package.ts'
import { type CaseResult, type Conclusion, conclude, describeResult } from './probe.ts'
import { casesKey, type ProbeCase, probeCases } from './probe-cases.ts'

/** Where results of probes are kept between processes. */
export interface ProbeMemory {
  get(key: string): Promise<unknown>
  put(key: string, value: unknown): Promise<void>
}

export interface OpenDeviceOptions {
  /** `auto` takes the first of cuda, webgpu and cpu that is there and no software adapter. */
  readonly provider: Provider | 'auto'
  readonly memory: ProbeMemory
  /** A part of a network, built for these fused ops: the last case, after the single ops. */
  readonly block?: (fused: ReadonlySet<FusedOp>) => ProbeCase
  /** Told in a sentence what was passed over, is probed or falls back. */
  readonly onNotice?: (sentence: string) => void
  /** Default: processes of their own. */
  readonly examiner?: Examiner
  /** Default: the cases of every op. */
  readonly cases?: readonly ProbeCase[]
}

/** All that is known of one provider on this machine. */
export interface Inspection {
  readonly provider: Provider
  readonly adapter?: Adapter
  readonly absence?: Absence
  /** Absent where there is nothing to use. */
  readonly device?: Device
  readonly conclusion?: Conclusion
  readonly results: readonly CaseResult[]
  /** The results come from an earlier probe. */
  readonly isRemembered: boolean
}

/** What is kept of a probe. */
interface ProbeRecord {
  readonly results: readonly CaseResult[]
  readonly block: readonly CaseResult[]
}

/**
 * Opens the device that networks run on. At the first use of an adapter all ops are probed on it;
 * the results are remembered by adapter, driver, runtime and cases. What is wrong is left out of
 * the device's fused ops or computed by the processor; where that would be all the work, or a whole
 * block is wrong, the processor is opened instead and `onNotice` told why.
 * Throws a `DeviceError` where a provider asked for by name is not there.
 */
export async function openDevice(options: OpenDeviceOptions): Promise<Device> {
  const { provider, onNotice = () => {}, examiner = createExaminer() } = options
  if (provider === 'cpu') return cpuDevice
  if (provider !== 'auto') {
    const inspection = await inspectProvider(provider, options)
    const { absence } = inspection
    if (absence) throw new DeviceError(`${provider}: ${describeAbsence(absence)}`)
    return accepted(inspection, onNotice) ?? cpuDevice
  }
  for (const candidate of providers) {
    if (candidate === 'cpu' || examiner.noCard()) continue
    const found = await inspectProvider(candidate, options, (adapter) => !adapter.isSoftware)
    if (found.adapter?.isSoftware) {
      onNotice(`${candidate}: ${found.adapter.name} is software; the processor itself is faster`)
    }
    const device = accepted(found, onNotice)
    if (device) return device
  }
  return cpuDevice
}

/** Identifies a provider and, where `isWanted` says so, probes it or recalls the probe. */
export async function inspectProvider(
  provider: Provider,
  options: Omit<OpenDeviceOptions, 'provider'>,
  isWanted: (adapter: Adapter) => boolean = () => true,
): Promise<Inspection> {
  const { memory, examiner = createExaminer(), cases = probeCases() } = options
  const nothing = { provider, results: [], isRemembered: false }
  const absence = examiner.absence(provider)
  if (absence) return { ...nothing, absence }
  const adapter = await examiner.identify(provider)
  if ('reason' in adapter) return { ...nothing, absence: adapter }
  if (!isWanted(adapter)) return { ...nothing, adapter }

  const blockCases = options.block ? [options.block(new Set(fusedOps))] : []
  const key = recordKey(provider, adapter, [...cases, ...blockCases])
  const known = await memory.get(key)
  const isRemembered = isProbeRecord(known)
  if (!isRemembered) options.onNotice?.(`${provider}: probing ${adapter.name}, once`)
  const record = isRemembered ? known : await probe(provider, adapter, cases, options, examiner)
  if (!isRemembered) await memory.put(key, record)

  const conclusion = withBlock(conclude(record.results, provider), record.block)
  const device = deviceOf(provider, adapter, conclusion)
  const results = [...record.results, ...record.block]
  return { provider, adapter, device, conclusion, results, isRemembered }
}

/** A reason and its remedy as one sentence. */
export function describeAbsence({ reason, remedy }: Absence): string {
  return remedy ? `${reason}; ${remedy}` : reason
}

async function probe(
  provider: Provider,
  adapter: Adapter,
  cases: readonly ProbeCase[],
  { block }: Pick<OpenDeviceOptions, 'block'>,
  examiner: Examiner,
): Promise<ProbeRecord> {
  const bare = deviceOf(provider, adapter, { fused: fusedOps, cpuOps: [] })
  const results = await examiner.probe(bare, cases)
  const conclusion = conclude(results, provider)
  if (!block || conclusion.refused) return { results, block: [] }
  const device = deviceOf(provider, adapter, conclusion)
  return { results, block: await examiner.probe(device, [block(device.fused)]) }
}

/** A block that is wrong although each of its ops is right speaks against the device. */
function withBlock(conclusion: Conclusion, block: readonly CaseResult[]): Conclusion {
  const wrong = block.find(({ verdict }) => verdict !== 'right')
  return wrong ? { ...conclusion, refused: describeResult(wrong) } : conclusion
}

function deviceOf(provider: Provider, adapter: Adapter, { fused, cpuOps }: Conclusion): Device {
  return {
    provider,
    name: adapter.name,
    type: 'float32',
    fused: new Set(fused),
    ...(cpuOps.length > 0 && { cpuOps: new Set<string>(cpuOps) }),
  }
}

/** The device of an inspection, with notices of what falls back; undefined where it is refused. */
function accepted(
  { provider, adapter, device, conclusion }: Inspection,
  onNotice: (sentence: string) => void,
): Device | undefined {
  if (!device || !conclusion) return undefined
  if (conclusion.refused) {
    const remedy = 'mazeru doctor --fresh probes it again'
    onNotice(`${provider}: ${adapter?.name} is not used: ${conclusion.refused}; ${remedy}`)
    return undefined
  }
  const plain = fusedOps.filter((op) => !device.fused.has(op))
  if (plain.length) onNotice(`${provider}: ${plain.join(', ')} built of plain ops`)
  const { cpuOps } = conclusion
  if (cpuOps.length) onNotice(`${provider}: ${cpuOps.join(', ')} computed by the processor`)
  return device
}

/** What a probe depends on, as one text. */
function recordKey(
  provider: Provider,
  { name, driver }: Adapter,
  cases: readonly ProbeCase[],
): string {
  return ['probe', provider, name, driver, runtimeVersion, casesKey(cases)].join(' | ')
}

function isProbeRecord(value: unknown): value is ProbeRecord {
  const { results, block } = (value ?? {}) as Partial<ProbeRecord>
  const isList = (list: unknown) =>
    Array.isArray(list) && list.every((it) => typeof it?.op === 'string' && it.verdict)
  return isList(results) && isList(block)
}
