import { FormatError } from '../../errors.ts'
import {
  encodeSafetensors,
  parseSafetensors,
  type SafetensorsTensor,
  toFloat32,
} from '../../formats/safetensors.ts'
import { bytesOf } from '../../onnx/express.ts'
import type { LoggedValidation } from '../result.ts'

/** Plain data as JSON holds it. */
export type Plain = null | boolean | number | string | readonly Plain[] | { [key: string]: Plain }

/** What a run is about: a state belongs to no other. */
export interface RunIdentity {
  /** The model's name, for messages, and the content key of its U-Net. */
  readonly model: string
  readonly unet: string
  readonly textEncoder: string
  readonly vae: string
}

/** Everything from which a run goes on as if it had never been interrupted. */
export interface RunState {
  /** Finished optimizer steps. */
  readonly step: number
  readonly identity: RunIdentity
  /** By name; what may not change while a run is resumed. */
  readonly settings: Readonly<Record<string, Plain>>
  readonly validations: readonly LoggedValidation[]
  /** Most samples computed at once, where memory did not hold a batch. */
  readonly microBatch?: number
  /** When the run began, milliseconds since 1970. */
  readonly startedAt: number
  /** Parameters and optimizer state as the trainer gives them. */
  readonly tensors: ReadonlyMap<string, Float32Array>
}

/** Format of the state file; raised when it changes. */
const version = 1
const metadataKey = 'mazeru.training'

/** A state as a safetensors file, its own facts in the metadata. */
export function encodeState({ tensors, ...facts }: RunState): Uint8Array {
  const entries = [...tensors].map(([name, data]): [string, SafetensorsTensor] => [
    name,
    { dtype: 'F32', shape: [data.length], bytes: bytesOf(data) },
  ])
  return encodeSafetensors(entries, { [metadataKey]: JSON.stringify({ version, ...facts }) })
}

/** Reads a state. Throws a FormatError for another file, and for a state of a later version. */
export function decodeState(file: string, bytes: Uint8Array): RunState {
  const { tensors, metadata } = parseSafetensors(file, bytes)
  const text = metadata[metadataKey]
  if (text === undefined) {
    throw new FormatError(`${file}: no metadata ${metadataKey}, the state of a training expected`)
  }
  const { version: found, ...facts } = JSON.parse(text)
  if (found !== version) {
    throw new FormatError(`${file}: state of version ${found}, version ${version} expected`)
  }
  const values = [...tensors].map(([name, tensor]) => [name, toFloat32(tensor)] as const)
  return { ...facts, tensors: new Map(values) }
}
