import { dirname } from 'node:path'
import * as ort from 'onnxruntime-node'
import { FormatError } from '../errors.ts'
import { encodeProgram, operationName } from '../onnx/encode.ts'
import { type Program, weightBytesOf } from '../onnx/value.ts'
import { bindShapes } from './bind-shapes.ts'
import type { Device } from './device.ts'
import { guarded } from './faults.ts'
import {
  bytesIn,
  fromRuntime,
  HeldMemory,
  type HeldTensor,
  type Traffic,
  toRuntime,
} from './held.ts'
import type { HostTensor } from './tensor.ts'

export { type HeldTensor, holdTensors } from './held.ts'

type Feeds = Readonly<Record<string, HostTensor | HeldTensor>>

/** A loaded program. */
export interface Session {
  readonly program: string
  /** Bytes of weights that the program draws on. */
  readonly weightBytes: number
  /**
   * Feeds all inputs and gives all outputs as host tensors. Throws a `FormatError` where shapes are
   * wrong, before the device sees them.
   */
  run(feeds: Feeds): Promise<Record<string, HostTensor>>
  /**
   * The same for a program of which some outputs stay on the device, see `SessionOptions.holds`:
   * these come as held tensors, which the caller releases; the session may be released before.
   */
  runHeld(feeds: Feeds): Promise<HeldResults>
  release(): Promise<void>
}

/** What a run gave: what came to the host, and what stayed. */
export interface HeldResults {
  readonly results: Record<string, HostTensor>
  readonly held: Record<string, HeldTensor>
}

/** What tests and benchmarks count. */
export interface RuntimeCounters extends Traffic {
  sessionsBuilt: number
  /** Bytes of weights handed to sessions while they were built. */
  weightBytesRead: number
}

/** Counters at zero. */
export function newCounters(): RuntimeCounters {
  return { sessionsBuilt: 0, weightBytesRead: 0, bytesUploaded: 0, bytesReadBack: 0 }
}

/** How much the runtime may rearrange a program before it runs. */
export interface SessionOptions {
  /** `basic` where absent: `extended` finds nothing to fuse in our programs and loads slower. */
  readonly optimisation?: 'disabled' | 'basic' | 'extended' | 'all'
  /**
   * `parallel` plans no sharing of memory between results, which for a program of some thousand ops
   * takes longer than a few hundred runs of it; a run takes up to 1.4 times as long. `sequential`
   * where absent.
   */
  readonly execution?: 'sequential' | 'parallel'
  /** Threads within an op; those of the machine where absent. */
  readonly threads?: number
  readonly profilePrefix?: string
  /** Which outputs `runHeld` leaves on the device, by name. */
  readonly holds?: (output: string) => boolean
  /** Refuses a program of which the runtime would leave parts to the processor. */
  readonly isStrict?: boolean
}

/**
 * Below this, the threads of a program sleep instead of spinning while they wait for work: its ops
 * are so short that the spinning costs more than it saves. Real U-Nets have 1.7 GB.
 */
const smallWeightBytes = 64 * 2 ** 20

/**
 * Loads a program on a device. Throws a `FormatError` where the runtime finds the program or a
 * weight wrong, a `DeviceError` where memory or the device fails.
 */
export async function createSession(
  program: Program,
  device: Device,
  counters: RuntimeCounters,
  options: SessionOptions = {},
): Promise<Session> {
  // What outlives the loading must not hold the program: baked weights are whole in it.
  const { name, inputs } = program
  const weightBytes = weightBytesOf(program)
  const session = await load(program, device, options)
  counters.sessionsBuilt += 1
  counters.weightBytesRead += weightBytes
  const memory = new HeldMemory(() => session.release())
  const { holds = () => false } = options

  async function runAll(feeds: Feeds): Promise<ort.InferenceSession.ReturnType> {
    const shapes = Object.fromEntries(
      Object.entries(feeds).map(([name, feed]) => [name, feed.shape]),
    )
    bindShapes(name, inputs, shapes)
    const fed = inputs.map(({ name }) => [name, feeds[name]!] as const)
    const tensors = Object.fromEntries(fed.map(([name, feed]) => [name, toRuntime(feed)]))
    counters.bytesUploaded += bytesIn(fed.map(([, feed]) => feed))
    return guarded(`${name}: failed on ${device.name}`, () => session.run(tensors))
  }

  function toHost(found: readonly (readonly [string, ort.OnnxValue])[]) {
    const results = found.map(([name, tensor]) => [name, fromRuntime(tensor)] as const)
    counters.bytesReadBack += bytesIn(results.map(([, tensor]) => tensor))
    return Object.fromEntries(results)
  }

  return {
    program: name,
    weightBytes,
    async run(feeds) {
      // Reading what lies on a device would end the process.
      if (options.holds)
        throw new TypeError(`${name}: holds outputs, expected to be run by runHeld`)
      return toHost(Object.entries(await runAll(feeds)))
    },
    async runHeld(feeds) {
      const found = Object.entries(await runAll(feeds))
      const staying = found.filter(([name]) => holds(name))
      return {
        results: toHost(found.filter(([name]) => !holds(name))),
        held: Object.fromEntries(staying.map(([name, tensor]) => [name, memory.hold(tensor)])),
      }
    },
    release: () => memory.end(),
  }
}

async function load(
  program: Program,
  device: Device,
  options: SessionOptions,
): Promise<ort.InferenceSession> {
  const folders = new Set(
    program.initializers.flatMap(({ external }) => (external ? [dirname(external.file)] : [])),
  )
  if (folders.size > 1) {
    throw new FormatError(
      `${program.name}: weights lie in ${folders.size} folders, expected one; put the files together`,
    )
  }
  const [folder] = folders
  return guarded(`${program.name}: cannot be loaded on ${device.name}`, () =>
    ort.InferenceSession.create(encodeProgram(program), {
      executionProviders: options.isStrict
        ? [device.provider]
        : executionProviders(program, device),
      graphOptimizationLevel: options.optimisation ?? 'basic',
      ...(device.provider === 'webgpu' && preferredPlaces(program, options)),
      // One thread between ops would be the same as none: then the runtime plans as ever.
      ...(options.threads && { intraOpNumThreads: options.threads }),
      ...(options.execution === 'parallel' && { executionMode: 'parallel', interOpNumThreads: 2 }),
      // What goes wrong on the processor is thrown; of WebGPU's faults some are only logged.
      logSeverityLevel: device.provider === 'cpu' || options.isStrict ? 4 : 3,
      ...(options.profilePrefix && {
        enableProfiling: true,
        profileFilePrefix: options.profilePrefix,
      }),
      extra: {
        session: {
          ...(folder && { model_external_initializers_file_folder_path: folder }),
          ...(weightBytesOf(program) < smallWeightBytes && { intra_op: { allow_spinning: '0' } }),
          ...(options.isStrict && { disable_cpu_ep_fallback: '1' }),
        },
      },
    }),
  )
}

/** The device's provider, less the ops that it gets wrong, then the processor. */
function executionProviders(
  program: Program,
  { provider, cpuOps }: Device,
): ort.InferenceSession.ExecutionProviderConfig[] {
  if (provider === 'cpu') return ['cpu']
  const forceCpuNodeNames = program.operations.flatMap((operation, index) =>
    cpuOps?.has(operation.op) ? [operationName(operation, index)] : [],
  )
  // The runtime refuses an empty list.
  if (provider !== 'webgpu' || forceCpuNodeNames.length === 0) return [provider, 'cpu']
  return [{ name: 'webgpu', forceCpuNodeNames }, 'cpu']
}

/** Where outputs go, for those that do not come to the host. */
function preferredPlaces({ outputs }: Program, { holds }: SessionOptions) {
  const staying = outputs.filter(({ name }) => holds?.(name))
  if (staying.length === 0) return {}
  const places = staying.map(({ name }) => [name, 'gpu-buffer' as const])
  return { preferredOutputLocation: Object.fromEntries(places) }
}
