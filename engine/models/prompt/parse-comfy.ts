import { pythonFloat } from './python-text.ts'
import { checkDepth, type WeightedText } from './weighted-text.ts'

/**
 * ComfyUI's weights: `(x)` multiplies by 1.1 and nests, `(x:1.3)` sets 1.3 whatever is outside,
 * `\(` and `\)` are text, square brackets mean nothing. Written from its recorded behaviour.
 */

/**
 * Cuts a prompt into stretches of one weight, escapes resolved; empty for an empty prompt. Weights
 * may be negative, infinite or NaN, as written. Throws a WorkflowError for absurd nesting.
 */
export function comfySegments(text: string): WeightedText[] {
  const segments: WeightedText[] = []
  collect(text, 1, 1)
  return segments

  function collect(part: string, weight: number, depth: number): void {
    checkDepth(depth)
    for (const piece of topLevelPieces(part)) {
      if (isGroup(piece)) {
        const group = readGroup(piece.slice(1, -1), weight)
        collect(group.text, group.weight, depth + 1)
      } else {
        segments.push({ text: piece.replace(/\\([()])/g, '$1'), weight })
      }
    }
  }
}

/** Text and weight of a group without its brackets; a number after the last colon is the weight. */
function readGroup(inside: string, outer: number): WeightedText {
  const colon = inside.lastIndexOf(':')
  const weight = colon > 0 ? pythonFloat(inside.slice(colon + 1)) : undefined
  if (weight === undefined) return { text: inside, weight: outer * 1.1 }
  return { text: inside.slice(0, colon), weight }
}

/**
 * Cuts before each bracket that opens at level 0 and after each that returns to it. A bracket that
 * closes nothing lowers the level below 0, so the next one that opens is not a border.
 */
function topLevelPieces(text: string): string[] {
  const pieces: string[] = []
  let level = 0
  let start = 0
  const cut = (end: number) => {
    if (end > start) pieces.push(text.slice(start, end))
    start = end
  }
  for (let at = 0; at < text.length; at++) {
    const character = text[at]
    if (character === '\\' && isBracket(text[at + 1])) at++
    else if (character === '(') {
      if (level === 0) cut(at)
      level++
    } else if (character === ')') {
      level--
      if (level === 0) cut(at + 1)
    }
  }
  cut(text.length)
  return pieces
}

function isGroup(piece: string): boolean {
  return piece.length > 1 && piece.startsWith('(') && piece.endsWith(')') && piece.at(-2) !== '\\'
}

function isBracket(character: string | undefined): boolean {
  return character === '(' || character === ')'
}
