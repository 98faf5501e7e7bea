import { describe, expect, it } from 'vitest'
import { completed, completionAt } from '../../../editor/widgets/prompt/completion.ts'
import { weighed } from '../../../editor/widgets/prompt/weights.ts'

/** `[` and `]` stand for the selection, `|` for a caret. */
function marked(text: string) {
  const start = text.search(/[|[]/)
  const end = text.includes('|') ? start : text.indexOf(']') - 1
  return { text: text.replace(/[|[\]]/g, ''), start, end }
}

describe('weights of a prompt by keys', () => {
  it.each([
    ['a red| cat', 0.1, 'a (red:1.1) cat'],
    ['a [red cat]', 0.1, 'a (red cat:1.1)'],
    ['a[ red ]cat', -0.1, 'a (red:0.9) cat'],
    ['(red:1.1)|', 0.1, '(red:1.2)'],
    ['(re|d:1.1)', -0.1, 'red'],
    ['(a (red|:1.2) cat:1.5)', 0.1, '(a (red:1.3) cat:1.5)'],
    ['(a (red:1.2) ca|t:1.5)', 0.1, '(a (red:1.2) cat:1.6)'],
    ['(plain red|)', 0.1, '(plain (red:1.1))'],
    ['\\(red| cat\\)', 0.1, '\\((red:1.1) cat\\)'],
    ['赤い猫|、夜', 0.1, '(赤い猫:1.1)、夜'],
  ])('%s by %d gives %s', (text, delta, wanted) => {
    expect(weighed(marked(text), delta)?.text).toBe(wanted)
  })

  it('keeps the word selected, so that the next press goes on', () => {
    let now = marked('a red| cat')
    for (let press = 0; press < 3; press++) now = { ...weighed(now, 0.1)! }
    expect(now).toEqual({ text: 'a (red:1.3) cat', start: 3, end: 6 })
    for (let press = 0; press < 3; press++) now = { ...weighed(now, -0.1)! }
    expect(now).toEqual({ text: 'a red cat', start: 2, end: 5 })
  })

  it('does nothing where there is no word', () => {
    expect(weighed(marked('a , | b'), 0.1)).toBeUndefined()
  })
})

const known = {
  loras: [
    { name: 'style/neon.safetensors', triggers: ['neon glow'], ratio: 0.8 },
    { name: 'ink.safetensors', triggers: ['ink wash', 'neonized'] },
  ],
  embeddings: [{ name: 'bad-hands.pt' }],
}
const offers = (text: string) => completionAt(text, text.length, known)

describe('completion in a prompt', () => {
  it('offers LoRAs after <lora:, those that begin so first', () => {
    expect(offers('a cat <lora:n').offers.map(({ label }) => label)).toEqual(['style/neon', 'ink'])
    expect(offers('<lora:in').offers).toEqual([
      { insert: '<lora:ink:1>', label: 'ink', kind: 'lora' },
    ])
  })

  it('offers embeddings and trigger words', () => {
    expect(offers('embedding:BAD').offers[0]?.insert).toBe('embedding:bad-hands')
    expect(offers('a cat, neo').offers.map(({ insert }) => insert)).toEqual([
      'neon glow',
      'neonized',
    ])
    expect(offers('a cat, n').offers).toEqual([])
  })

  it('puts an offer in the place of what was typed, without a second bracket', () => {
    const text = 'cat <lora:ne>, night'
    const caret = text.indexOf('>')
    const { from, offers: found } = completionAt(text, caret, known)
    expect(completed(text, caret, from, found[0]!)).toEqual({
      text: 'cat <lora:style/neon:0.8>, night',
      caret: 'cat <lora:style/neon:0.8>'.length,
    })
  })

  it('is quiet when the word is complete', () => {
    expect(offers('a cat, neonized').offers).toEqual([])
  })
})
