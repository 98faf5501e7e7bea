/**
 * The grammar of AUTOMATIC1111's prompt editing: `[before:after:when]`, `[after:when]`,
 * `[before::when]` and `[a|b|c]`, nested at will. A bracket that closes nothing or opens nothing is
 * text at the top level; a `|` outside of square brackets makes the whole prompt plain text.
 * A1111's parser finds several readings where a stray bracket or colon comes right behind a group
 * (`x[a:b:4])`) and sometimes takes the one without editing; here a group is always one.
 */

/** A prompt as a sequence of texts and of things that depend on the step. */
export type EditedPrompt = readonly (string | Scheduled | Alternate)[]

/** `[before:after:when]`; `when` is kept as written, its point tells a fraction from a step. */
export interface Scheduled {
  readonly kind: 'scheduled'
  readonly before: EditedPrompt
  readonly after: EditedPrompt
  readonly when: string
}

/** `[a|b|c]`: the next option at each step. */
export interface Alternate {
  readonly kind: 'alternate'
  readonly options: readonly EditedPrompt[]
}

/** A part of the prompt and the place behind it. */
interface Part {
  readonly value: EditedPrompt
  readonly end: number
}

const plain = /(?:[^\\[\]():|]+|\\[^\n])+/y
const when = /:\s*([+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)\s*\]/y
/** Deeper nesting makes the prompt plain text, so that no prompt exhausts the stack. */
const deepest = 200

/** Reads a prompt; undefined where the grammar refuses it, which means: plain text. */
export function parsePromptEditing(text: string): EditedPrompt | undefined {
  const known = new Map<number, Part | undefined>()
  const result: (string | Scheduled | Alternate)[] = []
  let depth = 0
  let at = 0
  while (at < text.length) {
    const part = readPart(at)
    if (part) {
      for (const piece of part.value) result.push(piece)
      at = part.end
    } else {
      if (!'[]():'.includes(text[at] as string)) return undefined
      result.push(text[at] as string)
      at++
    }
  }
  return result

  /** Plain text or a bracket with its contents; each bracket is read once. */
  function readPart(start: number): Part | undefined {
    const character = text[start]
    if (character !== '(' && character !== '[') {
      const found = matchAt(plain, text, start)
      return found ? { value: [found[0]], end: start + found[0].length } : undefined
    }
    if (known.has(start)) return known.get(start)
    depth++
    const part = depth > deepest ? undefined : readBracket(start, character)
    depth--
    known.set(start, part)
    return part
  }

  function readSequence(start: number): Part {
    const value: (string | Scheduled | Alternate)[] = []
    let end = start
    for (let part = readPart(end); part; part = readPart(end)) {
      for (const piece of part.value) value.push(piece)
      end = part.end
    }
    return { value, end }
  }

  function readBracket(start: number, open: '(' | '['): Part | undefined {
    const first = readSequence(start + 1)
    const next = text[first.end]
    if (next === (open === '(' ? ')' : ']')) return enclosed(start, first.end, first.value)
    if (open === '(') {
      if (next !== ':') return undefined
      const second = readSequence(first.end + 1)
      const value = [...first.value, ':', ...second.value]
      return text[second.end] === ')' ? enclosed(start, second.end, value) : undefined
    }
    if (next === '|') return readAlternate(first)
    return next === ':' ? readScheduled(first) : undefined
  }

  function enclosed(start: number, last: number, value: EditedPrompt): Part {
    return { value: [text[start] as string, ...value, text[last] as string], end: last + 1 }
  }

  function readScheduled(first: Part): Part | undefined {
    const short = matchAt(when, text, first.end)
    if (short) return scheduled([], first.value, short, first.end)
    const second = readSequence(first.end + 1)
    const full = matchAt(when, text, second.end)
    return full ? scheduled(first.value, second.value, full, second.end) : undefined
  }

  function readAlternate(first: Part): Part | undefined {
    const options = [first.value]
    let end = first.end
    while (text[end] === '|') {
      const option = readSequence(end + 1)
      options.push(option.value)
      end = option.end
    }
    if (text[end] !== ']') return undefined
    return { value: [{ kind: 'alternate', options }], end: end + 1 }
  }
}

function scheduled(
  before: EditedPrompt,
  after: EditedPrompt,
  found: RegExpExecArray,
  from: number,
): Part {
  const value: EditedPrompt = [{ kind: 'scheduled', before, after, when: found[1] as string }]
  return { value, end: from + found[0].length }
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at
  return pattern.exec(text)
}
