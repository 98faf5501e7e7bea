import type { Part } from '../../lora/naming.ts'
import { fixedDim, mul, reshape, scalar } from '../../onnx/express.ts'
import type { Value } from '../../onnx/value.ts'
import {
  type ChangeRequest,
  coreProduct,
  matrixOf,
  partOf,
  productOf,
  sizesOf,
  turned,
} from './request.ts'

/**
 * The changes of a weight as matrices `[out, in * area]` at strength 1, by the formulas with which
 * files are read, see `lora/linear-changes.ts`.
 */

/** `s up down`, or `s up (mid down)`. */
export function loraDelta(request: ChangeRequest): Value {
  const right = request.parts.has('mid')
    ? coreProduct(request, 'mid', 'down')
    : matrixOf(request, 'down')
  return scaled(request, request.builder.op('MatMul', [matrixOf(request, 'up'), right]))
}

/** `s (w1_a w1_b) ⊙ (w2_a w2_b)`. */
export function hadamardDelta(request: ChangeRequest): Value {
  const first = hadamardSide(request, 'hada_w1_a', 'hada_w1_b', 'hada_t1')
  const second = hadamardSide(request, 'hada_w2_a', 'hada_w2_b', 'hada_t2')
  return scaled(request, mul(request.builder, first, second))
}

function hadamardSide(request: ChangeRequest, a: Part, b: Part, t: Part): Value {
  if (!request.parts.has(t)) return productOf(request, a, b)
  return request.builder.op('MatMul', [turned(request, a), coreProduct(request, t, b)])
}

/** `s w1 ⊗ w2`, each whole or a product; two whole matrices are not scaled. */
export function kroneckerDelta(request: ChangeRequest): Value {
  const { builder, parts } = request
  const isWhole = parts.has('lokr_w1') && parts.has('lokr_w2')
  const first = parts.has('lokr_w1')
    ? partOf(request, 'lokr_w1')
    : productOf(request, 'lokr_w1_a', 'lokr_w1_b')
  const second = kroneckerSide(request)
  const [out1, in1] = first.shape.map(fixedDim) as [number, number]
  const [out2, columns2] = second.shape.map(fixedDim) as [number, number]
  const { rows, inputs, area } = sizesOf(request)
  const outer = reshape(builder, first, [out1, 1, in1, 1])
  const inner = reshape(builder, second, [1, out2, 1, columns2])
  const product = reshape(builder, mul(builder, outer, inner), [rows, inputs * area])
  return isWhole ? product : scaled(request, product)
}

function kroneckerSide(request: ChangeRequest): Value {
  const { builder, parts } = request
  if (parts.has('lokr_w2')) return matrixOf(request, 'lokr_w2')
  if (!parts.has('lokr_t2')) return productOf(request, 'lokr_w2_a', 'lokr_w2_b')
  const right = coreProduct(request, 'lokr_t2', 'lokr_w2_b')
  return builder.op('MatMul', [turned(request, 'lokr_w2_a'), right])
}

function scaled({ builder, scale }: ChangeRequest, delta: Value): Value {
  return scale === 1 ? delta : mul(builder, delta, scalar(builder, scale))
}
