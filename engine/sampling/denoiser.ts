import { type Latent, scaled, weighted } from './latent.ts'
import type { Denoiser } from './sampler.ts'
import type { SigmaTable } from './sigma-table.ts'

/** What a raw network outputs: the noise, a mixture of noise and latent, or the clean latent. */
export type Prediction = 'epsilon' | 'v' | 'sample'

/** A raw network, conditioned: takes the scaled latent and the timestep. */
export type Predictor = (input: Latent, timestep: number) => Promise<Latent>

/** A raw output, and the latent and sigma it was made for. */
export interface RawOutput {
  readonly output: Latent
  readonly x: Latent
  readonly sigma: number
}

/** How each kind of output becomes the clean latent. Karras et al. 2022, table 1, VP column. */
export const predictions: Record<Prediction, (raw: RawOutput) => Latent> = {
  epsilon: ({ output, x, sigma }) => weighted([1, x], [-sigma, output]),
  // Salimans, Ho 2022 (arXiv 2202.00512), appendix D, in sigma scaling.
  v: ({ output, x, sigma }) => {
    const variance = sigma ** 2 + 1
    return weighted([1 / variance, x], [-sigma / Math.sqrt(variance), output])
  },
  sample: ({ output }) => output,
}

/** A denoiser from a raw network, in the sigma scaling of the samplers. */
export function denoiserOf(network: {
  readonly predict: Predictor
  readonly prediction: Prediction
  readonly table: SigmaTable
}): Denoiser {
  const toDenoised = predictions[network.prediction]
  return async (x, sigma) => {
    const timestep = network.table.timestepOfSigma(sigma)
    const output = await network.predict(scaleInput(x, sigma), timestep)
    return toDenoised({ output, x, sigma })
  }
}

/** `x` at the variance the network was trained with, 1 for latents of variance 1. */
export function scaleInput(x: Latent, sigma: number): Latent {
  return scaled(x, 1 / Math.sqrt(sigma ** 2 + 1))
}
