import type { Latent, LatentData } from '../../engine/sampling/latent.ts'
import type { Denoiser } from '../../engine/sampling/sampler.ts'

/** Data that are Gaussian have a denoiser and an ODE with known answers. */
export const mean = 0.7
export const deviation = 0.9

/** The exact posterior mean. */
export const idealDenoiser: Denoiser = async (x, sigma) => {
  const [data, noise] = [deviation ** 2, sigma ** 2]
  return mapped(x, (value) => (data * value + noise * mean) / (data + noise))
}

/** The exact end of the ODE, as a consistency model gives it. */
export const idealConsistency: Denoiser = async (x, sigma) => solution(x, sigma, 0)

/** Where the ODE carries `x` from one sigma to another. */
export function solution(x: Latent, sigma: number, next: number): Latent {
  const ratio = Math.sqrt((deviation ** 2 + next ** 2) / (deviation ** 2 + sigma ** 2))
  return mapped(x, (value) => mean + (value - mean) * ratio)
}

/** Mean and standard deviation. */
export function momentsOf(numbers: LatentData): { mean: number; deviation: number } {
  const all = Array.from(numbers)
  const average = all.reduce((sum, number) => sum + number, 0) / all.length
  const variance = all.reduce((sum, number) => sum + (number - average) ** 2, 0) / all.length
  return { mean: average, deviation: Math.sqrt(variance) }
}

function mapped({ data, shape }: Latent, change: (value: number) => number): Latent {
  return { data: data.map((value: number) => change(value)), shape }
}
