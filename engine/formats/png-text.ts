import { crc32, inflateSync } from 'node:zlib'
import { FormatError, messageOf } from '../errors.ts'

/**
 * The texts inside a PNG: where pictures carry their workflow and their `parameters` line.
 * Source: Portable Network Graphics specification, third edition, section 11.3.3.
 */

/** One text of a PNG. */
export interface PngText {
  /** What the text is: 1 to 79 latin-1 characters. */
  readonly keyword: string
  readonly text: string
}

/** Limit of one compressed text once unpacked, above any workflow. */
const maxTextBytes = 16 * 1024 * 1024

const signature = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]

/** How the kinds of text chunks are read; each gets the bytes after its keyword and null byte. */
const readers: Readonly<Record<string, (thing: string, bytes: Uint8Array) => string>> = {
  tEXt: (_, bytes) => latin1(bytes),
  zTXt: (thing, bytes) => latin1(inflate(thing, bytes[0], bytes.subarray(1))),
  iTXt: readInternational,
}

/**
 * All texts of a PNG in file order, including those after the picture data; a keyword may repeat.
 * `file` names it in the FormatError for broken chunks or checksums.
 */
export function readPngText(file: string, bytes: Uint8Array): PngText[] {
  const texts: PngText[] = []
  for (const { type, at, data } of chunks(file, bytes)) {
    const reader = readers[type]
    if (!reader) continue
    const thing = `${file}: ${type} at byte ${at}`
    checkSum(thing, bytes, at, data.length)
    const split = data.indexOf(0)
    if (split < 1 || split > 79) {
      const length = split < 0 ? data.length : split
      throw new FormatError(`${thing}: keyword has ${length} characters, 1 to 79 expected`)
    }
    const keyword = latin1(data.subarray(0, split))
    texts.push({ keyword, text: reader(thing, data.subarray(split + 1)) })
  }
  return texts
}

/**
 * The PNG with texts added before its picture data, in the order given: latin-1 texts as tEXt,
 * others as UTF-8 in iTXt. Texts it already has are kept. Throws a FormatError for a broken PNG
 * and for a keyword or a text that cannot be stored.
 */
export function addPngText(
  file: string,
  bytes: Uint8Array,
  texts: Iterable<PngText>,
): Uint8Array<ArrayBuffer> {
  const first = chunks(file, bytes).find(({ type }) => type === 'IDAT')
  if (!first) throw new FormatError(`${file}: 0 IDAT chunks, at least 1 expected`)
  const added = [...texts].map((text) => encodeText(file, text))
  return new Uint8Array(
    Buffer.concat([bytes.subarray(0, first.at), ...added, bytes.subarray(first.at)]),
  )
}

interface Chunk {
  type: string
  /** Where the chunk begins, with its length field. */
  at: number
  data: Uint8Array
}

function* chunks(file: string, bytes: Uint8Array): Generator<Chunk, void> {
  if (!signature.every((byte, i) => bytes[i] === byte)) {
    throw new FormatError(`${file}: the first 8 bytes are not those of a PNG, a PNG expected`)
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  let at = signature.length
  while (true) {
    const left = bytes.length - at - 12
    if (left < 0) {
      throw new FormatError(
        `${file}: ${bytes.length - at} bytes after byte ${at}, a chunk expected`,
      )
    }
    const length = view.getUint32(at)
    const type = latin1(bytes.subarray(at + 4, at + 8))
    if (!/^[A-Za-z]{4}$/.test(type)) {
      throw new FormatError(
        `${file}: chunk at byte ${at} has the type ${JSON.stringify(type)}, four letters expected`,
      )
    }
    if (length > left) {
      throw new FormatError(`${file}: ${type} at byte ${at} says ${length} bytes, ${left} are left`)
    }
    yield { type, at, data: bytes.subarray(at + 8, at + 8 + length) }
    if (type === 'IEND') return
    at += 12 + length
  }
}

function checkSum(thing: string, bytes: Uint8Array, at: number, length: number): void {
  const stored = new DataView(bytes.buffer, bytes.byteOffset).getUint32(at + 8 + length)
  const sum = crc32(bytes.subarray(at + 4, at + 8 + length))
  if (sum !== stored) {
    throw new FormatError(`${thing}: checksum is ${hex(sum)}, ${hex(stored)} expected`)
  }
}

/** Compression flag and method, language and translated keyword up to a null byte each, text. */
function readInternational(thing: string, bytes: Uint8Array): string {
  const language = bytes.indexOf(0, 2)
  const translated = language < 0 ? -1 : bytes.indexOf(0, language + 1)
  if (translated < 0) throw new FormatError(`${thing}: fewer than 2 null bytes, 2 expected`)
  const rest = bytes.subarray(translated + 1)
  const text = bytes[0] === 0 ? rest : inflate(thing, bytes[1], rest)
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(text)
  } catch (cause) {
    throw new FormatError(`${thing}: text is not UTF-8, UTF-8 expected`, { cause })
  }
}

function inflate(thing: string, method: number | undefined, bytes: Uint8Array): Uint8Array {
  if (method !== 0) throw new FormatError(`${thing}: compression method is ${method}, 0 expected`)
  try {
    return inflateSync(bytes, { maxOutputLength: maxTextBytes })
  } catch (cause) {
    const limit = `a text of at most ${maxTextBytes} bytes expected`
    throw new FormatError(`${thing}: cannot be unpacked (${messageOf(cause)}), ${limit}`, { cause })
  }
}

function encodeText(file: string, { keyword, text }: PngText): Uint8Array {
  if (!/^[\x20-\x7e\xa1-\xff]{1,79}$/.test(keyword)) {
    throw new FormatError(
      `${file}: keyword ${JSON.stringify(keyword)}, 1 to 79 latin-1 characters expected`,
    )
  }
  if (text.includes('\0')) {
    throw new FormatError(
      `${file}: text ${JSON.stringify(keyword)} has a null character at ${text.indexOf('\0')}, none expected`,
    )
  }
  return isLatin1(text)
    ? encodeChunk('tEXt', Buffer.from(`${keyword}\0${text}`, 'latin1'))
    : encodeChunk('iTXt', Buffer.from(`${keyword}\0\0\0\0\0`, 'latin1'), Buffer.from(text))
}

function encodeChunk(type: string, ...parts: Uint8Array[]): Uint8Array {
  const data = Buffer.concat(parts)
  const chunk = Buffer.alloc(12 + data.length)
  chunk.writeUInt32BE(data.length)
  chunk.write(type, 4, 'latin1')
  chunk.set(data, 8)
  chunk.writeUInt32BE(crc32(chunk.subarray(4, 8 + data.length)), 8 + data.length)
  return chunk
}

function isLatin1(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0xff) return false
  return true
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
}

function hex(value: number): string {
  return value.toString(16).padStart(8, '0')
}
