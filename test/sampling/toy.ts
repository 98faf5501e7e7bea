import type { Latent } from '../../engine/sampling/latent.ts'
import type { Denoiser } from '../../engine/sampling/sampler.ts'

/** A mixture of three isotropic Gaussians around shared means. */
export interface Branch {
  weights: number[]
  stds: number[]
}

export interface Toy {
  dims: number
  cond: Branch
  uncond: Branch
  means_tensor: string
}

/** The exact posterior mean of one picture: the closed-form denoiser of the reference data. */
function posteriorMean(x: ArrayLike<number>, sigma: number, branch: Branch, means: Latent) {
  const size = x.length
  const logits = branch.weights.map((weight, k) => {
    const variance = (branch.stds[k] as number) ** 2 + sigma ** 2
    let squares = 0
    for (let i = 0; i < size; i++) {
      squares += ((x[i] as number) - (means.data[k * size + i] as number)) ** 2
    }
    return Math.log(weight) - (size / 2) * Math.log(variance) - squares / (2 * variance)
  })
  const top = Math.max(...logits)
  const shares = logits.map((logit) => Math.exp(logit - top))
  const total = shares.reduce((sum, share) => sum + share, 0)
  return Float64Array.from({ length: size }, (_, i) =>
    branch.weights.reduce((sum, _weight, k) => {
      const spread = (branch.stds[k] as number) ** 2
      const mean = means.data[k * size + i] as number
      const part = (spread * (x[i] as number) + sigma ** 2 * mean) / (spread + sigma ** 2)
      return sum + ((shares[k] as number) / total) * part
    }, 0),
  )
}

/** The guided denoiser over a batch, in the precision of `x`. */
export function toyDenoiser(toy: Toy, means: Latent, guidance: number): Denoiser {
  return async (x, sigma) => {
    const data = x.data.slice()
    for (let start = 0; start < data.length; start += toy.dims) {
      const picture = x.data.subarray(start, start + toy.dims)
      const cond = posteriorMean(picture, sigma, toy.cond, means)
      if (guidance === 1) {
        data.set(cond, start)
        continue
      }
      const uncond = posteriorMean(picture, sigma, toy.uncond, means)
      data.set(
        cond.map((value, i) => (uncond[i] as number) * (1 - guidance) + value * guidance),
        start,
      )
    }
    return { data, shape: x.shape }
  }
}
