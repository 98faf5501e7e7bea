/** Whole numbers that look random and repeat with the seed, for property tests (mulberry32). */
export interface Seeded {
  /** 0 up to, and without, `below`. */
  below(below: number): number
  pick<Value>(values: readonly Value[]): Value
  bytes(length: number): Uint8Array<ArrayBuffer>
  /** A text of up to `length` code points of many scripts, without control characters. */
  text(length: number): string
}

const ranges = [
  [0x20, 0x7e],
  [0xa1, 0xff],
  [0x3041, 0x3096],
  [0x1f600, 0x1f64f],
] as const

/** A generator of its own for every test: `seeded(1)`. */
export function seeded(seed: number): Seeded {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return (mixed ^ (mixed >>> 14)) >>> 0
  }
  const below = (limit: number) => next() % limit
  return {
    below,
    pick: (values) => values[below(values.length)]!,
    bytes: (length) => Uint8Array.from({ length }, () => below(256)),
    text: (length) =>
      Array.from({ length: below(length + 1) }, () => {
        const [first, last] = ranges[below(ranges.length)]!
        return String.fromCodePoint(first + below(last - first + 1))
      }).join(''),
  }
}
