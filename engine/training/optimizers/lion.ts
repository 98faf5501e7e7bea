import { z } from 'zod'
import { betasOf, weightDecay } from './arguments.ts'
import { blend, sign, times } from './numeric.ts'
import { defineOptimizer, perGroup } from './optimizer.ts'

/**
 * Steps of exactly the rate: `p (1 - rate decay) - rate sign(b1 m + (1 - b1) g)`, then
 * `m = b2 m + (1 - b2) g`. Wants about a tenth of AdamW's rate.
 * Source: Chen et al. 2023, Algorithm 2, arXiv 2302.06675; defaults of lion-pytorch.
 */
export const lion = defineOptimizer({
  about: 'steps of one size, from the sign of the averaged gradient; a tenth of AdamW’s rate',
  args: z.strictObject({ betas: betasOf(0.9, 0.99), weightDecay: weightDecay(0) }),
  packing: 'flat',
  scalars: ({ args: { weightDecay }, rates }) =>
    perGroup(rates, (rate) => ({ rate, decay: 1 - rate * weightDecay })),
  update: ({ builder, scalar, state, keep }, blocks, { betas, weightDecay }) =>
    blocks.map(({ name, group, shape, parameter, gradient }) => {
      const [beta1, beta2] = betas
      const slot = `exp_avg ${name}`
      const m = state(slot, { shape, initial: 'zeros' })
      keep(slot, blend(builder, m, beta2, gradient, 1 - beta2))
      const direction = sign(builder, blend(builder, m, beta1, gradient, 1 - beta1))
      const decayed = weightDecay ? times(builder, parameter, scalar(`decay ${group}`)) : parameter
      return builder.op('Sub', [decayed, times(builder, direction, scalar(`rate ${group}`))])
    }),
})
