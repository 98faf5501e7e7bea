import { comfySegments } from '../../models/prompt/parse-comfy.ts'
import { encodePlan } from '../../models/prompt/plan.ts'
import { clipTokenizer } from '../../models/tokenizer.ts'

/** A prompt as a box for text shows it. */
export interface TokenPlaces {
  /** Tokens that are encoded: brackets, weights and names of embeddings are none. */
  readonly count: number
  readonly chunks: number
  readonly tokens: readonly number[]
  /** Where each chunk but the last ends, in UTF-16 units of the text. */
  readonly borders: readonly number[]
}

/**
 * Counts a prompt as `encode-prompt` does in its usual style; finds where its chunks end. A word
 * that is cut belongs to the chunk in which it begins. Throws as `encodePlan` does.
 */
export function tokenPlaces(text: string): TokenPlaces {
  const { chunks } = encodePlan(text, { style: 'comfy', pad: 'eos' })
  const parts = chunks.map(({ tokens, words }) => tokens.filter((_, i) => words[i] !== 0))
  const ends = wordEnds(text)
  const borders: number[] = []
  let sum = 0
  let at = 0
  for (const part of parts.slice(0, -1)) {
    sum += part.length
    while (at < ends.length - 1 && ends[at]!.tokens < sum) at++
    borders.push(ends[at]?.place ?? 0)
  }
  const tokens = parts.flat()
  return { count: tokens.length, chunks: chunks.length, tokens, borders }
}

/** The end of a word in the text, and how many tokens there are up to it. */
interface WordEnd {
  readonly place: number
  readonly tokens: number
}

/** As the tokenizer splits, so that each match has tokens of its own. */
const words = /'s|'t|'re|'ve|'m|'ll|'d|\p{L}+|\p{N}|[^\p{White_Space}\p{L}\p{N}]+/giu

/** What is read but never becomes tokens: the end of a chunk, and embeddings without their file. */
const silent = [
  /(?<![\p{L}\p{N}_])BREAK(?![\p{L}\p{N}_])/gu,
  /(?<=^|[ \n])embedding:\s*\S*?(?=,*(\s|$))/gu,
]

function wordEnds(text: string): WordEnd[] {
  const tokenizer = clipTokenizer()
  const ends: WordEnd[] = []
  let tokens = 0
  for (const { text: segment, places } of placed(text)) {
    const spoken = silent.reduce(
      (left, pattern) => left.replace(pattern, (match) => ' '.repeat(match.length)),
      segment,
    )
    for (const { 0: word, index } of spoken.matchAll(words)) {
      tokens += tokenizer.encode(word).length
      ends.push({ place: places[index + word.length - 1]! + 1, tokens })
    }
  }
  return ends
}

/** The stretches of one weight, with the place in the text of each of their units. */
function placed(text: string): { text: string; places: number[] }[] {
  let from = 0
  return comfySegments(text).map((segment) => {
    const found = placesOf(segment.text, text, from)
    from = (found.at(-1) ?? from - 1) + 1
    return { text: segment.text, places: found }
  })
}

/** Brackets and weights, which stand between stretches. */
const syntax = /^(?:[()]|:[^()]*(?=\)))*$/

/** The first place after which a stretch stands as written, with nothing but syntax before it. */
function placesOf(segment: string, text: string, from: number): number[] {
  for (let start = from; start <= text.length; start++) {
    if (!syntax.test(text.slice(from, start))) continue
    const found = matched(segment, text, start)
    if (found) return found
  }
  // Unlike any prompt that was tried: one after the other is near enough for a mark.
  return Array.from(segment, (_, i) => Math.min(text.length - 1, from + i))
}

/** Places of the units of a stretch from `start`; a backslash before a bracket is not in it. */
function matched(segment: string, text: string, start: number): number[] | undefined {
  const places: number[] = []
  let at = start
  for (const unit of segment.split('')) {
    if (text[at] === '\\' && (unit === '(' || unit === ')') && text[at + 1] === unit) at++
    if (text[at] !== unit) return undefined
    places.push(at++)
  }
  return places
}
