import { FormatError } from '../../errors.ts'
import type { Part } from '../../lora/naming.ts'
import type { Builder } from '../../onnx/builder.ts'
import { fixedDim, reshape, transpose } from '../../onnx/express.ts'
import type { Value } from '../../onnx/value.ts'

/** What a change of one weight is made of, inside a program. */
export interface ChangeRequest {
  readonly builder: Builder
  /** The layer's weight, `[out, in]` or `[out, in, height, width]`. */
  readonly stored: Value
  readonly parts: ReadonlyMap<Part, Value>
  /** `alpha / rank`. */
  readonly scale: number
}

/** Sizes of the weight as `[rows, inputs * area]`. */
export function sizesOf({ stored }: ChangeRequest): { rows: number; inputs: number; area: number } {
  const [rows, inputs, height = 1, width = 1] = stored.shape.map(fixedDim) as [number, number]
  return { rows, inputs, area: height * width }
}

/** A part that must be there. */
export function partOf({ parts, stored }: ChangeRequest, part: Part): Value {
  const value = parts.get(part)
  if (value) return value
  throw new FormatError(`${stored.name}: no ${part} in training, expected one`)
}

/** A part as a matrix: its first size is the rows, the others together are the columns. */
export function matrixOf(request: ChangeRequest, part: Part): Value {
  const value = partOf(request, part)
  if (value.shape.length === 2) return value
  return reshape(request.builder, value, [fixedDim(value.shape[0]), -1])
}

/** The product of two parts. */
export function productOf(request: ChangeRequest, left: Part, right: Part): Value {
  const { builder } = request
  return builder.op('MatMul', [matrixOf(request, left), matrixOf(request, right)])
}

/** Tucker core `t` `[r, s, height, width]` applied to `right` `[s, in]`: `[r, in * area]`. */
export function coreProduct(request: ChangeRequest, t: Part, right: Part): Value {
  const { builder } = request
  const core = partOf(request, t)
  const [outer, inner, ...kernel] = core.shape.map(fixedDim) as [number, number]
  const area = kernel.reduce((product: number, size) => product * size, 1)
  const places = transpose(builder, reshape(builder, core, [outer, inner, area]), [0, 2, 1])
  const flat = reshape(builder, places, [outer * area, inner])
  const applied = builder.op('MatMul', [flat, matrixOf(request, right)])
  const apart = transpose(builder, reshape(builder, applied, [outer, area, -1]), [0, 2, 1])
  return reshape(builder, apart, [outer, -1])
}

/** A matrix of numbers `[rank, out]` turned to `[out, rank]`: how Tucker forms store it. */
export function turned(request: ChangeRequest, part: Part): Value {
  return transpose(request.builder, matrixOf(request, part), [1, 0])
}
