import { expect, test } from 'vitest'
import { mergeCount, readBytePairs } from '../../../engine/models/prompt/byte-pairs.ts'

const merges = ['a b', 'b a', 'ab ab', 'ab a', 'b b</w>', 'abab abab']

/** The list must have its full length; what follows the merges never occurs in the words. */
function vocabulary(): string {
  return ['header', ...merges, ...new Array(mergeCount).fill('z z')].join('\n')
}

/** The definition: look for the best pair in the whole word, merge all of it, start again. */
function slowEncode(word: string): string[] {
  const parts = [...word]
  parts[parts.length - 1] += '</w>'
  for (;;) {
    const best = merges.find((merge) =>
      parts.some((_, i) => `${parts[i]} ${parts[i + 1]}` === merge),
    )
    if (best === undefined) return parts
    for (let i = 0; i + 1 < parts.length; i++) {
      if (`${parts[i]} ${parts[i + 1]}` === best) parts.splice(i, 2, best.replace(' ', ''))
    }
  }
}

test('merging agrees with its slow definition for all words of a and b up to 10 letters', () => {
  const bytePairs = readBytePairs(vocabulary())
  for (let length = 1; length <= 10; length++) {
    for (let bits = 0; bits < 2 ** length; bits++) {
      const word = bits.toString(2).padStart(length, '0').replaceAll('0', 'a').replaceAll('1', 'b')
      const found = bytePairs.encode(new TextEncoder().encode(word)).map((id) => {
        const { bytes, endsWord } = bytePairs.bytesOf(id)
        return String.fromCharCode(...bytes) + (endsWord ? '</w>' : '')
      })
      expect(found).toEqual(slowEncode(word))
    }
  }
})

test('a vocabulary with a line that is no pair is refused with its number', () => {
  expect(() => readBytePairs('header\ni n\nq')).toThrow(
    'CLIP vocabulary: line 3 is "q", a pair of earlier symbols expected',
  )
})
