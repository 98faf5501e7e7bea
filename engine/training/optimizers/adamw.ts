import { z } from 'zod'
import { add, scalar } from '../../onnx/express.ts'
import { betasOf, epsilon, weightDecay } from './arguments.ts'
import { blend, times } from './numeric.ts'
import { defineOptimizer, perGroup } from './optimizer.ts'

/**
 * Adam with decoupled weight decay. With `m` and `v` the running averages of the gradient and of
 * its square: `p (1 - rate decay) - rate m / (1 - b1^t) / (sqrt(v / (1 - b2^t)) + eps)`.
 * Source: Loshchilov and Hutter 2019, Algorithm 2, arXiv 1711.05101; defaults of PyTorch.
 */
export const adamW = defineOptimizer({
  about: 'Adam with decoupled weight decay: steps of about the rate for every number',
  args: z.strictObject({
    betas: betasOf(0.9, 0.999),
    eps: epsilon(1e-8),
    weightDecay: weightDecay(0.01),
  }),
  packing: 'flat',
  scalars: ({ args: { betas, weightDecay }, step, rates }) => ({
    rootCorrection: 1 / Math.sqrt(1 - betas[1] ** step),
    ...perGroup(rates, (rate) => ({
      stride: rate / (1 - betas[0] ** step),
      decay: 1 - rate * weightDecay,
    })),
  }),
  update: ({ builder, scalar: fed, state, keep }, blocks, { betas, eps, weightDecay }) =>
    blocks.map(({ name, group, shape, parameter, gradient }) => {
      const square = builder.op('Mul', [gradient, gradient])
      const first = `exp_avg ${name}`
      const second = `exp_avg_sq ${name}`
      const [beta1, beta2] = betas
      const m = state(first, { shape, initial: 'zeros' })
      const v = state(second, { shape, initial: 'zeros' })
      const nextM = blend(builder, m, beta1, gradient, 1 - beta1)
      const nextV = blend(builder, v, beta2, square, 1 - beta2)
      keep(first, nextM)
      keep(second, nextV)
      const root = times(builder, builder.op('Sqrt', [nextV]), fed('rootCorrection'))
      const direction = builder.op('Div', [nextM, add(builder, root, scalar(builder, eps))])
      const shift = times(builder, direction, fed(`stride ${group}`))
      const decayed = weightDecay ? times(builder, parameter, fed(`decay ${group}`)) : parameter
      return builder.op('Sub', [decayed, shift])
    }),
})
