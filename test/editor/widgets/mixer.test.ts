import { describe, expect, it } from 'vitest'
import type { NodeEntry, NodeInfo } from '../../../editor/state/types.ts'
import {
  heightOfItem,
  mixerHeight,
  mixerItems,
  padItems,
  placeAfterDrag,
  soloed,
} from '../../../editor/widgets/mixer/items.ts'
import {
  type Parts,
  padKeyed,
  partsAt,
  partsOf,
  sharedOut,
  spotOf,
} from '../../../editor/widgets/mixer/pad.ts'

const info = {
  repeat: {
    inputs: [],
    params: [
      { name: 'file', schema: { type: 'string' }, file: 'loras' },
      ...['on', 'ratio', 'textRatio'].map((name) => ({ name, schema: {} })),
    ],
    min: 0,
    max: 100,
  },
  inputs: [],
  params: [],
} as unknown as NodeInfo

const entry = {
  type: 'lora-mixer',
  params: {
    ...{ file1: 'a.safetensors', ratio1: 0.5 },
    ...{ file2: 'b.safetensors', on2: false },
    ...{ file3: 'c.safetensors', textRatio3: 0.2 },
    ...{ file4: 'd.safetensors' },
  },
} as NodeEntry

describe('the triangle for three', () => {
  const all: Parts[] = [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
    [0.2, 0.3, 0.5],
    [1 / 3, 1 / 3, 1 / 3],
  ]

  it.each(all)('finds the parts of a place again: %d %d %d', (...parts) => {
    const found = partsAt(spotOf(parts))
    found.forEach((part, index) => {
      expect(part).toBeCloseTo(parts[index]!, 12)
    })
  })

  it('takes the nearest place on the edge for one outside', () => {
    expect(partsAt({ x: 0.5, y: -4 })).toEqual([1, 0, 0])
    expect(partsAt({ x: 0.25, y: 3 })).toEqual([0, 0.75, 0.25])
    expect(partsAt({ x: -9, y: 1 })).toEqual([0, 1, 0])
  })

  it('shares a sum out so that it stays the same to the last place', () => {
    for (const total of [1, 0.7, 2.35]) {
      for (let step = 0; step <= 100; step++) {
        const ratios = sharedOut(total, partsAt({ x: step / 100, y: 0.4 + step / 200 }))
        expect(ratios.reduce((a, b) => a + b)).toBeCloseTo(total, 10)
        expect(Math.min(...ratios)).toBeGreaterThanOrEqual(0)
      }
    }
  })

  it('counts ratios below 0 as none, and all 0 as equal', () => {
    expect(partsOf([-1, 1, 1])).toEqual([0, 0.5, 0.5])
    expect(partsOf([0, 0, 0])).toEqual([1 / 3, 1 / 3, 1 / 3])
  })

  it('is moved by keys', () => {
    expect(padKeyed([1 / 3, 1 / 3, 1 / 3], '2', 1)).toEqual([0, 1, 0])
    const right = padKeyed([1 / 3, 1 / 3, 1 / 3], 'ArrowRight', 1)!
    expect(right[2]).toBeGreaterThan(1 / 3)
    expect(right[0]).toBeCloseTo(1 / 3, 12)
    expect(padKeyed([1, 0, 0], 'Tab', 1)).toBeUndefined()
  })
})

describe('the rows of a mixer', () => {
  const items = mixerItems(entry, info)

  it('are read from the numbered params', () => {
    expect(items.map(({ file, on, ratio, textRatio }) => [file, on, ratio, textRatio])).toEqual([
      ['a.safetensors', true, 0.5, undefined],
      ['b.safetensors', false, 1, undefined],
      ['c.safetensors', true, 1, 0.2],
      ['d.safetensors', true, 1, undefined],
    ])
  })

  it('have the pad for the first three that are on', () => {
    expect(padItems(items).map(({ item }) => item)).toEqual([1, 3, 4])
  })

  it('are as high together as the node says', () => {
    const rows = items.reduce((sum, item) => sum + heightOfItem(item), 0)
    expect(mixerHeight(entry, info)).toBe(rows + 150 + 34)
    expect(mixerHeight({ type: 'lora-mixer' }, info)).toBe(34)
  })

  it('land in another place once they are dragged over half of a neighbour', () => {
    const heights = [60, 60, 90, 60]
    expect(placeAfterDrag(heights, 1, 29)).toBe(1)
    expect(placeAfterDrag(heights, 1, 31)).toBe(2)
    expect(placeAfterDrag(heights, 1, 60 + 46)).toBe(3)
    expect(placeAfterDrag(heights, 4, -1000)).toBe(1)
    expect(placeAfterDrag(heights, 2, 5000)).toBe(4)
  })

  it('are alone on after solo, and back after the second press', () => {
    expect(soloed(items, 3, undefined)).toEqual([3])
    const alone = items.map(({ item }) => ({ item, on: item === 3 }))
    expect(soloed(alone, 3, [1, 3, 4])).toEqual([1, 3, 4])
  })
})
