import { encodeWebp } from '../formats/picture.ts'
import type { Family } from '../models/families.ts'
import { familyById } from '../models/families.ts'
import type { Image, LatentImage, NumericTensor } from '../sockets.ts'
import type { SocketType } from '../workflow/index.ts'

/** A rough picture of a latent without its VAE. */
export type LatentPicture = (samples: NumericTensor, family: Family) => Image

/** Pictures of a value that are kept for a look. */
export interface WirePictures {
  /** WebP, one an item of the batch; none for what has no picture. */
  of(type: SocketType, value: unknown): Promise<readonly Uint8Array[]>
}

const maxItems = 8
const maxSide = 1024

/** Makes pictures of values, once where the same value is on several wires. */
export function createWirePictures(latentPicture: LatentPicture): WirePictures {
  const made = new WeakMap<object, Promise<readonly Uint8Array[]>>()
  return {
    async of(type, value) {
      const picture = pictureOf(type, value, latentPicture)
      if (!picture) return []
      const known = made.get(value as object)
      if (known) return known
      const pictures = encoded(picture).catch(() => [])
      made.set(value as object, pictures)
      return pictures
    },
  }
}

function pictureOf(
  type: SocketType,
  value: unknown,
  latentPicture: LatentPicture,
): NumericTensor | undefined {
  if (type.kind !== 'named') return undefined
  if (type.name === 'image' || type.name === 'mask') return value as NumericTensor
  if (type.name !== 'latent') return undefined
  const { samples, empty } = value as LatentImage
  const [argument] = type.args
  const family = familyById(argument?.kind === 'named' ? argument.name : 'sd15')
  return family && !empty ? latentPicture(samples, family) : undefined
}

async function encoded(picture: NumericTensor): Promise<Uint8Array[]> {
  const pictures: Uint8Array[] = []
  for (let item = 0; item < Math.min(picture.shape[0]!, maxItems); item++) {
    pictures.push((await encodeWebp(picture, item, { maxSide })).bytes)
  }
  return pictures
}
