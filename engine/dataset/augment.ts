import { mixSeed } from '../sampling/mix-seed.ts'
import { TorchRandom } from '../sampling/torch-random.ts'
import type { Placement } from './buckets.ts'
import type { CaptionMoment } from './caption-pipeline.ts'

/** What is drawn by lot for a picture at one step. */
export interface Augmentation {
  /** Upper left corner of the bucket in the resized picture. */
  readonly left: number
  readonly top: number
  readonly flipped: boolean
  /** Turn of the hue in degrees, 0 for none. */
  readonly hue: number
  /** Exponent on values of 0 to 1, 1 for none. */
  readonly gamma: number
}

/** Turn of the hue at most, in degrees: 8 of the 180 parts that OpenCV has. */
const maxHue = 16

/** The picture as it is, cut at its centre. */
export function noAugmentation({ left, top }: Placement, flipped = false): Augmentation {
  return { left, top, flipped, hue: 0, gamma: 1 }
}

/**
 * Crop, mirror and colour for one picture at one step, as its subset allows. Half are mirrored; a
 * third change colour: half of those by a hue of at most 16 degrees either way, half by a gamma
 * of 0.95 to 1.05. The same arguments give the same result.
 */
export function augmentationFor(placement: Placement, moment: CaptionMoment): Augmentation {
  const { item, bucket, resized } = placement
  const { randomCrop, flipAug, colorAug } = item.subset
  const { seed, epoch, step, index } = moment
  const random = new TorchRandom(mixSeed(seed, 'augment', epoch, step, index))
  // All numbers are always drawn, so that a setting changes nothing but what it names.
  const [x, y, mirror, colour, kind, amount] = random.uniform(6) as unknown as Six
  const changes = colorAug && colour < 0.33
  return {
    left: randomCrop ? Math.floor(x * (resized.width - bucket.width + 1)) : placement.left,
    top: randomCrop ? Math.floor(y * (resized.height - bucket.height + 1)) : placement.top,
    flipped: flipAug && mirror < 0.5,
    hue: changes && kind < 0.5 ? (2 * amount - 1) * maxHue : 0,
    gamma: changes && kind >= 0.5 ? 0.95 + 0.1 * amount : 1,
  }
}

type Six = [number, number, number, number, number, number]

/** Changes the colours of `[1, 3, height, width]` in place: hue first, then gamma. */
export function changeColours(data: Float32Array, { hue, gamma }: Augmentation): void {
  const area = data.length / 3
  for (let i = 0; hue !== 0 && i < area; i++) {
    const turned = turnHue([data[i]!, data[area + i]!, data[2 * area + i]!], hue)
    for (let channel = 0; channel < 3; channel++) data[channel * area + i] = turned[channel]!
  }
  for (let i = 0; gamma !== 1 && i < data.length; i++) data[i] = data[i]! ** gamma
}

type Colour = [number, number, number]

/** The colour with its hue turned by some degrees; value and saturation stay. */
function turnHue(colour: Colour, degrees: number): Colour {
  const [red, green, blue] = colour
  const value = Math.max(red, green, blue)
  const chroma = value - Math.min(red, green, blue)
  if (chroma === 0) return colour
  const sixth = (hueOf(colour, value, chroma) + degrees / 60 + 6) % 6
  const part = (offset: number) => {
    const k = (offset + sixth) % 6
    return value - chroma * Math.max(0, Math.min(k, 4 - k, 1))
  }
  return [part(5), part(3), part(1)]
}

/** 0 red, 2 green, 4 blue; from -1 to below 5. */
function hueOf([red, green, blue]: Colour, value: number, chroma: number): number {
  if (value === red) return (green - blue) / chroma
  return value === green ? 2 + (blue - red) / chroma : 4 + (red - green) / chroma
}
