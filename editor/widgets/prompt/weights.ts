/** Weights in a prompt, `(word:1.1)`, changed by keys. */

/** A text field's content and what is selected in it. */
export interface Edited {
  readonly text: string
  readonly start: number
  readonly end: number
}

const weighted = /^\(([\s\S]*):\s*(-?\d*\.?\d+)\s*\)$/
const edge = /[\s,、。，．()（）[\]<>|]/

/**
 * Adds `delta` to the weight of what is selected, or of the word at the caret. Brackets with a
 * weight around it are changed; at 1 they go. Undefined where there is no word.
 */
export function weighed({ text, start, end }: Edited, delta: number): Edited | undefined {
  const around = enclosing(text, start, end)
  if (around) {
    const inner = text.slice(around.start, around.end)
    const [, words, weight] = weighted.exec(inner)!
    const next = Math.round((Number(weight) + delta) * 100) / 100
    const written = next === 1 ? words! : `(${words}:${next})`
    const shift = next === 1 ? -1 : 0
    const kept = (place: number) => {
      const inside = Math.min(Math.max(place - around.start - 1, 0), words!.length)
      return around.start + 1 + shift + inside
    }
    return {
      text: text.slice(0, around.start) + written + text.slice(around.end),
      start: kept(start),
      end: kept(end),
    }
  }
  const range = start === end ? wordAt(text, start) : trimmed(text, start, end)
  if (!range) return undefined
  const words = text.slice(range.start, range.end)
  const next = Math.round((1 + delta) * 100) / 100
  return {
    text: `${text.slice(0, range.start)}(${words}:${next})${text.slice(range.end)}`,
    start: range.start + 1,
    end: range.start + 1 + words.length,
  }
}

/** The innermost brackets with a weight that hold the selection, or are it. */
function enclosing(text: string, start: number, end: number) {
  const open: number[] = []
  let best: { start: number; end: number } | undefined
  for (let place = 0; place < text.length; place++) {
    if (text[place] === '\\') {
      place += 1
    } else if (text[place] === '(') {
      open.push(place)
    } else if (text[place] === ')') {
      const from = open.pop()
      if (from === undefined || from > start || place + 1 < end) continue
      const inside = weighted.test(text.slice(from, place + 1))
      if (inside && (!best || from > best.start)) best = { start: from, end: place + 1 }
    }
  }
  return best
}

function wordAt(text: string, caret: number) {
  let start = caret
  let end = caret
  while (start > 0 && !edge.test(text[start - 1]!)) start -= 1
  while (end < text.length && !edge.test(text[end]!)) end += 1
  return start === end ? undefined : { start, end }
}

function trimmed(text: string, start: number, end: number) {
  let [from, to] = [start, end]
  while (from < to && /\s/.test(text[from]!)) from += 1
  while (to > from && /\s/.test(text[to - 1]!)) to -= 1
  return from === to ? undefined : { start: from, end: to }
}
