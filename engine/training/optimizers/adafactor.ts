import { z } from 'zod'
import { add, integers, scalar } from '../../onnx/express.ts'
import type { Value } from '../../onnx/value.ts'
import { weightDecay } from './arguments.ts'
import { blend, rootMeanSquare, times } from './numeric.ts'
import { type Block, defineOptimizer, perGroup, type UpdateScope } from './optimizer.ts'

const positive = z.number().gt(0)

/**
 * Keeps the mean squares of the gradient's rows and columns (over the last two axes) instead of all
 * squares: `v = row column / mean(row)`. Parameters with one axis keep all. Every parameter's step
 * is shortened to a root mean square of `clipThreshold`, and scaled by that of the parameter. With
 * `relativeStep` the rates given from outside are not used.
 * Source: Shazeer and Stern 2018, Algorithms 4 and 5, arXiv 1804.04235, in the form and with the
 * defaults of transformers.
 */
export const adafactor = defineOptimizer({
  about: 'little memory: squares by rows and columns; sets its own rate unless relativeStep is off',
  args: z.strictObject({
    eps: z
      .tuple([positive, positive])
      .default([1e-30, 1e-3])
      .describe('added to the squared gradient; least size of a parameter'),
    clipThreshold: positive.default(1).describe('largest root mean square of a step'),
    decayRate: z
      .number()
      .lt(0)
      .gte(-2)
      .default(-0.8)
      .describe('exponent of the step in the average'),
    beta1: z.number().gt(0).lt(1).optional().describe('average the steps too; absent is off'),
    weightDecay: weightDecay(0),
    scaleParameter: z.boolean().default(true).describe('steps in proportion to the parameter'),
    relativeStep: z.boolean().default(true).describe('rate from the number of the step alone'),
    warmupInit: z.boolean().default(false).describe('relative steps start small'),
  }),
  packing: 'stacked',
  scalars: ({ args, step, rates }) => {
    const beta = 1 - step ** args.decayRate
    const relative = Math.min(args.warmupInit ? 1e-6 * step : 1e-2, 1 / Math.sqrt(step))
    return {
      squareKeep: beta,
      squareGain: 1 - beta,
      ...perGroup(rates, (rate) => ({ rate: args.relativeStep ? relative : rate })),
    }
  },
  update: (scope, blocks, args) =>
    blocks.map((block) => {
      const { builder, scalar: fed, state, keep } = scope
      const { name, group, shape, parameter } = block
      const own = shape.map((_, axis) => axis).slice(1)
      const least = (x: Value, bound: number) => builder.op('Max', [x, scalar(builder, bound)])
      const direction = whitened(scope, block, args.eps[0])
      const excess = times(builder, rootMeanSquare(builder, direction, own), 1 / args.clipThreshold)
      const clipped = builder.op('Div', [direction, least(excess, 1)])
      const size = args.scaleParameter
        ? least(rootMeanSquare(builder, parameter, own), args.eps[1])
        : 1
      const rate = size === 1 ? fed(`rate ${group}`) : times(builder, size, fed(`rate ${group}`))
      let shift = times(builder, clipped, rate)
      if (args.beta1 !== undefined) {
        const slot = `exp_avg ${name}`
        const m = state(slot, { shape, initial: 'zeros' })
        shift = blend(builder, m, args.beta1, shift, 1 - args.beta1)
        keep(slot, shift)
      }
      const lost = times(builder, rate, args.weightDecay)
      const decayed = args.weightDecay
        ? builder.op('Sub', [parameter, builder.op('Mul', [parameter, lost])])
        : parameter
      return builder.op('Sub', [decayed, shift])
    }),
})

/** The gradient divided by the root of its averaged square. */
function whitened(scope: UpdateScope, block: Block, eps: number): Value {
  const { builder, scalar: fed, state, keep } = scope
  const { name, shape, gradient } = block
  const square = add(builder, builder.op('Mul', [gradient, gradient]), scalar(builder, eps))
  const averaged = (slot: string, value: Value): Value => {
    const before = state(`${slot} ${name}`, { shape: value.shape.map(Number), initial: 'zeros' })
    const next = blend(builder, before, fed('squareKeep'), value, fed('squareGain'))
    keep(`${slot} ${name}`, next)
    return next
  }
  const meanOver = (x: Value, axis: number) =>
    builder.op('ReduceMean', [x, integers(builder, [axis])])
  const by = (x: Value, squared: Value) => builder.op('Div', [x, builder.op('Sqrt', [squared])])
  // The first axis counts the parameters of the block.
  if (shape.length < 3) return by(gradient, averaged('exp_avg_sq', square))
  const row = averaged('exp_avg_sq_row', meanOver(square, shape.length - 1))
  const column = averaged('exp_avg_sq_col', meanOver(square, shape.length - 2))
  const share = builder.op('Div', [row, meanOver(row, shape.length - 2)])
  return by(by(gradient, share), column)
}
