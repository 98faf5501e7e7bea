import { WorkflowError } from '../errors.ts'
import { addScaled, blank, blend, type Latent, sizeOf } from './latent.ts'
import type { Denoiser, Sigmas } from './sampler.ts'
import type { SigmaTable } from './sigma-table.ts'

/** A mask for each sigma: what may be repainted can shrink on the way. */
export type SigmaMask = (sigma: number) => Latent

/** What an inpainting denoiser keeps. Everything has the latent's shape. */
export interface InpaintOptions {
  readonly denoise: Denoiser
  /** The clean latent to be kept outside the mask. */
  readonly latent: Latent
  /** The noise under which it is hidden at each call. */
  readonly noise: Latent
  /** 1 repaint, 0 keep. */
  readonly mask: Latent | SigmaMask
}

/**
 * A denoiser that sees the kept part at the right noise level and gives it back unchanged.
 * Blends at every call, not at every step. Lugmayr et al. 2022 (arXiv 2201.09865), equation 8.
 */
export function maskedDenoiser(options: InpaintOptions): Denoiser {
  const { denoise, latent, noise, mask } = options
  return async (x, sigma) => {
    const share = typeof mask === 'function' ? mask(sigma) : mask
    const seen = blend(x, addScaled(latent, noise, sigma), share)
    return blend(await denoise(seen, sigma), latent, share)
  }
}

/**
 * Differential diffusion: a soft mask as a time table, its brightest parts repainted from the
 * start, darker ones later. `strength` below 1 mixes in the mask itself.
 * Source: Levin, Fried 2023 (arXiv 2306.00950), Algorithm 1.
 */
export function differentialMask(options: {
  readonly mask: Latent
  readonly sigmas: Sigmas
  readonly table: SigmaTable
  readonly strength?: number
}): SigmaMask {
  const { mask, sigmas, table, strength = 1 } = options
  const smallest = table.sigmas[0] as number
  const end = table.timestepOfSigma(Math.max(smallest, sigmas[sigmas.length - 1] as number))
  const start = table.timestepOfSigma(sigmas[0] as number)
  return (sigma) => {
    const threshold = Math.fround((table.timestepOfSigma(sigma) - end) / (start - end))
    const data = blank(mask.data)
    for (let i = 0; i < data.length; i++) {
      const value = mask.data[i] as number
      data[i] = strength * (value >= threshold ? 1 : 0) + (1 - strength) * value
    }
    return { data, shape: mask.shape }
  }
}

/** The kept numbers, where the mask is exactly 0, bit for bit; `x` elsewhere. */
export function restoreKept(x: Latent, latent: Latent, mask: Latent): Latent {
  const data = x.data.map((number: number, i: number) =>
    mask.data[i] === 0 ? (latent.data[i] as number) : number,
  )
  return { data, shape: x.shape }
}

/**
 * A mask `[batch, 1, height, width]` or `[batch, height, width]` of any size as
 * `[batch, channels, height/8, width/8]`: resized bilinearly, pixel centres at halves, repeated
 * over channels and pictures.
 */
export function maskForLatent(mask: Latent, latentShape: readonly number[]): Latent {
  const [batch, channels, height, width] = latentShape as [number, number, number, number]
  const plane = height * width
  const resized = resizeBilinear(mask, height, width)
  const masks = resized.data.length / plane
  const data = blank(mask.data, sizeOf(latentShape))
  for (let i = 0; i < batch * channels; i++) {
    const from = (Math.floor(i / channels) % masks) * plane
    data.set(resized.data.subarray(from, from + plane), i * plane)
  }
  return { data, shape: latentShape }
}

/** The last two axes resized, pixel centres at halves, without smoothing where it shrinks. */
export function resizeBilinear(image: Latent, height: number, width: number): Latent {
  const [fromHeight, fromWidth] = image.shape.slice(-2) as [number, number]
  if (image.shape.length < 2 || sizeOf(image.shape) === 0) {
    throw new WorkflowError(`mask: shape ${image.shape}, [batch, height, width] expected`)
  }
  const planes = image.data.length / (fromHeight * fromWidth)
  const data = blank(image.data, planes * height * width)
  const rows = samplePoints(fromHeight, height)
  const columns = samplePoints(fromWidth, width)
  let i = 0
  for (let plane = 0; plane < planes; plane++) {
    const at = (y: number, x: number) =>
      image.data[(plane * fromHeight + y) * fromWidth + x] as number
    for (const [top, bottom, down] of rows) {
      for (const [left, right, across] of columns) {
        const upper = at(top, left) * (1 - across) + at(top, right) * across
        const lower = at(bottom, left) * (1 - across) + at(bottom, right) * across
        data[i++] = upper * (1 - down) + lower * down
      }
    }
  }
  return { data, shape: [...image.shape.slice(0, -2), height, width] }
}

/** For each new position its two old neighbours and how far it lies towards the second. */
function samplePoints(from: number, to: number): (readonly [number, number, number])[] {
  return Array.from({ length: to }, (_, i) => {
    const position = Math.max(((i + 0.5) * from) / to - 0.5, 0)
    const first = Math.min(Math.floor(position), from - 1)
    return [first, Math.min(first + 1, from - 1), position - first] as const
  })
}
