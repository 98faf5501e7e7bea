import { describe, expect, it } from 'vitest'
import { type CaptionEdit, editCaption, editCaptions } from '../../engine/dataset/edit-captions.ts'
import { datasetOf, itemOf } from '../support/datasets.ts'

describe('a caption', () => {
  it.each<[CaptionEdit, string, string]>([
    [{}, 'a cat, red', 'a cat, red'],
    [{ whereEmpty: 'a cat' }, '', 'a cat'],
    [{ whereEmpty: 'a cat' }, 'a dog', 'a dog'],
    [{ find: 'cat', replace: '$&t' }, 'a cat, cat', 'a $&t, $&t'],
    [{ find: 'cat' }, 'a cat', 'a'],
    [{ find: /(\d+) (cats)/g, replace: '$2 ($1)' }, '2 cats, 3 cats', 'cats (2), cats (3)'],
    [{ removeTags: ['Red', ' sofa '] }, 'a cat, red,sofa , redder', 'a cat, redder'],
    [{ renameTags: { Red: 'crimson', sofa: '' } }, 'red, a cat, sofa', 'crimson, a cat'],
    [{ unique: true }, 'a, b, A, c, b', 'a, b, c'],
    [{ trigger: 'zxy' }, 'a cat, red', 'zxy, a cat, red'],
    [{ trigger: 'zxy' }, 'a cat, ZXY, red', 'zxy, a cat, red'],
    [{ trigger: 'zxy' }, '', 'zxy'],
    [{ prefix: 'photo of ', suffix: ', indoors' }, 'a cat', 'photo of a cat, indoors'],
    [{ whereEmpty: 'x', trigger: 't', prefix: 'p ', find: 'x', replace: 'y' }, '', 'p t, y'],
  ])('edited with %j: %j is %j', (edit, caption, expected) => {
    expect(editCaption(caption, edit)).toBe(expected)
  })

  it('has tags between the separator of its subset', async () => {
    const item = itemOf(8, 8, { captions: ['a; b'], subset: { captionSeparator: ';' } })
    const { items } = await editCaptions(datasetOf([item]), { removeTags: ['a'], trigger: 't' })
    expect(items[0]!.captions).toEqual(['t; b'])
  })
})

describe('the captions of a dataset', () => {
  const dataset = datasetOf([
    itemOf(8, 8, { captions: ['a cat', 'two cats'], caption: 'a cat' }),
    itemOf(8, 8, { captions: [] }),
    itemOf(8, 8, { captions: ['a class'], isRegularisation: true }),
  ])

  it('are edited line by line, those of the class only where that is asked for', async () => {
    const edited = await editCaptions(dataset, { trigger: 't' })
    expect(edited.items.map(({ caption, captions }) => [caption, captions])).toEqual([
      ['t, a cat', ['t, a cat', 't, two cats']],
      ['t', ['t']],
      ['a class', ['a class']],
    ])
    const all = await editCaptions(dataset, { trigger: 't', regularisation: true })
    expect(all.items[2]!.caption).toBe('t, a class')
  })

  it('make another dataset with another key, and leave the first as it is', async () => {
    const before = structuredClone(dataset.items)
    const [one, same, other] = await Promise.all(
      ['t', 't', 'u'].map((trigger) => editCaptions(dataset, { trigger })),
    )
    expect(dataset.items).toEqual(before)
    expect(one!.key).toBe(same!.key)
    expect(new Set([dataset.key, one!.key, other!.key]).size).toBe(3)
  })
})
