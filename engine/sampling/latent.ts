import { WorkflowError } from '../errors.ts'

/**
 * Arithmetic on latents. Every function makes a new latent; none changes its arguments. Each
 * number is computed in float64 and stored in the precision of the first latent, so one sampler
 * serves both float32 pictures and float64 tests.
 */

export type LatentData = Float32Array | Float64Array

/** Numbers with a shape, row-major; `[batch, channels, height/8, width/8]` in a sampler. */
export interface Latent {
  readonly data: LatentData
  readonly shape: readonly number[]
}

/** Number of elements of a shape. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1)
}

/** A new array of zeros in the precision of another one. */
export function blank(like: LatentData, length: number = like.length): LatentData {
  return like instanceof Float64Array ? new Float64Array(length) : new Float32Array(length)
}

/** Zeros in the shape and precision of another latent. */
export function zerosLike(latent: Latent): Latent {
  return { data: blank(latent.data), shape: latent.shape }
}

/** The sum of latents, each times its factor. Throws where their sizes differ. */
export function weighted(...terms: readonly (readonly [number, Latent])[]): Latent {
  const first = (terms[0] as readonly [number, Latent])[1]
  const sums = new Float64Array(first.data.length)
  for (const [factor, { data, shape }] of terms) {
    if (data.length !== sums.length) {
      throw new WorkflowError(`latent: shape ${shape}, ${first.shape} expected`)
    }
    for (let i = 0; i < sums.length; i++) {
      sums[i] = (sums[i] as number) + factor * (data[i] as number)
    }
  }
  const data = blank(first.data)
  data.set(sums)
  return { data, shape: first.shape }
}

/** `x + factor * y`. */
export function addScaled(x: Latent, y: Latent, factor: number): Latent {
  return weighted([1, x], [factor, y])
}

/** `factor * x`. */
export function scaled(x: Latent, factor: number): Latent {
  return weighted([factor, x])
}

/** `a - b`. */
export function difference(a: Latent, b: Latent): Latent {
  return weighted([1, a], [-1, b])
}

/** `inside` where the mask is 1, `outside` where it is 0, a mixture between. */
export function blend(inside: Latent, outside: Latent, mask: Latent): Latent {
  const data = blank(inside.data)
  for (let i = 0; i < data.length; i++) {
    const share = mask.data[i] as number
    data[i] = (inside.data[i] as number) * share + (outside.data[i] as number) * (1 - share)
  }
  return { data, shape: inside.shape }
}

/** Latents of one picture each, or more, joined along the batch. */
export function concatenate(latents: readonly Latent[]): Latent {
  const first = latents[0] as Latent
  const data = blank(
    first.data,
    latents.reduce((sum, latent) => sum + latent.data.length, 0),
  )
  let offset = 0
  for (const latent of latents) {
    data.set(latent.data, offset)
    offset += latent.data.length
  }
  const batch = latents.reduce((sum, latent) => sum + (latent.shape[0] as number), 0)
  return { data, shape: [batch, ...first.shape.slice(1)] }
}

/** Picture `index` of a batch as a batch of one. */
export function pictureAt(latent: Latent, index: number): Latent {
  const shape = [1, ...latent.shape.slice(1)]
  const size = sizeOf(shape)
  return { data: latent.data.slice(index * size, (index + 1) * size), shape }
}

/** Position of the first number that is NaN or infinite, or -1. */
export function firstNonFinite(latent: Latent): number {
  return latent.data.findIndex((number: number) => !Number.isFinite(number))
}
