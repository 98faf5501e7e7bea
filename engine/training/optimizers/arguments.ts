import { z } from 'zod'

/** Arguments that several optimizers have. */

const beta = z.number().min(0).lt(1)

/** Shares that two running averages keep. */
export function betasOf(first: number, second: number) {
  return z
    .tuple([beta, beta])
    .default([first, second])
    .describe('shares that the averages of the gradient and of its square keep')
}

/** Keeps a divisor from 0. */
export function epsilon(standard: number) {
  return z.number().gt(0).lt(1).default(standard).describe('added to a divisor')
}

/** Share of a parameter that a step at rate 1 takes away. */
export function weightDecay(standard: number) {
  return z
    .number()
    .min(0)
    .max(100)
    .default(standard)
    .describe('pulls the parameters towards 0; 0 is off')
}
