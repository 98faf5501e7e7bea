import { z } from 'zod'
import { weightDecay } from './arguments.ts'
import { blend, times } from './numeric.ts'
import { defineOptimizer, perGroup } from './optimizer.ts'

/**
 * Gradient descent with Nesterov's momentum: `b = momentum b + g`, then
 * `p - rate (g + momentum b)`. Weight decay is added to the gradient.
 * Source: Sutskever et al. 2013 in the form of PyTorch's `SGD(nesterov=True)`; momentum of kohya.
 */
export const sgdNesterov = defineOptimizer({
  about: 'gradient descent with momentum that looks ahead; needs a far higher rate',
  args: z.strictObject({
    momentum: z.number().gt(0).lt(1).default(0.9).describe('share of the last step that is kept'),
    weightDecay: weightDecay(0),
  }),
  packing: 'flat',
  scalars: ({ rates }) => perGroup(rates, (rate) => ({ rate })),
  update: ({ builder, scalar, state, keep }, blocks, { momentum, weightDecay }) =>
    blocks.map(({ name, group, shape, parameter, gradient }) => {
      const slope = weightDecay ? blend(builder, gradient, 1, parameter, weightDecay) : gradient
      const slot = `momentum_buffer ${name}`
      const next = blend(builder, state(slot, { shape, initial: 'zeros' }), momentum, slope, 1)
      keep(slot, next)
      const ahead = blend(builder, slope, 1, next, momentum)
      return builder.op('Sub', [parameter, times(builder, ahead, scalar(`rate ${group}`))])
    }),
})
