import { FormatError } from '../../errors.ts'

/**
 * Byte-pair merging over CLIP's vocabulary, on integers: ids 0 to 255 are bytes, 256 to 511 the
 * same bytes at the end of a word, 512 and up one id per merge. The rank of a merge is its place
 * in the list, so an id is also its rank.
 * Source: Sennrich et al. 2016 (arXiv 1508.07909); vocabulary of OpenAI's CLIP (MIT).
 */

/** A vocabulary ready to use. */
export interface BytePairs {
  /** Ids of one word given as UTF-8 bytes. Time grows as n log n, also for absurd words. */
  encode(word: Uint8Array): number[]
  /** The bytes that an id stands for, and whether it ends a word; none for an unknown id. */
  bytesOf(id: number): { bytes: number[]; endsWord: boolean }
}

/** Merges in CLIP's vocabulary; 49408 ids with the 512 symbols and the two special tokens. */
export const mergeCount = 48894

const firstMerge = 512

/**
 * Reads the text of `bpe_simple_vocab_16e6.txt`: a header line, then one merge a line; lines past
 * `mergeCount` are not read. Throws a FormatError where a line is not a pair of known symbols.
 */
export function readBytePairs(text: string): BytePairs {
  const order = byteOrder()
  const left = new Uint16Array(mergeCount)
  const right = new Uint16Array(mergeCount)
  const ids = new Map<string, number>()
  order.symbols.forEach((symbol, id) => {
    ids.set(symbol, id)
    ids.set(`${symbol}</w>`, 256 + id)
  })
  const lines = text.split('\n', mergeCount + 1)
  for (let i = 0; i < mergeCount; i++) {
    const line = lines[i + 1] ?? ''
    const space = line.indexOf(' ')
    const first = line.slice(0, space)
    const second = line.slice(space + 1)
    const a = ids.get(first)
    const b = ids.get(second)
    if (a === undefined || b === undefined) {
      throw new FormatError(
        `CLIP vocabulary: line ${i + 2} is "${line}", a pair of earlier symbols expected`,
      )
    }
    left[i] = a
    right[i] = b
    ids.set(first + second, firstMerge + i)
  }
  const rankOf = pairTable(left, right)
  return {
    encode: (word) => mergeWord(symbolsOf(word, order.ids), rankOf),
    bytesOf(id) {
      const bytes: number[] = []
      const endsWord = collectBytes(id)
      return { bytes, endsWord }

      function collectBytes(part: number): boolean {
        if (part < firstMerge) {
          const byte = order.bytes[part % 256]
          if (byte !== undefined) bytes.push(byte)
          return part >= 256
        }
        const merge = part - firstMerge
        if (!(merge < mergeCount)) return false
        collectBytes(left[merge] as number)
        return collectBytes(right[merge] as number)
      }
    },
  }
}

/**
 * The order in which the vocabulary lists the bytes: the printable ones of Latin-1 first, each
 * written as itself; the rest after them, written as the characters from U+0100 on.
 */
function byteOrder() {
  const all = Array.from({ length: 256 }, (_, byte) => byte)
  const printable = (byte: number) =>
    (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 255 && byte !== 173)
  const rest = all.filter((byte) => !printable(byte))
  const bytes = [...all.filter(printable), ...rest]
  const symbols = bytes.map((byte) =>
    String.fromCharCode(printable(byte) ? byte : 256 + rest.indexOf(byte)),
  )
  const ids = new Uint8Array(256)
  bytes.forEach((byte, id) => {
    ids[byte] = id
  })
  return { bytes, symbols, ids }
}

type RankOf = (a: number, b: number) => number

/**
 * Finds the rank of a pair of ids, -1 for none. An open-addressing table in one typed array: a
 * Map with the pairs as keys took 25 ms longer to fill.
 */
function pairTable(left: Uint16Array, right: Uint16Array): RankOf {
  const bits = 17
  const mask = (1 << bits) - 1
  const table = new Int32Array(1 << bits)
  const slot = (a: number, b: number) =>
    (Math.imul(a, 0x9e3779b1) ^ Math.imul(b, 0x85ebca6b)) >>> (32 - bits)
  for (let i = 0; i < left.length; i++) {
    let at = slot(left[i] as number, right[i] as number)
    while (table[at] !== 0) at = (at + 1) & mask
    table[at] = i + 1
  }
  return (a, b) => {
    for (let at = slot(a, b); table[at] !== 0; at = (at + 1) & mask) {
      const rank = (table[at] as number) - 1
      if (left[rank] === a && right[rank] === b) return rank
    }
    return -1
  }
}

function symbolsOf(word: Uint8Array, ids: Uint8Array): Int32Array {
  const symbols = Int32Array.from(word, (byte) => ids[byte] as number)
  if (symbols.length > 0) symbols[symbols.length - 1]! += 256
  return symbols
}

const dead = -1
/** Above any position in a word, so that `rank * positions + position` sorts by rank first. */
const positions = 2 ** 32

/** Merges the pair of lowest rank, the leftmost first, until no pair is in the list. */
function mergeWord(symbols: Int32Array, rankOf: RankOf): number[] {
  const count = symbols.length
  const next = Int32Array.from(symbols, (_, i) => i + 1)
  const previous = Int32Array.from(symbols, (_, i) => i - 1)
  const heap: number[] = []
  const rankAt = (at: number) => {
    const after = next[at] as number
    return after < count ? rankOf(symbols[at] as number, symbols[after] as number) : -1
  }
  const offer = (at: number) => {
    const rank = rankAt(at)
    if (rank >= 0) pushKey(heap, rank * positions + at)
  }
  for (let at = 0; at < count; at++) offer(at)
  while (heap.length > 0) {
    const key = popKey(heap)
    const at = key % positions
    const rank = Math.floor(key / positions)
    if (symbols[at] === dead || rankAt(at) !== rank) continue
    const gone = next[at] as number
    const after = next[gone] as number
    symbols[at] = firstMerge + rank
    symbols[gone] = dead
    next[at] = after
    if (after < count) previous[after] = at
    if (at > 0) offer(previous[at] as number)
    offer(at)
  }
  return Array.from(symbols).filter((symbol) => symbol !== dead)
}

/** Adds a key to a binary heap with the smallest key first. */
function pushKey(heap: number[], key: number): void {
  let at = heap.length
  while (at > 0) {
    const parent = (at - 1) >> 1
    if ((heap[parent] as number) <= key) break
    heap[at] = heap[parent] as number
    at = parent
  }
  heap[at] = key
}

/** Takes the smallest key out of a heap that is not empty. */
function popKey(heap: number[]): number {
  const smallest = heap[0] as number
  const last = heap.pop() as number
  const size = heap.length
  if (size === 0) return smallest
  let at = 0
  for (;;) {
    let child = 2 * at + 1
    if (child >= size) break
    if (child + 1 < size && (heap[child + 1] as number) < (heap[child] as number)) child++
    if ((heap[child] as number) >= last) break
    heap[at] = heap[child] as number
    at = child
  }
  heap[at] = last
  return smallest
}
