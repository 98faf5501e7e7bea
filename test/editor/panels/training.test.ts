import { describe, expect, it } from 'vitest'
import { curvesOf, samplesOf, trainingNodes } from '../../../editor/panels/training/rows.ts'
import { countTags, partsOf, withoutTag, withTag } from '../../../editor/panels/training/tags.ts'

const step = (step: number, loss: number) => ({ type: 'step', step, loss, average: loss / 2 })

describe('the curves of a training', () => {
  it('stand over their steps, validations where they were measured', () => {
    const validation = { type: 'validation', validation: { step: 2, loss: 0.4, trainLoss: 0.3 } }
    expect(curvesOf([step(1, 1), step(2, 0.5)], [validation])).toEqual({
      steps: [1, 2],
      loss: [1, 0.5],
      average: [0.5, 0.25],
      validation: [null, 0.4],
      trainLoss: [null, 0.3],
    })
  })

  it('count a step that was taken again as it came last', () => {
    const { steps, loss } = curvesOf([step(1, 1), step(2, 9), step(2, 0.5), step(3, 0.4)], [])
    expect(steps).toEqual([1, 2, 3])
    expect(loss).toEqual([1, 0.5, 0.4])
  })

  it('are thinned where they are long, with the last point kept', () => {
    const rows = Array.from({ length: 10_000 }, (_, index) => step(index + 1, 1 / (index + 1)))
    const { steps } = curvesOf(rows, [])
    expect(steps.length).toBeLessThanOrEqual(2001)
    expect(steps.at(-1)).toBe(10_000)
  })

  it('leave out what is no number', () => {
    expect(curvesOf([{ step: 1, loss: Number.NaN, average: 1 }], []).loss).toEqual([null])
  })
})

describe('samples of a training', () => {
  it('are found below the output folder, in the order of their steps', () => {
    const rows = [
      { step: 20, index: 0, file: '/data/out/training/cat/samples/b.png' },
      { step: 10, index: 1, file: 'C:\\out\\training\\cat\\samples\\a.png' },
      { step: 30, index: 0, file: '/elsewhere/c.png' },
    ]
    expect(samplesOf(rows)).toEqual([
      { step: 10, index: 1, name: 'training/cat/samples/a.png' },
      { step: 20, index: 0, name: 'training/cat/samples/b.png' },
    ])
  })

  it('belong to the nodes that train', () => {
    const nodes = { a: { type: 'sampler' }, b: { type: 'train' }, c: { type: 'sweep' } }
    expect(trainingNodes({ version: 1, nodes })).toEqual(['b', 'c'])
  })
})

describe('the words of captions', () => {
  it('are counted once a caption', () => {
    expect(countTags(['a cat, snow', 'snow ,snow', ''])).toEqual([
      { tag: 'snow', count: 2 },
      { tag: 'a cat', count: 1 },
    ])
  })

  it.each([
    ['a cat', 'snow', 'a cat, snow'],
    ['a cat, snow', 'snow', 'a cat, snow'],
    ['', 'snow', 'snow'],
    ['a cat', '  ', 'a cat'],
  ])('%j and %j make %j', (caption, tag, expected) => {
    expect(withTag(caption, tag)).toBe(expected)
  })

  it('go where they stand, and what was added goes again', () => {
    expect(withoutTag('a cat, snow, day', 'snow')).toBe('a cat, day')
    expect(withoutTag('a cat,snowy', 'snow')).toBe('a cat,snowy')
    for (const caption of ['a cat', 'x, y', '']) {
      expect(withoutTag(withTag(caption, 'new'), 'new')).toBe(partsOf(caption).join(', '))
    }
  })
})
