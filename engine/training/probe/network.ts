import type { Builder } from '../../onnx/builder.ts'
import { add, mul, reshape } from '../../onnx/express.ts'
import type { Value } from '../../onnx/value.ts'
import { outputCount } from './classes.ts'
import { stripHeight, stripWidth } from './strip.ts'

/**
 * The probe: four convolutions that halve the picture each time and one linear layer. Small enough
 * to travel with the demo model, whose pictures it judges.
 */

const widths = [3, 16, 32, 48, 64] as const
const cells = (stripWidth / 16) * (stripHeight / 16)
const features = widths[4] * cells

/** Shapes of the weights by name. */
export const probeShapes: ReadonlyMap<string, readonly number[]> = new Map([
  ...[0, 1, 2, 3].flatMap((i): [string, number[]][] => [
    [`conv${i}.weight`, [widths[i + 1]!, widths[i]!, 3, 3]],
    [`conv${i}.bias`, [widths[i + 1]!]],
  ]),
  ['head.weight', [outputCount, features]],
  ['head.bias', [outputCount]],
])

/**
 * Appends the network. `image` is `[batch, 3, 64, 32]`, -1 to 1; the result `[batch, outputs]` are
 * the logits of all questions one after another.
 */
export function probeLogits(
  builder: Builder,
  image: Value,
  weight: (name: string) => Value,
): Value {
  let x = image
  for (let i = 0; i < 4; i++) {
    x = builder.op('Conv', [x, weight(`conv${i}.weight`), weight(`conv${i}.bias`)], {
      kernel_shape: [3, 3],
      pads: [1, 1, 1, 1],
      strides: [2, 2],
    })
    x = mul(builder, x, builder.op('Sigmoid', [x]))
  }
  const flat = reshape(builder, x, [-1, features])
  const product = builder.op('Gemm', [flat, weight('head.weight')], { transB: 1 })
  return add(builder, product, weight('head.bias'))
}
