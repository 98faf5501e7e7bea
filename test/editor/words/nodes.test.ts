import { describe, expect, it } from 'vitest'
import { labelOf, titleOf } from '../../../editor/words/nodes.ts'
import { jaCategories, jaTitles } from '../../../editor/words/nodes-ja.ts'
import { jaParams } from '../../../editor/words/params-ja.ts'
import { createCatalogue } from '../../../engine/workflow/index.ts'
import { nodes } from '../../../nodes/index.ts'

const catalogue = createCatalogue(nodes)
const shapes = catalogue.types.map((type) => catalogue.shape(type)!)
const names = new Set(
  shapes.flatMap(({ inputs, params, outputs, repeat }) =>
    [inputs, params, outputs, repeat?.inputs, repeat?.params].flatMap((map) => [
      ...(map?.keys() ?? []),
    ]),
  ),
)

describe('Japanese names', () => {
  it('has a title for every node type', () => {
    expect(catalogue.types.filter((type) => !jaTitles[type])).toEqual([])
  })

  it('has a name for every category', () => {
    const categories = new Set(catalogue.definitions.map(({ category }) => category))
    expect([...categories].filter((category) => !jaCategories[category])).toEqual([])
  })

  it('has a label for every param and socket', () => {
    expect([...names].filter((name) => !jaParams[name])).toEqual([])
  })

  it('has no title or label of what is gone', () => {
    const types = new Set([...catalogue.types, 'subgraph'])
    expect(Object.keys(jaTitles).filter((type) => !types.has(type))).toEqual([])
    expect(Object.keys(jaParams).filter((name) => !names.has(name))).toEqual([])
  })

  it('numbers the labels of repeated groups', () => {
    expect(labelOf('textRatio2', 'ja')).toBe('テキスト比率 2')
    expect(labelOf('textRatio2', 'en')).toBe('Text ratio 2')
  })

  it('keeps a digit that belongs to the name', () => {
    expect(labelOf('p2Gamma', 'ja')).toBe('P2 ガンマ')
    expect(labelOf('p2Gamma', 'en')).toBe('P2 gamma')
  })

  it('takes the English title where there is no other', () => {
    expect(titleOf('mine', 'My node', 'ja')).toBe('My node')
    expect(titleOf('constructor', 'Builder', 'ja')).toBe('Builder')
  })
})
