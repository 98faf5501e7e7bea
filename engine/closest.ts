/** Longer words are no typing mistakes of each other; a hostile file could waste time here. */
const longest = 60

/**
 * The candidate that was probably meant: at most a third of its letters differ. Swapped
 * neighbours count as one difference. Undefined where nothing is near.
 */
export function closest(word: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined
  let least = Number.POSITIVE_INFINITY
  const lower = word.toLowerCase()
  for (const candidate of candidates) {
    const allowed = Math.max(1, Math.floor(Math.max(word.length, candidate.length) / 3))
    const limit = Math.min(allowed, least - 1)
    if (word.length > longest || Math.abs(candidate.length - word.length) > limit) continue
    const distance = editDistance(lower, candidate.toLowerCase(), limit)
    if (distance > limit) continue
    best = candidate
    least = distance
  }
  return best
}

/** `; did you mean x`, or nothing. Ends a message. */
export function didYouMean(word: string, candidates: Iterable<string>): string {
  const found = closest(word, candidates)
  return found === undefined ? '' : `; did you mean ${found}`
}

/** `a, b, c`, cut after eight names; `none` where there are none. */
export function nameList(names: Iterable<string>): string {
  const all = [...names]
  if (all.length === 0) return 'none'
  return all.length > 8 ? `${all.slice(0, 8).join(', ')} …` : all.join(', ')
}

/**
 * Optimal string alignment distance: insert, delete, replace, swap of neighbours.
 * Infinite as soon as it must be above `limit`.
 */
function editDistance(a: string, b: string, limit: number): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1
      let least = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + cost)
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      if (swapped) least = Math.min(least, beforeLast[j - 2]! + 1)
      row.push(least)
    }
    if (Math.min(...row) > limit) return Number.POSITIVE_INFINITY
    beforeLast = last
    last = row
  }
  return last[b.length]!
}
