import { expect, test } from 'vitest'
import { captionOf } from '../../../engine/drawing/draw-picture.ts'
import { beginToken, endToken } from '../../../engine/models/tokenizer.ts'
import { demoPlan } from '../../../engine/training/base/demo-plan.ts'
import { newWeights } from '../../../engine/training/base/new-weights.ts'
import { partTensors } from '../../../engine/training/base/parts.ts'
import { drawLatents, drawnVocabulary } from '../../../engine/training/base/postcards.ts'
import { vocabularyOf, wholeTable } from '../../../engine/training/base/vocabulary.ts'

const vocabulary = vocabularyOf(['a red house', 'a blue cat'])

test('a vocabulary has the tokens of its captions, begin, end and one for all others', () => {
  expect(vocabulary.ids).toHaveLength(7)
  expect(vocabulary.ids).toEqual(expect.arrayContaining([beginToken, endToken]))
  expect(vocabulary.rows).toBe(8)
  const rows = vocabulary.windowOf('a red unicorn')
  expect(rows).toHaveLength(77)
  expect(rows.slice(0, 5).map((row) => vocabulary.ids[row])).toEqual([
    beginToken,
    ...vocabulary
      .windowOf('a red')
      .slice(1, 3)
      .map((row) => vocabulary.ids[row]),
    undefined,
    endToken,
  ])
})

test('a word that nobody knows can be put into a caption', () => {
  const place = (at: number) => vocabulary.windowOf('a red cat', at).indexOf(vocabulary.rows - 1)
  expect([0, 1, 3, 4].map(place)).toEqual([1, 2, 4, 1])
  expect(vocabulary.windowOf('a red cat').indexOf(vocabulary.rows - 1)).toBe(-1)
})

test('the whole table has the trained rows at their ids and the last row everywhere else', () => {
  const small = Float32Array.from({ length: 3 * 2 }, (_, i) => i)
  const table = wholeTable(small, { ids: [1, 3], rows: 3, windowOf: () => [] }, 2, 5)
  expect([...table]).toEqual([4, 5, 0, 1, 4, 5, 2, 3, 4, 5])
})

test('all words of drawn captions are in their vocabulary', () => {
  const drawn = drawnVocabulary(0)
  const unknown = drawn.rows - 1
  for (let index = 0; index < 200; index++) {
    expect(drawn.windowOf(captionOf(index, { seed: 900 }))).not.toContain(unknown)
  }
})

test('latents to train with have weights that are 3 where objects are', async () => {
  const set = await drawLatents(2, { seed: 0, side: 8 })
  expect(set).toMatchObject({ count: 2, side: 8 })
  expect(set.latent(1)).toHaveLength(4 * 64)
  expect(new Set(set.weight(1))).toEqual(new Set([1, 3]))
  expect(set.caption(1)).toBe(captionOf(1, { seed: 0 }))
})

test('new weights begin as PyTorch begins, by name and seed', () => {
  const tensors = partTensors(demoPlan, 'denoiser', 8)
  const weights = newWeights(tensors, 'unet', { seed: 1 })
  const reach = (name: string) => Math.max(...weights.get(name)!.map(Math.abs))
  const usual = 1 / Math.sqrt(32 * 9)
  expect(reach('down_blocks.0.resnets.0.conv1.weight')).toBeCloseTo(usual, 3)
  expect(reach('down_blocks.0.resnets.0.conv2.weight')).toBeCloseTo(0.3 * usual, 3)
  expect(reach('conv_out.weight')).toBe(0)
  expect(new Set(weights.get('conv_norm_out.weight'))).toEqual(new Set([1]))
  const again = newWeights([...tensors].reverse(), 'unet', { seed: 1 })
  expect(again.get('conv_in.weight')).toEqual(weights.get('conv_in.weight'))
  const other = newWeights(tensors, 'unet', { seed: 2 })
  expect(other.get('conv_in.weight')).not.toEqual(weights.get('conv_in.weight'))
})
