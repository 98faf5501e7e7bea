import { FormatError } from '../../errors.ts'
import { quotientOf } from '../dims.ts'
import { bytesOf, fixedDim, integers, reshape, transpose } from '../express.ts'
import type { Value } from '../value.ts'
import { gradOutOf, product, type Rule, type RuleContext, sum } from './rule.ts'

type Pair = readonly [number, number]

/** How a convolution slides. */
interface Window {
  readonly kernel: Pair
  /** Top, left, bottom, right. */
  readonly pads: readonly [number, number, number, number]
  readonly stride: number
  /** How much `stride` times the output is larger than the input, on both axes. */
  readonly excess: Pair
}

function windowOf({ attributes, inputs, outputs, op }: RuleContext): Window {
  const [x, weight] = inputs as [Value, Value]
  const pads = (attributes.pads ?? [0, 0, 0, 0]) as Window['pads']
  const strides = (attributes.strides ?? [1, 1]) as readonly number[]
  if (Number(attributes.group ?? 1) !== 1 || strides[0] !== strides[1]) {
    throw new FormatError(`${op}: gradient for groups or unequal strides, expected neither`)
  }
  const [stride] = strides as [number]
  const kernel = weight.shape.slice(2).map(fixedDim) as [number, number]
  const excess = [0, 1].map((axis) => {
    const [from, to] = [x.shape[axis + 2]!, outputs[0]!.shape[axis + 2]!]
    if (typeof from === 'number' && typeof to === 'number') return to * stride - from
    if (stride === 1) return pads[axis]! + pads[axis + 2]! + 1 - kernel[axis]!
    if (quotientOf(from, stride) === to) return 0
    throw new FormatError(`${op}: gradient from size ${to} to ${from}, expected ${stride} times it`)
  }) as [number, number]
  return { kernel, pads, stride, excess }
}

/**
 * `dx`: the transposed convolution of the gradient. A trained kernel of stride 1 is turned round
 * and convolved with, which is a little faster; a frozen one is not, because the runtime would
 * keep its turned copy beside it.
 */
function inputGradient(context: RuleContext, window: Window): Value {
  const { builder, inputs } = context
  const weight = inputs[1]!
  const gradOut = gradOutOf(context)
  const { kernel, pads, stride, excess } = window
  const turnedPads = pads.map((pad, index) => kernel[index % 2]! - 1 - pad)
  if (stride === 1 && context.wants[1] && turnedPads.every((pad) => pad >= 0)) {
    return builder.op('Conv', [gradOut, turned(context, weight)], {
      kernel_shape: kernel,
      pads: turnedPads,
      strides: [1, 1],
    })
  }
  // Of the input, rows and columns may be left at which no window ends.
  const rest = [0, 1].map(
    (axis) => pads[axis]! + pads[axis + 2]! + stride - kernel[axis]! - excess[axis]!,
  )
  return builder.op('ConvTranspose', [gradOut, weight], {
    kernel_shape: kernel,
    pads,
    strides: [stride, stride],
    output_padding: rest,
  })
}

/** The kernel turned by 180 degrees, with inputs and outputs exchanged. */
function turned({ builder }: RuleContext, weight: Value): Value {
  const [out, inner, height, width] = weight.shape.map(fixedDim) as [number, number, number, number]
  const count = height * width
  if (count === 1) return transpose(builder, weight, [1, 0, 2, 3])
  const flat = reshape(builder, weight, [out, inner, count])
  const backwards = Array.from({ length: count }, (_, i) => count - 1 - i)
  const flipped = builder.op('Gather', [flat, integers(builder, backwards)], { axis: 2 })
  return transpose(builder, reshape(builder, flipped, [out, inner, height, width]), [1, 0, 2, 3])
}

/**
 * `dw[o, i, r, c] = sum over pictures and places of dy[o] x[i]` with `x` moved by the kernel's
 * place: one matrix product per place. Moving is padding on one side and cropping on the other.
 */
function weightGradient(context: RuleContext, window: Window): Value {
  const { builder, inputs } = context
  const [x, weight] = inputs as [Value, Value]
  const [out, inner, height, width] = weight.shape.map(fixedDim) as [number, number, number, number]
  const flatGrad = reshape(builder, spreadOut(context, window), [0, out, -1])
  const parts: Value[] = []
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const flat = reshape(builder, moved(context, x, window, [row, column]), [0, inner, -1])
      parts.push(sum(builder, product(context, flatGrad, flat, { transB: 1 }), [0], 0))
    }
  }
  if (parts.length === 1) return reshape(builder, parts[0]!, [out, inner, 1, 1])
  const axes = integers(builder, [2])
  const columns = parts.map((part) => builder.op('Unsqueeze', [part, axes]))
  const joined = builder.op('Concat', columns, { axis: 2 })
  return reshape(builder, joined, [out, inner, height, width])
}

/** What stands under one place of the kernel, on the grid of the spread gradient. */
function moved({ builder }: RuleContext, x: Value, window: Window, place: Pair): Value {
  const { pads, excess } = window
  const [down, right] = [pads[0] - place[0], pads[1] - place[1]]
  const [below, beside] = [excess[0] - down, excess[1] - right]
  if (down === 0 && right === 0 && below === 0 && beside === 0) return x
  return builder.op('Pad', [x, integers(builder, [0, 0, down, right, 0, 0, below, beside])])
}

/** The gradient on the input's grid: between its places, a stride leaves zeros. */
function spreadOut(context: RuleContext, { stride }: Window): Value {
  const { builder } = context
  const gradOut = gradOutOf(context)
  if (stride === 1) return gradOut
  const channels = fixedDim(gradOut.shape[1])
  const ones = new Float32Array(channels).fill(1)
  const kernel = builder.constant('float32', [channels, 1, 1, 1], bytesOf(ones))
  return builder.op('ConvTranspose', [gradOut, kernel], {
    kernel_shape: [1, 1],
    pads: [0, 0, 0, 0],
    strides: [stride, stride],
    output_padding: [stride - 1, stride - 1],
    group: channels,
  })
}

/** Rule of convolutions; the bias gathers over pictures and places. */
export const convolutionRules = {
  Conv: (context) => {
    const { builder, wants } = context
    const window = windowOf(context)
    return [
      wants[0] ? inputGradient(context, window) : undefined,
      wants[1] ? weightGradient(context, window) : undefined,
      wants[2] ? sum(builder, gradOutOf(context), [0, 2, 3], 0) : undefined,
    ]
  },
} satisfies Record<string, Rule>
