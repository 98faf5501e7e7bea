import { FormatError } from '../errors.ts'

/** Texts that people write beside pictures, in the encodings that their programs give them. */

const marks: readonly { encoding: string; mark: readonly number[] }[] = [
  { encoding: 'utf-8', mark: [0xef, 0xbb, 0xbf] },
  { encoding: 'utf-16le', mark: [0xff, 0xfe] },
  { encoding: 'utf-16be', mark: [0xfe, 0xff] },
]

/**
 * The text of a file: UTF-8, or UTF-16 that says so by its first two bytes. Line ends become
 * `\n`. Throws a FormatError that names the first byte that belongs to neither: another encoding
 * is not guessed, since a wrong guess would be trained without a word.
 */
export function decodeText(file: string, bytes: Uint8Array): string {
  const known = marks.find(({ mark }) => mark.every((byte, i) => bytes[i] === byte))
  const { encoding, mark } = known ?? { encoding: 'utf-8', mark: [] }
  const body = bytes.subarray(mark.length)
  const text = decoded(encoding, body)
  if (text === undefined) throw undecodable(file, encoding, bytes, mark.length + firstBad(body))
  const zero = text.indexOf('\0')
  if (zero >= 0) {
    const at = mark.length + new TextEncoder().encode(text.slice(0, zero)).length
    const where = encoding === 'utf-8' ? `byte ${at}` : `character ${zero}`
    throw new FormatError(`${file}: ${where} is zero, text in UTF-8 expected; save it as UTF-8`)
  }
  return text.replace(/\r\n?/g, '\n')
}

function decoded(encoding: string, bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder(encoding, { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}

/** Where the first character that is no UTF-8 begins. */
function firstBad(bytes: Uint8Array): number {
  let good = 0
  let bad = bytes.length
  while (bad - good > 1) {
    const middle = (good + bad) >> 1
    if (wholeCharacters(bytes.subarray(0, middle)) === undefined) bad = middle
    else good = middle
  }
  const text = wholeCharacters(bytes.subarray(0, good)) ?? ''
  return new TextEncoder().encode(text).length
}

/** The text of a start that may be cut within a character; undefined where it is no UTF-8. */
function wholeCharacters(bytes: Uint8Array): string | undefined {
  try {
    const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
    return decoder.decode(bytes, { stream: true })
  } catch {
    return undefined
  }
}

function undecodable(file: string, encoding: string, bytes: Uint8Array, at: number): FormatError {
  if (encoding !== 'utf-8') {
    return new FormatError(`${file}: this is no whole ${encoding.toUpperCase()}, text expected`)
  }
  const byte = (bytes[at] ?? 0).toString(16).toUpperCase().padStart(2, '0')
  return new FormatError(`${file}: byte ${at} is 0x${byte}, UTF-8 expected; save the file as UTF-8`)
}
