import type { TorchRandom } from '../../sampling/torch-random.ts'
import { pyramidNoise } from './pyramid-noise.ts'
import type { ObjectiveSettings } from './settings.ts'

const { fround } = Math

/** A generator of its own for each thing that is drawn, so that none moves another. */
export type RandomFor = (thing: string) => TorchRandom

/** The noise of one picture. */
export interface PictureNoise {
  /** What the network shall find. */
  readonly noise: Float32Array
  /** What is added to the picture; another array only with input perturbation. */
  readonly added: Float32Array
}

/** One picture in latent space, `[channels, height/8, width/8]`. */
export interface Picture {
  readonly data: Float32Array
  readonly shape: readonly [number, number, number]
}

/**
 * Draws the noise of one picture: normal numbers, then the offset per channel, then coarser noise,
 * then what the target shall not know (Ning et al. 2023, arXiv 2301.11706), in kohya's order.
 */
export function drawNoise(
  picture: Picture,
  settings: ObjectiveSettings,
  random: RandomFor,
): PictureNoise {
  const plain = random('noise').normal(picture.data.length)
  const noise = withPyramid(withOffset(plain, picture, settings, random), picture, settings, random)
  const { ipNoiseGamma, ipNoiseGammaRandomStrength } = settings
  if (!ipNoiseGamma) return { noise, added: noise }
  const source = random('input perturbation')
  const share = strength(ipNoiseGamma, ipNoiseGammaRandomStrength, source)
  const further = source.normal(noise.length)
  return { noise, added: noise.map((value, i) => value + fround(share * further[i]!)) }
}

function withOffset(
  noise: Float32Array,
  picture: Picture,
  settings: ObjectiveSettings,
  random: RandomFor,
): Float32Array {
  const { noiseOffset, noiseOffsetRandomStrength, adaptiveNoiseScale } = settings
  if (!noiseOffset) return noise
  const source = random('noise offset')
  const base = strength(noiseOffset, noiseOffsetRandomStrength, source)
  const strengths = adaptiveNoiseScale
    ? channelMeans(picture).map((mean) => Math.max(base + adaptiveNoiseScale * Math.abs(mean), 0))
    : new Float32Array(picture.shape[0]).fill(base)
  return offsetNoise(noise, strengths, source.normal(strengths.length))
}

/**
 * Noise with one more number per channel, each times its strength, so that the network learns to
 * change the brightness of a whole picture. N. Guttenberg 2023, "Diffusion with offset noise".
 */
export function offsetNoise(
  noise: Float32Array,
  strengths: Float32Array,
  offsets: Float32Array,
): Float32Array {
  const size = noise.length / strengths.length
  const shifts = strengths.map((value, channel) => value * offsets[channel]!)
  return noise.map((value, i) => value + shifts[Math.floor(i / size)]!)
}

function withPyramid(
  noise: Float32Array,
  { shape }: Picture,
  { multiresNoiseIterations: iterations, multiresNoiseDiscount: discount }: ObjectiveSettings,
  random: RandomFor,
): Float32Array {
  if (!iterations) return noise
  return pyramidNoise(noise, shape, { iterations, discount }, random('multires noise'))
}

/** A strength as it stands, or a drawn share of it. */
function strength(full: number, isRandom: boolean, source: TorchRandom): number {
  return fround(isRandom ? full * source.uniform(1)[0]! : full)
}

function channelMeans({ data, shape: [channels] }: Picture): Float32Array {
  const size = data.length / channels
  return Float32Array.from({ length: channels }, (_, channel) => {
    const part = data.subarray(channel * size, (channel + 1) * size)
    return part.reduce((sum, value) => sum + value, 0) / size
  })
}
