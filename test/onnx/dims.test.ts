import { describe, expect, it } from 'vitest'
import {
  broadcastShapes,
  type Dim,
  productOf,
  quotientOf,
  type Shape,
  showShape,
  windowedDim,
} from '../../engine/onnx/dims.ts'
import { sizeOfDim } from './numbers.ts'

describe('a product of sizes', () => {
  it.each<[Shape, Dim]>([
    [[], 1],
    [[2, 3, 4], 24],
    [['batch', 4], '4*batch'],
    [[4, 'height', 'batch', 2], '8*batch*height'],
    [['4*batch', '2*width'], '8*batch*width'],
    [['n', 'n'], 'n*n'],
    [['n', 0], 0],
    [['(a+b)', 2], '2*(a+b)'],
    [['(a*b+1)', 'c'], '(a*b+1)*c'],
  ])('of %j is %s', (dims, expected) => expect(productOf(dims)).toBe(expected))
})

describe('a quotient of sizes', () => {
  it.each<[Dim, Dim, Dim | undefined]>([
    [24, 4, 6],
    [24, 5, undefined],
    ['4*batch', 'batch', 4],
    ['4*batch*height', '2*height', '2*batch'],
    ['batch', 'height', undefined],
    ['batch', 2, undefined],
    ['n*n', 'n', 'n'],
    ['2*(a+b)', '(a+b)', 2],
  ])('%s / %s is %s', (top, bottom, expected) => expect(quotientOf(top, bottom)).toBe(expected))
})

describe('a broadcast', () => {
  it.each<[Shape[], Shape]>([
    [
      [[2, 3], [3]],
      [2, 3],
    ],
    [
      [
        ['n', 1, 4],
        [5, 4],
      ],
      ['n', 5, 4],
    ],
    [
      [
        ['n', 't', 'r'],
        ['1|n', '1|t', 'r'],
      ],
      ['n', 't', 'r'],
    ],
    [
      [
        ['1|n', 'r'],
        ['n', 'r'],
      ],
      ['n', 'r'],
    ],
    [[[], ['n']], ['n']],
  ])('of %j is %j', (shapes, expected) => expect(broadcastShapes('Add', shapes)).toEqual(expected))

  it.each<[Shape[], string]>([
    [[[2, 3], [4]], 'Add: shapes [2, 3] and [4], expected sizes that are equal or 1'],
    [[['n'], ['m']], 'Add: shapes [n] and [m], expected sizes that are equal or 1'],
    [[['1|n'], ['m']], 'Add: shapes [1|n] and [m], expected sizes that are equal or 1'],
  ])('of %j is refused', (shapes, message) => {
    expect(() => broadcastShapes('Add', shapes)).toThrow(message)
  })
})

describe('a sliding window', () => {
  const windows = [
    [3, 2, 1],
    [3, 2, 2],
    [3, 1, 2],
    [1, 0, 1],
    [1, 0, 2],
    [5, 4, 3],
  ] as const

  it.each(windows)('of %i with %i padding by %i fits as often as it can', (kernel, padding, by) => {
    const symbolic = windowedDim('size', kernel, padding, by)
    for (const size of [5, 6, 7, 8, 64]) {
      let count = 0
      for (let at = 0; at + kernel <= size + padding; at += by) count++
      expect(windowedDim(size, kernel, padding, by)).toBe(count)
      expect(sizeOfDim(symbolic, { size })).toBe(count)
    }
  })

  it('keeps a symbol whose size it keeps', () => {
    expect(windowedDim('height', 3, 2, 1)).toBe('height')
  })
})

describe('a shape in a message', () => {
  it('shows sizes and symbols', () => expect(showShape(['n', 4])).toBe('[n, 4]'))
})
