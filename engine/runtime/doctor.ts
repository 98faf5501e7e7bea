import { arch, cpus, freemem, platform, totalmem } from 'node:os'
import { cpuDevice, type FusedOp, type Provider, providers } from './device.ts'
import { createExaminer, type Examiner } from './examiner.ts'
import { type Inspection, inspectProvider, type OpenDeviceOptions } from './open-device.ts'
import { runtimeVersion } from './package.ts'
import type { CaseResult } from './probe.ts'
import { type ProbeCase, probeCases } from './probe-cases.ts'

/** What `mazeru doctor` tells of a machine. */
export interface DeviceReport {
  readonly versions: { readonly onnxruntime: string; readonly node: string }
  readonly machine: {
    readonly system: string
    readonly processor: string
    readonly threads: number
    /** Bytes. */
    readonly memory: number
    readonly freeMemory: number
  }
  /** The processor first. */
  readonly devices: readonly Inspection[]
  /** What networks run on where nothing is asked for by name. */
  readonly chosen: Provider
}

export interface InspectOptions extends Omit<OpenDeviceOptions, 'provider'> {
  /** Default: all. The processor is always looked at. */
  readonly providers?: readonly Provider[]
  /** Probes again what is remembered. */
  readonly isFresh?: boolean
}

/**
 * Looks at every provider of this machine: whether it is there, what is wrong on it, and whether a
 * block of a network agrees with the processor. The processor itself is held to recorded results.
 */
export async function inspectDevices(options: InspectOptions): Promise<DeviceReport> {
  const { memory, isFresh = false, examiner = createExaminer() } = options
  const asked = options.providers ?? providers
  const forgetful = { get: async () => undefined, put: memory.put }
  const devices: Inspection[] = [await inspectProcessor(options, examiner)]
  for (const provider of asked) {
    if (provider === 'cpu') continue
    const settings = { ...options, examiner, memory: isFresh ? forgetful : memory }
    devices.push(await inspectProvider(provider, settings))
  }
  return {
    versions: { onnxruntime: runtimeVersion, node: process.versions.node },
    machine: {
      system: `${platform()} ${arch()}`,
      processor: processorName(),
      threads: cpus().length,
      memory: totalmem(),
      freeMemory: freemem(),
    },
    devices,
    chosen: providers.find((provider) => isChoice(provider, devices)) ?? 'cpu',
  }
}

/** True where all cases of the processor are right. */
export function isHealthy({ devices }: DeviceReport): boolean {
  const processor = devices.find(({ provider }) => provider === 'cpu')
  return processor?.results.every(({ verdict }) => verdict === 'right') ?? false
}

async function inspectProcessor(
  { cases = probeCases(), block }: InspectOptions,
  examiner: Examiner,
): Promise<Inspection> {
  const adapter = { name: processorName(), driver: '', isSoftware: false }
  const results: CaseResult[] = await examiner.probe(cpuDevice, [...cases, ...blocks(block)])
  const conclusion = { fused: [...cpuDevice.fused], cpuOps: [] }
  return { provider: 'cpu', adapter, device: cpuDevice, conclusion, results, isRemembered: false }
}

function blocks(block: ((fused: ReadonlySet<FusedOp>) => ProbeCase) | undefined): ProbeCase[] {
  return block ? [block(cpuDevice.fused)] : []
}

function isChoice(provider: Provider, devices: readonly Inspection[]): boolean {
  const inspection = devices.find((it) => it.provider === provider)
  const { device, conclusion, adapter } = inspection ?? {}
  return device !== undefined && !conclusion?.refused && !adapter?.isSoftware
}

function processorName(): string {
  return cpus()[0]?.model.trim() || 'processor'
}
