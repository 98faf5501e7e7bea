import { describe, expect, it } from 'vitest'
import { clipTokenizer } from '../../../engine/models/tokenizer.ts'
import { tokenPlaces } from '../../../engine/server/http/token-places.ts'

describe('the count of a prompt', () => {
  it.each([
    ['', 0],
    ['a red cat', 3],
    ['(red:1.2) cat', 2],
    ['((red)), [cat]', 5],
    ['\\(red\\)', 3],
    ['a BREAK b', 2],
    ['embedding:style, cat', 2],
    ["don't", 2],
  ])('of %j is %d tokens', (text, count) => {
    expect(tokenPlaces(text)).toMatchObject({ count, chunks: text.includes('BREAK') ? 2 : 1 })
  })

  it('has no borders but between chunks', () => {
    expect(tokenPlaces('cat '.repeat(75)).borders).toEqual([])
    expect(tokenPlaces('cat '.repeat(76)).borders).toEqual([75 * 4 - 1])
    expect(tokenPlaces('cat '.repeat(151)).borders).toEqual([75 * 4 - 1, 150 * 4 - 1])
  })

  it.each([
    ['in front', '(a:1.2)1, '],
    ['with brackets', '((deep (inside:0.5) it)) '],
    ['escaped', '\\(a \\( b\\) '],
    ['in Japanese', '猫と、赤い（花）。'],
    ['of pairs', '👩‍🚀 and 𝒳 '],
    ['with a weight that is none', '(a:b) (c:1.5.) '],
    ['with an embedding', 'embedding:one,, x '],
    ['with contractions', "Don't he's I'LL "],
  ])('finds them in text %s', (_, head) => {
    const text = head + 'cat, '.repeat(60)
    const { borders, chunks, tokens } = tokenPlaces(text)
    expect([chunks, borders.length]).toEqual([2, 1])
    const border = borders[0]!
    const after = clipTokenizer().encode(text.slice(border))
    expect(tokens.length - after.length).toBe(75)
    expect(tokens.slice(75)).toEqual(after)
  })

  it('ends a chunk at BREAK', () => {
    expect(tokenPlaces('red cat BREAK blue dog').borders).toEqual(['red cat'.length])
  })

  it('stays quick for a text of absurd length', () => {
    const text = '(a:1.1) '.repeat(9000)
    expect(tokenPlaces(text).borders).toHaveLength(119)
  })
})
