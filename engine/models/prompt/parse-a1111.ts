import { WorkflowError } from '../../errors.ts'
import { pythonFloat, splitAtWord } from './python-text.ts'
import { breakWord, checkDepth, type WeightedText } from './weighted-text.ts'

/**
 * AUTOMATIC1111's weights: `(x)` multiplies by 1.1, `[x]` divides by it, `(x:1.3)` multiplies by
 * 1.3; all nest, and a bracket left open acts to the end. A backslash takes the meaning of the
 * bracket or backslash after it. Written from its recorded behaviour.
 */

const attention = /\\[()[\]\\]|\\|\(|\[|:\s*([+-]?[.\p{Nd}]+)\s*\)|\)|\]|[^\\()[\]:]+|:/gu

/**
 * Cuts a prompt into stretches of one weight, neighbours of equal weight joined; one empty stretch
 * for an empty prompt. `BREAK` is a stretch of its own with weight -1, multiplied where it is in
 * brackets. Throws a WorkflowError for a weight like "1.2.3" and for absurd nesting.
 */
export function a1111Segments(text: string): WeightedText[] {
  const segments: { text: string; weight: number }[] = []
  const round: number[] = []
  const square: number[] = []
  const multiply = (from: number | undefined, factor: number) => {
    for (let i = from ?? 0; i < segments.length; i++) segments[i]!.weight *= factor
  }
  for (const [token, weight] of text.matchAll(attention)) {
    if (token.startsWith('\\')) segments.push({ text: token.slice(1), weight: 1 })
    else if (token === '(') checkDepth(round.push(segments.length))
    else if (token === '[') checkDepth(square.push(segments.length))
    else if (weight !== undefined && round.length > 0) multiply(round.pop(), readWeight(weight))
    else if (token === ')' && round.length > 0) multiply(round.pop(), roundFactor)
    else if (token === ']' && square.length > 0) multiply(square.pop(), squareFactor)
    else segments.push(...splitBreaks(token))
  }
  for (const from of round) multiply(from, roundFactor)
  for (const from of square) multiply(from, squareFactor)
  return joined(segments)
}

/** True for the stretch that ends a chunk. Inside brackets it is an ordinary word, as in A1111. */
export function isBreak(segment: WeightedText): boolean {
  return segment.text === breakWord && segment.weight === -1
}

const roundFactor = 1.1
const squareFactor = 1 / 1.1

function readWeight(text: string): number {
  const weight = pythonFloat(text)
  if (weight === undefined) {
    throw new WorkflowError(
      `prompt: "${text}" stands where a weight does, a number such as 1.2 expected`,
    )
  }
  return weight
}

/** Spaces around a BREAK belong to it. */
function splitBreaks(text: string): { text: string; weight: number }[] {
  const parts = splitAtWord(text, breakWord)
  return parts.flatMap((part, i) => {
    let trimmed = part
    if (i > 0) trimmed = trimmed.trimStart()
    if (i < parts.length - 1) trimmed = trimmed.trimEnd()
    const piece = { text: trimmed, weight: 1 }
    return i > 0 ? [{ text: breakWord, weight: -1 }, piece] : [piece]
  })
}

function joined(segments: readonly WeightedText[]): WeightedText[] {
  const result: WeightedText[] = []
  for (const segment of segments) {
    const last = result.at(-1)
    if (last?.weight !== segment.weight) result.push(segment)
    else result[result.length - 1] = { text: last.text + segment.text, weight: last.weight }
  }
  return result.length > 0 ? result : [{ text: '', weight: 1 }]
}
