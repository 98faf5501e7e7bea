import { describe, expect, it } from 'vitest'
import { cellSettings } from '../../../../editor/panels/grid/store.ts'
import { parseValues } from '../../../../editor/panels/grid/values.ts'

describe('values of a side of the table', () => {
  it('are a range with both ends', () => {
    expect(parseValues('0..1 step 0.25', 'number')).toEqual([0, 0.25, 0.5, 0.75, 1])
    expect(parseValues('0..0.3 step 0.1', 'number')).toEqual([0, 0.1, 0.2, 0.3])
    expect(parseValues('3..1', 'integer')).toEqual([3, 2, 1])
  })
  it('are a list with commas, and texts one a line', () => {
    expect(parseValues('1, 2,5', 'integer')).toEqual([1, 2, 5])
    expect(parseValues('a cat, a dog\na hill', 'text')).toEqual(['a cat, a dog', 'a hill'])
    expect(parseValues('true, false', 'boolean')).toEqual([true, false])
  })
  it('name the part that is no value', () => {
    expect(() => parseValues('1, x', 'number')).toThrow('x')
    expect(() => parseValues('1.5', 'integer')).toThrow('1.5')
    expect(() => parseValues('0..1 step 0.5', 'integer')).toThrow('0.5')
    expect(() => parseValues('0..1000000', 'number')).toThrow('expected 100 at most')
  })
  it('make one set of settings for each cell, row by row', () => {
    const across = { place: 'sampler.seed', values: [1, 2] }
    const down = { place: 'blend.ratio1', values: [0, 1] }
    expect(cellSettings(across, down)).toEqual([
      { 'sampler.seed': 1, 'blend.ratio1': 0 },
      { 'sampler.seed': 2, 'blend.ratio1': 0 },
      { 'sampler.seed': 1, 'blend.ratio1': 1 },
      { 'sampler.seed': 2, 'blend.ratio1': 1 },
    ])
    expect(cellSettings(across, undefined)).toHaveLength(2)
  })
})
