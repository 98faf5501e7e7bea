import { FormatError } from '../errors.ts'
import type { Matrix } from './matrix.ts'
import type { Part } from './naming.ts'

/** The tensors that a LoRA file has for one tensor of a network, and how they are read. */
export interface LayerRequest {
  readonly file: string
  readonly parts: LoraParts
  /** Canonical name: a layer, or `NAME.bias`. */
  readonly layer: string
  /** Shape of its weight: `[out, in]` or `[out, in, height, width]`; `[out]` of a norm or bias. */
  readonly shape: readonly number[]
  /** Scale from the metadata, for a file without `alpha` tensors. */
  readonly scaleFor: (rank: number) => number | undefined
}

/** One tensor of a LoRA file. */
export interface LoraTensor {
  /** The key in the file. */
  readonly name: string
  readonly shape: readonly number[]
  readonly data: Float32Array
}

/** What one layer gets from a file. */
export type LoraParts = ReadonlyMap<Part, LoraTensor>

/** A part that must be there. Throws a FormatError that names those which are. */
export function need({ file, parts, layer }: LayerRequest, part: Part): LoraTensor {
  const tensor = parts.get(part)
  if (tensor) return tensor
  const found = [...parts.values()].map(({ name }) => name).join(', ')
  throw new FormatError(`${file}: only ${found} found for ${layer}, also its ${part} expected`)
}

/**
 * A part as a matrix: its first size is the rows, the others together are the columns. Throws a
 * FormatError that names the tensor, its shape and the shape expected if they do not fit.
 */
export function matrixOf(
  request: LayerRequest,
  part: Part,
  [rows, columns]: readonly [number, number],
): Matrix {
  const tensor = need(request, part)
  const { shape, data } = tensor
  if (rows === 0 || shape[0] !== rows || data.length !== rows * columns) {
    throw misfit(request, tensor, `[${rows}, ${columns}]`)
  }
  return { rows, columns, data }
}

/** A part of `length` numbers, whatever its axes. */
export function vectorOf(request: LayerRequest, part: Part, length: number): Float32Array {
  const tensor = need(request, part)
  if (tensor.data.length !== length) throw misfit(request, tensor, `[${length}]`)
  return tensor.data
}

/** Says that a tensor does not fit its layer. */
export function misfit(
  request: LayerRequest,
  { name, shape }: LoraTensor,
  expected: string,
): FormatError {
  return new FormatError(
    `${request.file}: ${name} is [${shape.join(', ')}], ${expected} expected by ` +
      `${request.layer}, whose weight is [${request.shape.join(', ')}]`,
  )
}

/** `alpha / rank`, or what the metadata says of it, or 1. */
export function scaleOf({ parts, scaleFor }: LayerRequest, rank: number): number {
  const alpha = parts.get('alpha')?.data[0]
  return alpha === undefined ? (scaleFor(rank) ?? 1) : alpha / rank
}

/** Outputs of the layer. */
export function rowsOf({ shape }: LayerRequest): number {
  return shape[0] ?? 0
}

/** Inputs of the layer; 1 for a norm or a bias. */
export function inputsOf({ shape }: LayerRequest): number {
  return shape[1] ?? 1
}

/** Places of the layer's kernel; 1 for a linear layer. */
export function areaOf({ shape }: LayerRequest): number {
  return (shape[2] ?? 1) * (shape[3] ?? 1)
}

/** Inputs of the layer at all places of its kernel. */
export function columnsOf(request: LayerRequest): number {
  return inputsOf(request) * areaOf(request)
}
