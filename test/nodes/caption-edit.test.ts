import { describe, expect, it } from 'vitest'
import type { Dataset } from '../../engine/dataset/settings.ts'
import captionEdit from '../../nodes/caption-edit.ts'
import dataset from '../../nodes/dataset.ts'
import { nodeRunner } from '../support/node-runs.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { rampPicture } from '../support/tiny-pictures.ts'

const picture = await rampPicture(64, 64)

describe('the caption edit node', () => {
  it('leaves captions as they are where nothing is asked for', async () => {
    expect((await edited({})).captions).toEqual(['a cat, red, sofa', ''])
  })

  it('changes captions and no file', async () => {
    const found = await edited({
      trigger: 'zxy',
      find: '(\\w+)fa',
      replace: '$1-$1',
      isPattern: true,
      removeTags: ['red'],
      whereEmpty: 'a dog',
    })
    expect(found.captions).toEqual(['zxy, a cat, so-so', 'zxy, a dog'])
    expect((await edited({})).captions).toEqual(['a cat, red, sofa', ''])
  })

  it('takes a text as it is written unless it is a pattern', async () => {
    expect((await edited({ find: '.', replace: 'x' })).captions[0]).toBe('a cat, red, sofa')
  })

  it('refuses what is no pattern', async () => {
    expect((await edited({ find: '(', isPattern: true })).failure).toBe(
      'edit: find: "(" is no regular expression, one expected',
    )
  })
})

async function edited(params: object) {
  const desk = temporaryFolder({
    'input/pets/a.png': picture,
    'input/pets/a.txt': 'a cat, red, sofa',
    'input/pets/b.png': picture,
  })
  const { events, outputs } = await nodeRunner(
    desk,
    dataset,
    captionEdit,
  )({
    outputs: { dataset: 'edit.dataset' },
    nodes: {
      data: { type: 'dataset', params: { folder: 'pets' } },
      edit: { type: 'caption-edit', params, inputs: { dataset: 'data.dataset' } },
    },
  })
  const found = outputs.dataset as Dataset | undefined
  const failed = events.find((event) => event.type === 'failed')
  return {
    captions: found?.items.map(({ caption }) => caption) ?? [],
    failure: failed?.error.message,
  }
}
