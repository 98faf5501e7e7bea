import { captionOf, drawPicture } from '../../drawing/draw-picture.ts'
import { boxWeights, fixedLatent } from '../../drawing/fixed-latent.ts'
import type { LatentSet } from './denoiser.ts'
import { type Vocabulary, vocabularyOf } from './vocabulary.ts'

/** Called after every picture; may wait, and may throw to end the drawing. */
export type OnDrawn = (done: number, count: number) => void | Promise<void>

/** Captions among which every word of the drawn pictures is found. */
const readCaptions = 5000
const allSuffixes = 'a flower, flat illustration, vector art, flat design'

/** The words of the captions of drawn pictures of a seed. */
export function drawnVocabulary(seed: number): Vocabulary {
  const captions = Array.from({ length: readCaptions }, (_, index) => captionOf(index, { seed }))
  return vocabularyOf([...captions, allSuffixes])
}

/**
 * Drawn pictures as a denoiser is trained on them: exact latents, captions, and a weight of 3 in
 * the boxes of the objects. `side` is that of the latents: 16, or 8 for pictures of half the size.
 */
export async function drawLatents(
  count: number,
  { seed, side, onDrawn }: { seed: number; side: 8 | 16; onDrawn?: OnDrawn },
): Promise<LatentSet> {
  const latents: Float32Array[] = []
  const weights: Float32Array[] = []
  const captions: string[] = []
  for (let index = 0; index < count; index++) {
    const { image, size, boxes, caption } = drawPicture(index, { seed, half: side === 8 })
    latents.push(fixedLatent(image, size))
    weights.push(boxWeights(boxes, size))
    captions.push(caption)
    await onDrawn?.(index + 1, count)
  }
  return {
    count,
    side,
    latent: (index) => latents[index]!,
    weight: (index) => weights[index]!,
    caption: (index) => captions[index]!,
  }
}
