import { describe, expect, it } from 'vitest'
import {
  type Dropout,
  type DropoutPlace,
  droppedScales,
  hasDropout,
  scaleFeeds,
} from '../../engine/training/dropout.ts'
import { liveModule } from './trained-modules.ts'

const sizes = { batch: 2, height: 32, width: 16, levels: 4, words: 154, positions: 77 }
const place: DropoutPlace = { step: 1, call: 0, sizes }

const attention = 'mid_block.attentions.0.transformer_blocks.0'
const layers = [
  ['down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q', [8, 8], [2, 512, 4]],
  ['down_blocks.1.attentions.0.proj_in', [8, 8, 1, 1], [2, 4, 16, 8]],
  ['down_blocks.0.downsamplers.0.conv', [8, 8, 3, 3], [2, 4, 16, 8]],
  ['up_blocks.1.resnets.0.conv1', [8, 8, 3, 3], [2, 4, 8, 4]],
  ['up_blocks.1.upsamplers.0.conv', [8, 8, 3, 3], [2, 4, 16, 8]],
  ['up_blocks.3.attentions.2.transformer_blocks.0.ff.net.2', [8, 8], [2, 512, 4]],
  [`${attention}.attn1.to_k`, [8, 8], [2, 8, 4]],
  [`${attention}.attn2.to_k`, [8, 8], [2, 154, 4]],
  [`${attention}.attn2.to_out.0`, [8, 8], [2, 8, 4]],
  ['mid_block.resnets.0.time_emb_proj', [8, 8], [2, 4]],
  ['time_embedding.linear_1', [8, 8], [2, 4]],
  ['conv_in', [8, 4, 3, 3], [2, 4, 32, 16]],
  ['conv_out', [4, 8, 3, 3], [2, 4, 32, 16]],
] as const

function dropped(dropout: Omit<Dropout, 'seed'>, layer = layers[0][0] as string, at = place) {
  const [, shape] = layers.find(([name]) => name === layer)!
  const scales = droppedScales([liveModule(layer, shape)], { seed: 7, ...dropout }, at)
  return scales[`${layer}.scale`]!
}

/** Share of zeros, and the numbers that are left. */
function leftOf(data: ArrayLike<number | bigint>): { share: number; left: number[] } {
  const numbers = Array.from(data, Number)
  const left = numbers.filter((value) => value !== 0)
  return { share: 1 - left.length / numbers.length, left: [...new Set(left)] }
}

describe('network dropout', () => {
  it.each(layers)('has a number for each place of %s', (layer, _, shape) => {
    const { data, shape: found } = dropped({ network: 0.25 }, layer)
    expect(found).toEqual(shape)
    expect(data).toHaveLength(shape.reduce((product: number, size) => product * size, 1))
  })

  it('has a number for each token of the text encoder', () => {
    const layer = 'text_model.encoder.layers.0.mlp.fc1'
    const module = liveModule(layer, [8, 8], 'textEncoder')
    const scales = droppedScales([module], { seed: 1, network: 0.5 }, place)
    expect(scales[`${layer}.scale`]!.shape).toEqual([4, 77, 4])
  })

  it('leaves out the share that is asked for and scales up the rest', () => {
    const { share, left } = leftOf(dropped({ network: 0.25 }, 'conv_in').data)
    expect(share).toBeGreaterThan(0.22)
    expect(share).toBeLessThan(0.28)
    expect(left).toEqual([Math.fround(0.5 / 0.75)])
  })
})

describe('rank dropout', () => {
  it('leaves out ranks of each picture at all its places', () => {
    const layer = 'conv_in'
    const counts = Array.from({ length: 200 }, (_, step) => {
      const { data, shape } = dropped({ rank: 0.25 }, layer, { ...place, step })
      expect(shape).toEqual([2, 4, 1, 1])
      return leftOf(data)
    })
    const mean = counts.reduce((sum, { share }) => sum + share, 0) / counts.length
    expect(mean).toBeGreaterThan(0.21)
    expect(mean).toBeLessThan(0.29)
    expect([...new Set(counts.flatMap(({ left }) => left))]).toEqual([Math.fround(0.5 / 0.75)])
  })

  it.each(['conv_in', layers[0][0]])('goes together with network dropout in %s', (layer) => {
    const ranks = dropped({ rank: 0.5 }, layer)
    const { data, shape } = dropped({ rank: 0.5, network: 0.5 }, layer)
    const after = shape.length === 4 ? shape[2]! * shape[3]! : 1
    const perPicture = data.length / 2
    Array.from(data, Number).forEach((value, index) => {
      const rank = Math.floor(index / after) % 4
      const own = Number(ranks.data[Math.floor(index / perPicture) * 4 + rank])
      expect([0, 2 * own]).toContain(value)
    })
    expect(leftOf(data).left).toEqual([2])
  })
})

describe('module dropout', () => {
  it('leaves out whole modules and scales up nothing', () => {
    const found = Array.from({ length: 400 }, (_, step) => {
      const { data, shape } = dropped({ module: 0.25 }, 'conv_in', { ...place, step })
      expect(shape).toEqual([1, 4, 1, 1])
      return Number(data[0])
    })
    expect(new Set(found)).toEqual(new Set([0, 0.5]))
    const share = found.filter((value) => value === 0).length / found.length
    expect(share).toBeGreaterThan(0.19)
    expect(share).toBeLessThan(0.31)
  })
})

describe('what is left out', () => {
  const dropout = { network: 0.5, rank: 0.5 }
  const draw = (at: Partial<DropoutPlace>, layer?: string) =>
    Array.from(dropped(dropout, layer, { ...place, ...at }).data, Number)

  it('is the same for the same seed, step and call', () => {
    expect(draw({})).toEqual(draw({}))
  })

  it.each([
    ['step', { step: 2 }],
    ['micro-batch', { call: 1 }],
  ])('is another in another %s', (_, at) => {
    expect(draw(at)).not.toEqual(draw({}))
  })

  it('is another in another layer of the same size', () => {
    expect(draw({}, layers.at(-1)![0])).not.toEqual(draw({}, layers.at(-2)![0]))
  })

  it('is nothing where every share is 0', () => {
    const module = liveModule('conv_in', [8, 4, 3, 3])
    expect(hasDropout({ network: 0, rank: 0, module: 0 })).toBe(false)
    expect(hasDropout({ rank: 0.1 })).toBe(true)
    expect(droppedScales([module], { seed: 1 }, place)).toEqual(scaleFeeds([module]))
    expect(scaleFeeds([module])).toEqual({
      'conv_in.scale': { data: new Float32Array(4).fill(0.5), shape: [1, 4, 1, 1] },
    })
  })
})
