import type { Builder } from '../../onnx/builder.ts'
import { cast, integers, reshape, scalar } from '../../onnx/express.ts'
import type { Value } from '../../onnx/value.ts'

/** What a loss is computed from, all in one program. */
export interface LossInputs {
  readonly kind: LossType
  /** `[batch, 4, height/8, width/8]`, what the network said. */
  readonly prediction: Value
  /** The same shape, what it should have said. */
  readonly target: Value
  /** `[batch, 1, height/8, width/8]`: factors on the parts of a picture. */
  readonly cellWeight?: Value | undefined
  /** `[batch]`: the threshold, for the losses that have one. */
  readonly huberC?: Value | undefined
}

/** What the error of an element is made of. */
interface Parts {
  readonly gap: Value
  /** With axes to spread over a picture, `[batch, 1, 1, 1]`. */
  readonly threshold?: Value
}

interface LossDefinition {
  readonly hasThreshold: boolean
  /** The error of every element. */
  readonly errors: (builder: Builder, parts: Parts) => Value
}

/** What the error of one element is, by kohya's names. */
export type LossType = 'l2' | 'l1' | 'huber' | 'smooth_l1'

/** Losses by kohya's names. The two with a threshold c are pseudo-Huber losses. */
export const lossTypes: Readonly<Record<LossType, LossDefinition>> = {
  l2: { hasThreshold: false, errors: (builder, { gap }) => builder.op('Mul', [gap, gap]) },
  l1: { hasThreshold: false, errors: (builder, { gap }) => builder.op('Abs', [gap]) },
  // 2 c (sqrt(d^2 + c^2) - c): near 0 as l2, far away as 2 c l1.
  huber: {
    hasThreshold: true,
    errors: (builder, parts) => {
      const factor = builder.op('Mul', [scalar(builder, 2), thresholdOf(parts)])
      return builder.op('Mul', [factor, softGap(builder, parts)])
    },
  },
  // 2 (sqrt(d^2 + c^2) - c): near 0 as l2 / c, far away as 2 l1.
  smooth_l1: {
    hasThreshold: true,
    errors: (builder, parts) => builder.op('Mul', [scalar(builder, 2), softGap(builder, parts)]),
  },
}

/**
 * The loss of every picture of a batch, `[batch]`: the mean over all elements of error times cell
 * weight. Weights of pictures and the mean over the batch are the caller's.
 */
export function lossPerSample(
  builder: Builder,
  { kind, prediction, target, cellWeight, huberC }: LossInputs,
): Value {
  const gap = builder.op('Sub', [cast(builder, prediction, 'float32'), target])
  const threshold = huberC && reshape(builder, huberC, [-1, 1, 1, 1])
  const errors = lossTypes[kind].errors(builder, { gap, ...(threshold && { threshold }) })
  const weighted = cellWeight ? builder.op('Mul', [errors, cellWeight]) : errors
  const means = builder.op('ReduceMean', [weighted, integers(builder, [1, 2, 3])])
  return reshape(builder, means, [-1])
}

/** `sqrt(d^2 + c^2) - c`. */
function softGap(builder: Builder, parts: Parts): Value {
  const threshold = thresholdOf(parts)
  const squares = builder.op('Add', [
    builder.op('Mul', [parts.gap, parts.gap]),
    builder.op('Mul', [threshold, threshold]),
  ])
  return builder.op('Sub', [builder.op('Sqrt', [squares]), threshold])
}

function thresholdOf({ threshold }: Parts): Value {
  if (!threshold) throw new TypeError('this loss has a threshold, and none was given')
  return threshold
}
