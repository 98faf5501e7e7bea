import { expect, test } from 'vitest'
import { emptyChunk, type Padding, padChunk } from '../../engine/models/prompt/chunks.ts'
import { beginToken, clipTokenizer, endToken } from '../../engine/models/tokenizer.ts'
import { goldenJson } from '../support/golden.ts'

interface TokenCase {
  text: string
  ids: number[]
  pad77_eos?: number[]
  pad77_zero?: number[]
  padded77?: number[]
}

const files = ['prompts/clip_tokens.json', 'models/tokenizer/cases.json']

test.skipIf(files.some(goldenJson))('the golden folder has no such cases', () => {})

for (const file of files) {
  const { cases = [] } = (goldenJson(file) ?? {}) as { cases?: TokenCase[] }
  test.each(cases)(`${file}: $text`, ({ text, ids, pad77_eos, pad77_zero, padded77 }) => {
    const tokens = clipTokenizer().encode(text)
    expect([beginToken, ...tokens, endToken]).toEqual(ids)
    if (pad77_eos) expect(cut(tokens, 'eos')).toEqual(pad77_eos)
    if (padded77) expect(cut(tokens, 'eos')).toEqual(padded77)
    if (pad77_zero) expect(cut(tokens, 'zero')).toEqual(pad77_zero)
  })
}

function cut(tokens: number[], padding: Padding): number[] {
  const kept = tokens.slice(0, 75)
  const ones = kept.map(() => 1)
  return padChunk({ ...emptyChunk(), tokens: kept, weights: ones, words: ones }, padding).tokens
}
