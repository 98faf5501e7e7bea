import { FormatError, messageOf } from '../errors.ts'
import { isJsonObject, kindOf, parseStrictJson } from '../formats/strict-json.ts'
import { decodeText } from './text.ts'

/**
 * Files that describe many pictures at once: `metadata.jsonl`, an object a line with a
 * `file_name`, and kohya's JSON, an object by file.
 */

/** What is known of one picture. */
export interface PictureEntry {
  /** As written: a path below the folder, an absolute one, or a name without its ending. */
  readonly file: string
  /** Lines that describe it; empty where only other things are told. */
  readonly captions: readonly string[]
  readonly licence?: string
  readonly source?: string
  /** Below the folder of the file. */
  readonly mask?: string
}

/** Names of keys that mean the same, the first one present counts. */
const synonyms = {
  file: ['file_name', 'file', 'image'],
  caption: ['text', 'caption', 'prompt', 'captions'],
  licence: ['licence', 'license'],
  source: ['source', 'url'],
  mask: ['mask', 'mask_file_name'],
} as const

/**
 * Reads either form, by its content: a file that is one JSON object of objects is kohya's.
 * Keys that mean nothing here are left alone. Throws a FormatError with every line that is wrong.
 */
export function readMetadata(file: string, bytes: Uint8Array): PictureEntry[] {
  const text = decodeText(file, bytes)
  return isByFile(text) ? readByFile(file, text) : readLines(file, text)
}

function isByFile(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text)
    return isJsonObject(value) && Object.values(value).every(isJsonObject)
  } catch {
    return false
  }
}

/** kohya's form: `{"cat": {"caption": "a cat", "tags": "cat, sofa"}}`. */
function readByFile(file: string, text: string): PictureEntry[] {
  const entries = Object.entries(parseStrictJson(file, new TextEncoder().encode(text)))
  return collect(entries, ([name, value]) => entryOf(`${file}: ${name}`, value, name))
}

function readLines(file: string, text: string): PictureEntry[] {
  const lines = text.split('\n').map((line, at) => ({ line: line.trim(), number: at + 1 }))
  const entries = lines.filter(({ line }) => line !== '')
  return collect(entries, ({ line, number }) => {
    const thing = `${file}: line ${number}`
    return entryOf(thing, parseStrictJson(thing, new TextEncoder().encode(line)))
  })
}

/** All faults are told together. */
function collect<T>(entries: readonly T[], read: (entry: T) => PictureEntry): PictureEntry[] {
  const faults: string[] = []
  const found = entries.flatMap((entry) => {
    try {
      return [read(entry)]
    } catch (cause) {
      if (!(cause instanceof FormatError)) throw cause
      faults.push(messageOf(cause))
      return []
    }
  })
  if (faults.length > 0) throw new FormatError(faults.join('\n'))
  return found
}

function entryOf(thing: string, value: unknown, name?: string): PictureEntry {
  if (!isJsonObject(value))
    throw new FormatError(`${thing} is ${kindOf(value)}, an object expected`)
  const file = name ?? textOf(thing, value, 'file')
  if (!file) throw new FormatError(`${thing}: file_name is absent, a picture expected`)
  const licence = textOf(thing, value, 'licence')
  const source = textOf(thing, value, 'source')
  const mask = textOf(thing, value, 'mask')
  return {
    file,
    captions: captionsOf(thing, value),
    ...(licence && { licence }),
    ...(source && { source }),
    ...(mask && { mask }),
  }
}

/** Caption lines; tags follow each of them after a comma, or stand alone. */
function captionsOf(thing: string, value: Record<string, unknown>): string[] {
  const key = synonyms.caption.find((name) => value[name] !== undefined && value[name] !== null)
  const captions = key ? texts(thing, key, value[key]).flatMap(captionLines) : []
  const tags = value.tags == null ? '' : texts(thing, 'tags', value.tags).join(', ').trim()
  if (tags === '') return captions
  return captions.length > 0 ? captions.map((caption) => `${caption}, ${tags}`) : [tags]
}

/** The lines of a text that say something. */
export function captionLines(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
}

function texts(thing: string, key: string, value: unknown): string[] {
  const list = Array.isArray(value) ? value : [value]
  if (list.every((text) => typeof text === 'string')) return list
  throw new FormatError(`${thing}: ${key} is ${kindOf(value)}, a text or a list of texts expected`)
}

function textOf(
  thing: string,
  value: Record<string, unknown>,
  meaning: keyof typeof synonyms,
): string | undefined {
  const key = synonyms[meaning].find((name) => value[name] !== undefined && value[name] !== null)
  if (key === undefined) return undefined
  const text = value[key]
  if (typeof text === 'string') return text
  throw new FormatError(`${thing}: ${key} is ${kindOf(text)}, a text expected`)
}
