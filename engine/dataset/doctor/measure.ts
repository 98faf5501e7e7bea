import { decodePicture, type Picture } from '../../formats/picture.ts'
import type { Fit } from '../buckets.ts'
import type { Look } from './diversity.ts'
import { colourPlanes, type Likeness } from './duplicates.ts'
import { embeddingOf } from './embedding.ts'
import { mannerOf } from './manner.ts'
import { hashesOf } from './perceptual-hash.ts'
import { averaged, brightness, mirrored, momentsOf, type Plane, planesOf } from './plane.ts'
import { pyramidOf } from './registration.ts'
import { type Sharpness, sharpnessOf } from './sharpness.ts'

/** What is kept of a picture once its pixels are let go: some 100 KB. */
export interface Measured {
  readonly likeness: Likeness
  readonly look: Look
  readonly sharpness: Sharpness
  readonly alpha: AlphaFacts | undefined
  /** Three planes, small, for the contact sheet. */
  readonly thumbnail: readonly [Plane, Plane, Plane]
}

/** What an alpha channel does. */
export interface AlphaFacts {
  /** Share of pixels that are not fully opaque, 0 to 1. */
  readonly transparent: number
}

/** Longer side of a thumbnail. */
export const thumbnailSide = 176
/** Likeness and embedding need no more than this. */
const workingSide = 128
/** Opaque but for what compression does to an alpha channel. */
const opaque = 0.98

/** Decodes and measures a picture that is trained as `fit` says. Throws a FormatError. */
export async function measurePicture(file: string, bytes: Uint8Array, fit: Fit): Promise<Measured> {
  return measure(await decodePicture(file, bytes), fit)
}

/** Measures a decoded picture. */
export function measure({ image, alpha }: Picture, fit: Fit): Measured {
  const planes = planesOf(image)
  const working = shrunk(planes, workingSide, workingSide)
  return {
    likeness: likenessOf(working),
    look: { embedding: embeddingOf(working), manner: mannerOf(working) },
    // Sharpness counts where it is trained; what is enlarged is as sharp as it was.
    sharpness: sharpnessOf(fittedBrightness(planes, fit)),
    alpha: alpha && { transparent: transparentShare(alpha.data) },
    thumbnail: thumbnailOf(planes),
  }
}

function likenessOf(planes: readonly [Plane, Plane, Plane]): Likeness {
  const bright = brightness(planes)
  const upright = pyramidOf(bright)
  const finest = upright.at(-1)!
  const colours = colourPlanes(planes, finest.width)
  return {
    hashes: hashesOf(bright),
    upright,
    mirrored: pyramidOf(mirrored(bright)),
    colours,
    mirroredColours: [mirrored(colours[0]), mirrored(colours[1])],
    contrast: momentsOf(finest.data).deviation,
  }
}

function fittedBrightness(planes: readonly [Plane, Plane, Plane], { resized }: Fit): Plane {
  const [{ width, height }] = planes
  const bright = brightness(planes)
  return averaged(bright, Math.min(width, resized.width), Math.min(height, resized.height))
}

function thumbnailOf(planes: readonly [Plane, Plane, Plane]): readonly [Plane, Plane, Plane] {
  const [{ width, height }] = planes
  const scale = thumbnailSide / Math.max(width, height)
  const side = (length: number) => Math.max(1, Math.round(length * scale))
  return planes.map((plane) => averaged(plane, side(width), side(height))) as [Plane, Plane, Plane]
}

function shrunk(planes: readonly [Plane, Plane, Plane], width: number, height: number) {
  return planes.map((plane) => averaged(plane, width, height)) as [Plane, Plane, Plane]
}

function transparentShare(alpha: Float32Array): number {
  let count = 0
  for (const value of alpha) if (value < opaque) count++
  return count / alpha.length
}
