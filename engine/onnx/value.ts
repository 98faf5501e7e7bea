import type { Dim, Shape } from './dims.ts'

/** Element types a program may hold. */
export type ElementType = 'float32' | 'float16' | 'bfloat16' | 'int64' | 'int32' | 'bool'

/** One tensor inside a program. */
export interface Value {
  readonly name: string
  readonly type: ElementType
  readonly shape: Shape
  /** What an int64 vector holds, where that is known in advance: sizes for `Reshape`. */
  readonly content?: readonly Dim[]
}

/** Where the bytes of a weight stand: a slice of a file that belongs to the user. */
export interface ExternalData {
  /** Absolute path. */
  readonly file: string
  readonly offset: number
  readonly length: number
}

/** A constant: small ones and baked weights carry their bytes, other weights are in their file. */
export interface Initializer {
  readonly value: Value
  readonly bytes?: Uint8Array
  readonly external?: ExternalData
}

export type Attribute = number | string | readonly number[] | { readonly float: number }

/** One application of an op. */
export interface Operation {
  readonly op: string
  readonly domain: string
  /** An absent optional input is the empty name. */
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  readonly attributes: Readonly<Record<string, Attribute>>
}

/** A finished program: what is fed, what is held, what is done, what comes out. */
export interface Program {
  readonly name: string
  readonly inputs: readonly Value[]
  readonly outputs: readonly Value[]
  readonly initializers: readonly Initializer[]
  readonly operations: readonly Operation[]
}

/** Bytes of all constants of a program, those in files and those in memory. */
export function weightBytesOf({ initializers }: Program): number {
  return initializers.reduce(
    (sum, { external, bytes }) => sum + (external?.length ?? bytes?.byteLength ?? 0),
    0,
  )
}

/** Bytes of one element. */
export const elementSize: Readonly<Record<ElementType, number>> = {
  float32: 4,
  float16: 2,
  bfloat16: 2,
  int64: 8,
  int32: 4,
  bool: 1,
}

/** ONNX's numbers for element types, in files and as the target of `Cast`. */
export const elementCodes: Readonly<Record<ElementType, number>> = {
  float32: 1,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  bfloat16: 16,
}
