import * as ort from 'onnxruntime-node'
import { FormatError } from '../errors.ts'
import { encodeProgram } from '../onnx/encode.ts'
import type { Program } from '../onnx/value.ts'
import type { Device } from './device.ts'
import { guarded } from './faults.ts'
import { type HostTensor, sizeOf, typeOf } from './tensor.ts'

/** A tensor ready to be fed many times: on a GPU it lives there. */
export interface HeldTensor {
  readonly shape: readonly number[]
  /** Frees device memory; on the CPU there is nothing to free. */
  release(): void
}

/** Bytes that cross between the host and programs; what is held crosses nothing. */
export interface Traffic {
  bytesUploaded: number
  bytesReadBack: number
}

/** The one kind of held tensor. */
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
 * Keeps a session of the runtime until the last tensor that lives in its memory is released: ending
 * it before is a fault that ends the process, never ending it leaks as much memory as they take.
 */
export class HeldMemory {
  readonly #end: () => Promise<void>
  #live = 0
  #isOver = false

  constructor(end: () => Promise<void>) {
    this.#end = end
  }

  /** A result of the session as a held tensor. */
  hold(value: ort.OnnxValue): HeldTensor {
    const tensor = value as ort.Tensor
    if (tensor.location !== 'gpu-buffer') return new Held(tensor)
    this.#live += 1
    return new Held(tensor, () => {
      this.#live -= 1
      if (this.#isOver && this.#live === 0) void this.#end()
    })
  }

  /** Ends the session now, or with its last tensor. */
  async end(): Promise<void> {
    if (this.#isOver) return
    this.#isOver = true
    if (this.#live === 0) await this.#end()
  }
}

/**
 * Makes tensors ready to be fed again and again. On WebGPU they are copied to the device once,
 * through a session that hands its inputs on as device memory; elsewhere they are wrapped.
 */
export async function holdTensors<Name extends string>(
  tensors: Readonly<Record<Name, HostTensor>>,
  device: Device,
  traffic?: Traffic,
): Promise<Record<Name, HeldTensor>> {
  const entries = Object.entries(tensors) as [Name, HostTensor][]
  const wrapped = entries.map(([name, tensor]) => [name, new Held(toRuntime(tensor))] as const)
  if (traffic) traffic.bytesUploaded += bytesIn(entries.map(([, tensor]) => tensor))
  if (device.provider !== 'webgpu' || entries.length === 0) return record(wrapped)
  return guarded(`tensors: cannot be held on ${device.name}`, async () => {
    const program = passProgram(entries.map(([, tensor]) => tensor))
    const passing = await openPassing(program, 'gpu-buffer')
    const memory = new HeldMemory(() => passing.release())
    try {
      const results = await passing.run(inputsOf(wrapped.map(([, held]) => held)))
      return record(
        entries.map(([name], index) => [name, memory.hold(results[`out_${index}`]!)] as const),
      )
    } finally {
      await memory.end()
    }
  })
}

/** The numbers of a held float32 tensor where the host has them: not on WebGPU. No copy. */
export function hostNumbers(held: HeldTensor): Float32Array | undefined {
  const { tensor } = held as Held
  return tensor.location === 'gpu-buffer' ? undefined : (tensor.data as Float32Array)
}

/** Copies held float32 tensors to the host; where they lie there already, it takes them. */
export async function readTensors<Name extends string>(
  tensors: Readonly<Record<Name, HeldTensor>>,
  device: Device,
  traffic?: Traffic,
): Promise<Record<Name, HostTensor>> {
  const entries = Object.entries(tensors) as [Name, Held][]
  const known = entries.map(([, held]) => hostNumbers(held))
  if (known.every((data) => data !== undefined)) {
    return record(
      entries.map(([name, { shape }], index) => [name, { data: known[index]!, shape }] as const),
    )
  }
  return guarded(`tensors: cannot be read from ${device.name}`, async () => {
    const helds = entries.map(([, held]) => held)
    const sized = helds.map(({ shape }) => ({ data: new Float32Array(0), shape }))
    // Reading a tensor of the device itself ends the process; what a session gives out does not.
    const passing = await openPassing(passProgram(sized), 'cpu')
    try {
      const results = await passing.run(inputsOf(helds))
      const read = entries.map(
        ([name], index) => [name, fromRuntime(results[`out_${index}`]!)] as const,
      )
      if (traffic) traffic.bytesReadBack += bytesIn(read.map(([, tensor]) => tensor))
      return record(read)
    } finally {
      await passing.release()
    }
  })
}

/** What is fed, as the runtime takes it. Throws a `FormatError` where numbers are missing. */
export function toRuntime(feed: HostTensor | HeldTensor): ort.Tensor {
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

/** A result in host memory. */
export function fromRuntime(tensor: ort.OnnxValue): HostTensor {
  const { data, dims } = tensor as ort.Tensor
  return { data: data as Float32Array | BigInt64Array, shape: dims }
}

/** Bytes of those that are in host memory. */
export function bytesIn(tensors: readonly (HostTensor | HeldTensor)[]): number {
  return tensors.reduce((sum, tensor) => sum + ('data' in tensor ? tensor.data.byteLength : 0), 0)
}

function openPassing(
  program: Program,
  preferredOutputLocation: 'gpu-buffer' | 'cpu',
): Promise<ort.InferenceSession> {
  return ort.InferenceSession.create(encodeProgram(program), {
    executionProviders: ['webgpu'],
    preferredOutputLocation,
    graphOptimizationLevel: 'disabled',
    logSeverityLevel: 3,
  })
}

function inputsOf(helds: readonly Held[]): Record<string, ort.Tensor> {
  return Object.fromEntries(helds.map(({ tensor }, index) => [`in_${index}`, tensor]))
}

/** `Object.fromEntries` that keeps the type of the names. */
function record<Name extends string, Entry>(
  entries: readonly (readonly [Name, Entry])[],
): Record<Name, Entry> {
  return Object.fromEntries(entries) as Record<Name, Entry>
}

/** A program that gives out what it is fed. */
function passProgram(tensors: readonly HostTensor[]): Program {
  const values = tensors.map((tensor, index) => ({
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
