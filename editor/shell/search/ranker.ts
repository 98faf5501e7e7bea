/** Finds what was meant by a few typed letters. Pure. */

/** Something that can be found: its own name first, then others that it is known by. */
export interface Candidate {
  readonly id: string
  readonly names: readonly string[]
}

/** Scores of the ways to match; a former one always beats a later one. */
const exact = 1000
const wholeWord = 800
const prefix = 700
const wordPrefix = 600
const substring = 500
const glued = 400
const letters = 200
const typo = 100

/**
 * Ids of what matches, best first: exact, whole word, prefix, substring, without its gaps, letters
 * in order, and one wrong, missing, extra or swapped letter. Every word typed must match
 * somewhere; their order does not matter. What was used lately wins among equals.
 */
export function rank(
  query: string,
  candidates: readonly Candidate[],
  recent: readonly string[] = [],
): string[] {
  const words = plain(query).split(' ').filter(Boolean)
  const use = (id: string) => (recent.includes(id) ? recent.length - recent.indexOf(id) : 0)
  if (words.length === 0) {
    return candidates.map(({ id }) => id).sort((one, other) => use(other) - use(one))
  }
  return candidates
    .map(({ id, names }) => ({ id, score: score(words, names) }))
    .filter((entry) => entry.score > 0)
    .sort((one, other) => other.score - one.score || use(other.id) - use(one.id))
    .map(({ id }) => id)
}

/** Lower case, full-width letters made narrow, separators as single blanks. */
export function plain(text: string): string {
  return text
    .normalize('NFKC')
    .replace(/(\p{Ll})(\p{Lu})/gu, '$1 $2')
    .toLowerCase()
    .replace(/[\s_./,:-]+/g, ' ')
    .trim()
}

function score(words: readonly string[], names: readonly string[]): number {
  let best = 0
  names.forEach((name, place) => {
    const text = plain(name)
    const whole = words.join(' ')
    const own = text === whole ? exact + 200 : together(words, text)
    if (own > 0) best = Math.max(best, own - place * 2 - text.length / 50)
  })
  const apart = words.map((word) => Math.max(...names.map((name) => match(word, plain(name)))))
  if (words.length > 1 && apart.every((value) => value > 0)) {
    best = Math.max(best, mean(apart) - 150)
  }
  return best
}

function together(words: readonly string[], text: string): number {
  const scores = words.map((word) => match(word, text))
  const joined = match(words.join(''), text)
  return scores.every((value) => value > 0) ? Math.max(mean(scores), joined) : joined
}

function match(word: string, text: string): number {
  if (text === word) return exact
  const parts = text.split(' ')
  if (parts.includes(word)) return wholeWord + (parts[0] === word ? 20 : 0)
  if (text.startsWith(word)) return prefix
  if (parts.some((part) => part.startsWith(word))) return wordPrefix
  if (text.includes(word)) return substring
  const tight = parts.join('')
  if (tight.includes(word.replaceAll(' ', ''))) return glued
  const initials = parts.map((part) => part[0]).join('')
  if (word.length > 1 && initials.startsWith(word)) return glued - 50
  if (word.length >= 4 && parts.some((part) => nearly(word, part))) return letters + 50
  if (word.length >= 4 && nearly(word, tight)) return letters + 50
  if (word.length >= 3 && inOrder(word, tight)) return letters - spread(word, tight)
  if (
    word.length >= 4 &&
    [...parts, tight].some((part) => nearly(word, part.slice(0, word.length)))
  ) {
    return typo
  }
  return 0
}

/** Whether the letters come in this order, the first of them first. */
function inOrder(word: string, text: string): boolean {
  return word[0] === text[0] && spread(word, text) < letters
}

/** How far letters in order lie apart; `letters` where they do not come. */
function spread(word: string, text: string): number {
  let at = -1
  for (const letter of word) {
    at = text.indexOf(letter, at + 1)
    if (at < 0) return letters
  }
  return Math.min(letters - 1, at + 1 - word.length)
}

/** Whether one letter less, more, other or two swapped make the words equal. */
export function nearly(one: string, other: string): boolean {
  if (Math.abs(one.length - other.length) > 1) return false
  let start = 0
  while (start < one.length && one[start] === other[start]) start += 1
  const [a, b] = [one.slice(start), other.slice(start)]
  return (
    a.slice(1) === b.slice(1) ||
    a.slice(1) === b ||
    a === b.slice(1) ||
    (a[0] === b[1] && a[1] === b[0] && a.slice(2) === b.slice(2))
  )
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
