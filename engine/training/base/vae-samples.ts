import { drawPicture } from '../../drawing/draw-picture.ts'
import { fixedLatent, halfImage } from '../../drawing/fixed-latent.ts'
import { pictureSize } from '../../drawing/layout.ts'
import type { StyleName } from '../../drawing/styles.ts'
import { families } from '../../models/families.ts'
import { TorchRandom } from '../../sampling/torch-random.ts'
import { mixSeed } from '../seeds.ts'
import type { VaeBatch } from './autoencoder.ts'
import type { OnDrawn } from './postcards.ts'

/** Drawn pictures in bytes, for sets of many have to fit into memory. */
export interface VaePictures {
  /** `[3, 128, 128]` each. */
  readonly plain: readonly Uint8Array[]
  /** In a style, or with the mascot: what LoRAs will make of the plain ones. */
  readonly styled: readonly Uint8Array[]
}

/** Which samples make a batch; each is drawn from seed, step and place alone. */
export interface VaeSampling {
  readonly half: 'encoder' | 'decoder'
  /** Pixels of a sample: 128, or 64 for crops and halved pictures. */
  readonly side: 64 | 128
  readonly seed: number
}

/** Styles whose pictures a decoder must be able to paint; thin ink lines are beyond it. */
const paintedStyles: readonly StyleName[] = ['neon', 'riso', 'pixel', 'pastel', 'stripes']
/** Of seven pictures of the second set this many are in a style, the others show the mascot. */
const styledOfSeven = 5
const plainShare = 0.65
/** Largest deviation of the noise on a decoder's latents: what a denoiser leaves. */
const mostNoise = 0.08
/** Crops keep to the grid of the latent, and begin below the uppermost sky. */
const grid = 8
const cropTop = 16

const { latentScale } = families.find(({ id }) => id === 'sd15')!

/** Draws the pictures that a VAE is trained on. */
export async function drawVaePictures(
  counts: { readonly plain: number; readonly styled: number },
  onDrawn?: OnDrawn,
): Promise<VaePictures> {
  const all = counts.plain + counts.styled
  const plain: Uint8Array[] = []
  const styled: Uint8Array[] = []
  for (let index = 0; index < all; index++) {
    const inStyle = index - counts.plain
    const { image } =
      inStyle < 0 ? drawPicture(index, { seed: 0 }) : drawPicture(inStyle, styleOf(inStyle))
    const target = inStyle < 0 ? plain : styled
    target.push(Uint8Array.from(image, (value) => Math.round(value * 255)))
    await onDrawn?.(index + 1, all)
  }
  return { plain, styled }
}

function styleOf(index: number) {
  return index % 7 < styledOfSeven
    ? { seed: 7, style: paintedStyles[index % paintedStyles.length]! }
    : { seed: 8, concept: 'mascot' as const }
}

/** The samples of a step. */
export function vaeBatch(
  pictures: VaePictures,
  sampling: VaeSampling,
  { step, batch }: { readonly step: number; readonly batch: number },
): VaeBatch {
  const { side } = sampling
  const across = side / grid
  const image = new Float32Array(batch * 3 * side * side)
  const latent = new Float32Array(batch * 4 * across * across)
  for (let place = 0; place < batch; place++) {
    const sample = vaeSample(pictures, sampling, step, place)
    image.set(sample.image, place * 3 * side * side)
    latent.set(sample.latent, place * 4 * across * across)
  }
  return {
    image: { data: image, shape: [batch, 3, side, side] },
    latent: { data: latent, shape: [batch, 4, across, across] },
  }
}

function vaeSample(pictures: VaePictures, sampling: VaeSampling, step: number, place: number) {
  const { half, side, seed } = sampling
  const random = new TorchRandom(mixSeed(seed, half, step, place))
  const [kind, which, halved, x, y, strength] = random.uniform(6) as unknown as Six
  const set = kind < plainShare || pictures.styled.length === 0 ? pictures.plain : pictures.styled
  const whole = Float32Array.from(set[Math.floor(which * set.length)]!, (value) => value / 255)
  const picture =
    side === pictureSize ? whole : smaller(whole, side, { isHalved: halved < 0.5, x, y })
  const latent = fixedLatent(picture, side)
  if (half === 'decoder') {
    const noise = random.normal(latent.length)
    for (let i = 0; i < latent.length; i++) {
      latent[i] = (latent[i]! + noise[i]! * strength * mostNoise) / latentScale
    }
  }
  return { image: picture.map((value) => value * 2 - 1), latent }
}

type Six = readonly [number, number, number, number, number, number]

/** The whole picture halved, or a part of it as it is; `x` and `y` from 0 to 1 say which part. */
function smaller(
  whole: Float32Array,
  side: number,
  { isHalved, x, y }: { isHalved: boolean; x: number; y: number },
): Float32Array {
  if (isHalved) return halfImage(whole, pictureSize)
  const places = (from: number) => (pictureSize - side - from) / grid + 1
  const left = grid * Math.floor(x * places(0))
  const top = cropTop + grid * Math.floor(y * places(cropTop))
  const part = new Float32Array(3 * side * side)
  for (let channel = 0; channel < 3; channel++) {
    for (let row = 0; row < side; row++) {
      const at = (channel * pictureSize + top + row) * pictureSize + left
      part.set(whole.subarray(at, at + side), (channel * side + row) * side)
    }
  }
  return part
}
