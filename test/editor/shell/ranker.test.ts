import { describe, expect, it } from 'vitest'
import { aliases } from '../../../editor/shell/search/aliases.ts'
import { nearly, rank } from '../../../editor/shell/search/ranker.ts'
import { jaTitles } from '../../../editor/words/nodes-ja.ts'
import { nodes } from '../../../nodes/index.ts'

const candidates = nodes.map(({ type, title }) => ({
  id: type,
  names: [title, jaTitles[type] ?? title, type, ...(aliases[type] ?? [])],
}))
const first = (query: string) => rank(query, candidates)[0]

describe('the search for nodes', () => {
  const wanted: readonly (readonly [string, string])[] = [
    ['sampler', 'sampler'],
    ['ksampler', 'sampler'],
    ['ckpt', 'load-model'],
    ['lora load', 'load-lora'],
    ['Load LoRA', 'load-lora'],
    ['loadlora', 'load-lora'],
    ['image save', 'save-image'],
    ['samplr', 'sampler'],
    ['smapler', 'sampler'],
    ['optimzer', 'optimizer'],
    ['vae encode', 'encode-image'],
    ['clip text encode', 'encode-prompt'],
    ['prvw', 'preview'],
    ['サンプラー', 'sampler'],
    ['ｻﾝﾌﾟﾗｰ', 'sampler'],
    ['画像を保存', 'save-image'],
    ['学習率', 'optimizer'],
    ['チェックポイント', 'load-model'],
    ['ＳＥＥＤ', 'seed'],
    ['dataset doc', 'dataset-doctor'],
  ]
  for (const [query, type] of wanted) {
    it(`finds ${type} first for "${query}"`, () => expect(first(query)).toBe(type))
  }

  it('finds nothing for what no name has', () => {
    expect(rank('zzzzqqq', candidates)).toEqual([])
  })

  it('shows all for an empty text, those last used first', () => {
    const ids = rank('', candidates, ['seed', 'decode'])
    expect(ids.slice(0, 2)).toEqual(['seed', 'decode'])
    expect(ids).toHaveLength(candidates.length)
  })

  it('puts what was used lately first among equals', () => {
    const two = [
      { id: 'one', names: ['Load it'] },
      { id: 'two', names: ['Load of'] },
    ]
    expect(rank('load', two, ['two'])).toEqual(['two', 'one'])
    expect(rank('load', two, ['one'])).toEqual(['one', 'two'])
  })

  it('takes a text of symbols', () => {
    expect(rank('(*[\\', candidates)).toEqual([])
  })

  it('forgives one letter that is wrong, missing, extra or swapped, and no more', () => {
    for (const word of ['semple', 'smple', 'saample', 'asmple', 'sample']) {
      expect(nearly(word, 'sample')).toBe(true)
    }
    for (const word of ['smpl', 'elpmas', 'sammmple', ''])
      expect(nearly(word, 'sample')).toBe(false)
  })
})
