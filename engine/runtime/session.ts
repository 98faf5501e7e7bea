import { dirname } from 'node:path'
import * as ort from 'onnxruntime-node'
import { DeviceError, FormatError, messageOf } from '../errors.ts'
import { encodeProgram, operationName } from '../onnx/encode.ts'
import { type Program, weightBytesOf } from '../onnx/value.ts'
import { bindShapes } from './bind-shapes.ts'
import type { Device } from './device.ts'
import { type HostTensor, sizeOf, typeOf } from './tensor.ts'

/** A tensor ready to be fed many times: on a GPU it lives there. */
export interface HeldTensor {
  readonly shape: readonly number[]
  /** Frees device memory; on the CPU there is nothing to free. */
  release(): void
}

/** A loaded program. */
export interface Session {
  readonly program: string
  /** Bytes of weights that the program draws on. */
  readonly weightBytes: number
  /**
   * Feeds all inputs and gives all outputs as host tensors. Throws a `FormatError` where shapes are
   * wrong, before the device sees them.
   */
  run(feeds: Readonly<Record<string, HostTensor | HeldTensor>>): Promise<Record<string, HostTensor>>
  release(): Promise<void>
}

/** What tests and benchmarks count. */
export interface RuntimeCounters {
  sessionsBuilt: number
  /** Bytes of weights handed to sessions while they were built. */
  weightBytesRead: number
}

/** How much the runtime may rearrange a program before it runs. */
export interface SessionOptions {
  /** `basic` where absent: `extended` finds nothing to fuse in our programs and loads slower. */
  readonly optimisation?: 'disabled' | 'basic' | 'extended' | 'all'
  readonly profilePrefix?: string
  /** Refuses a program of which the runtime would leave parts to the processor. */
  readonly isStrict?: boolean
}

/**
 * Below this, the threads of a program sleep instead of spinning while they wait for work: its ops
 * are so short that the spinning costs more than it saves. Real U-Nets have 1.7 GB.
 */
const smallWeightBytes = 64 * 2 ** 20

class Held implements HeldTensor {
  readonly shape: readonly number[]
  readonly #tensor: ort.Tensor
  readonly #afterRelease: () => void
  #isReleased = false

  constructor(tensor: ort.Tensor, afterRelease: () => void = () => {}) {
    this.#tensor = tensor
    this.#afterRelease = afterRelease
    this.shape = tensor.dims
  }

  get tensor(): ort.Tensor {
    if (!this.#isReleased) return this.#tensor
    throw new TypeError(`tensor [${this.shape.join(', ')}]: released, expected to be held`)
  }

  release(): void {
    if (this.#isReleased) return
    this.#isReleased = true
    if (this.#tensor.location === 'gpu-buffer') this.#tensor.dispose()
    this.#afterRelease()
  }
}

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
  let isReleased = false
  return {
    program: name,
    weightBytes,
    async run(feeds) {
      const shapes = Object.fromEntries(
        Object.entries(feeds).map(([name, feed]) => [name, feed.shape]),
      )
      bindShapes(name, inputs, shapes)
      const tensors = Object.fromEntries(inputs.map(({ name }) => [name, toRuntime(feeds[name]!)]))
      const results = await guarded(`${name}: failed on ${device.name}`, () => session.run(tensors))
      return Object.fromEntries(
        Object.entries(results).map(([name, tensor]) => [name, fromRuntime(tensor)]),
      )
    },
    async release() {
      if (isReleased) return
      isReleased = true
      await session.release()
    },
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

/**
 * Makes tensors ready to be fed again and again. On WebGPU they are copied to the device once,
 * through a session that hands its inputs on as device memory; elsewhere they are wrapped.
 */
export async function holdTensors<Name extends string>(
  tensors: Readonly<Record<Name, HostTensor>>,
  device: Device,
): Promise<Record<Name, HeldTensor>> {
  const entries = Object.entries(tensors) as [Name, HostTensor][]
  const wrapped = entries.map(([name, tensor]) => [name, new Held(toRuntime(tensor))] as const)
  if (device.provider !== 'webgpu' || entries.length === 0) return record(wrapped)
  return guarded(`tensors: cannot be held on ${device.name}`, async () => {
    const passing = await ort.InferenceSession.create(encodeProgram(passProgram(entries)), {
      executionProviders: ['webgpu'],
      preferredOutputLocation: 'gpu-buffer',
      graphOptimizationLevel: 'disabled',
      logSeverityLevel: 3,
    })
    const feeds = wrapped.map(([, held], index) => [`in_${index}`, held.tensor] as const)
    const results = await passing.run(Object.fromEntries(feeds)).catch(async (cause) => {
      await passing.release()
      throw cause
    })
    // The tensors live in memory of this session: ending it before the last of them is a fault
    // that ends the process, never ending it leaks as much memory as they take.
    let live = entries.length
    const afterRelease = () => {
      live -= 1
      if (live === 0) void passing.release()
    }
    return record(
      entries.map(([name], index) => [
        name,
        new Held(results[`out_${index}`] as ort.Tensor, afterRelease),
      ]),
    )
  })
}

/** `Object.fromEntries` that keeps the type of the names. */
function record<Name extends string>(
  entries: readonly (readonly [Name, HeldTensor])[],
): Record<Name, HeldTensor> {
  return Object.fromEntries(entries) as Record<Name, HeldTensor>
}

/** A program that gives out what it is fed. */
function passProgram(entries: readonly (readonly [string, HostTensor])[]): Program {
  const values = entries.map(([, tensor], index) => ({
    name: `in_${index}`,
    type: typeOf(tensor),
    shape: tensor.shape,
  }))
  return {
    name: 'hold',
    inputs: values,
    outputs: values.map((value, index) => ({ ...value, name: `out_${index}` })),
    initializers: [],
    operations: values.map((value, index) => ({
      op: 'Identity',
      domain: '',
      inputs: [value.name],
      outputs: [`out_${index}`],
      attributes: {},
    })),
  }
}

function toRuntime(feed: HostTensor | HeldTensor): ort.Tensor {
  if (feed instanceof Held) return feed.tensor
  const { data, shape } = feed as HostTensor
  if (data.length !== sizeOf(shape)) {
    throw new FormatError(
      `tensor: ${data.length} values, expected ${sizeOf(shape)} for [${shape.join(', ')}]`,
    )
  }
  return data instanceof BigInt64Array
    ? new ort.Tensor('int64', data, shape)
    : new ort.Tensor('float32', data, shape)
}

function fromRuntime(tensor: ort.OnnxValue): HostTensor {
  const { data, dims } = tensor as ort.Tensor
  return { data: data as Float32Array | BigInt64Array, shape: dims }
}

/** Says what a fault of the runtime means for the user. */
async function guarded<T>(what: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act()
  } catch (cause) {
    const message = messageOf(cause)
    if (/alloc|out of memory|OOM|bad_alloc/i.test(message)) {
      throw new DeviceError(`${what}: out of memory; try a smaller picture or batch`, { cause })
    }
    throw new DeviceError(`${what}: ${message}`, { cause })
  }
}
