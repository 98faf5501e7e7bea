import { expect, test } from 'vitest'
import { clipTokenizer } from '../../engine/models/tokenizer.ts'

const tokenizer = clipTokenizer()

test('a word is looked up with its end, so a word and a part of one have different ids', () => {
  expect(tokenizer.encode('cat').map(tokenizer.piece)).toEqual(['cat '])
  expect(tokenizer.encode('supercalifragilistic').map(tokenizer.piece)).toEqual([
    'super',
    'cali',
    'frag',
    'ili',
    'stic ',
  ])
})

test('a token that is a part of a character is shown in hexadecimal', () => {
  const pieces = tokenizer.encode('𓃠').map(tokenizer.piece)
  expect(pieces.join('')).toBe('<F0><93><83><A0> ')
})

test('ids decode to the text in lower case, special and unknown ones to nothing', () => {
  const ids = [49406, ...tokenizer.encode('A Photo, 日本語 😀'), 49407, 60000, -1]
  expect(tokenizer.decode(ids)).toBe('a photo , 日本語 😀')
})

test('names of JavaScript properties are ordinary words', () => {
  for (const word of ['constructor', 'toString', '__proto__']) {
    expect(tokenizer.encode(word).every((id) => Number.isInteger(id))).toBe(true)
  }
})

test('special tokens in capitals are text but stay apart from what follows', () => {
  expect(tokenizer.encode('<|ENDOFTEXT|>!').map(tokenizer.piece).join('')).not.toContain('>!')
  expect(tokenizer.encode('<|endoftext|>')).toEqual([49407])
})

test('an unpaired surrogate counts as the replacement character', () => {
  expect(tokenizer.encode('a\ud800b')).toEqual(tokenizer.encode('a\ufffdb'))
})

test('a word has the same ids wherever it stands and the second time it is met', () => {
  for (const word of ['mississippi', 'bookkeeper', 'abababab', 'xyzzyx']) {
    const ids = tokenizer.encode(word)
    expect(tokenizer.decode(ids)).toBe(word)
    expect(tokenizer.encode(` ${word}\n${word.toUpperCase()} `)).toEqual([...ids, ...ids])
  }
})

test.each([
  ['a word of 100,000 letters', 'abcdefghijklmnopqrst'.repeat(5000)],
  ['100,000 equal letters', 'a'.repeat(100_000)],
  ['100,000 signs', '!?'.repeat(50_000)],
  ['10,000 different words', Array.from({ length: 10_000 }, (_, i) => `w${i} tag`).join(' ')],
  ['50,000 emoji', '😀'.repeat(50_000)],
])('%s take less than two seconds', (_, text) => {
  const start = performance.now()
  expect(tokenizer.encode(text).length).toBeGreaterThan(1000)
  expect(performance.now() - start).toBeLessThan(2000)
})
