import { FormatError, messageOf } from '../errors.ts'

/**
 * Reads a JSON object from UTF-8 bytes and refuses what `JSON.parse` lets pass: a key given twice,
 * a key named `__proto__`, bytes that are not UTF-8.
 * `thing` names the text in messages ("style.safetensors: header").
 */
export function parseStrictJson(thing: string, bytes: Uint8Array): Record<string, unknown> {
  let text: string
  let value: unknown
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (cause) {
    throw new FormatError(`${thing} is not UTF-8, JSON expected`, { cause })
  }
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new FormatError(`${thing} is not JSON, an object expected (${messageOf(cause)})`, {
      cause,
    })
  }
  if (!isJsonObject(value)) {
    throw new FormatError(`${thing} is ${kindOf(value)}, an object expected`)
  }
  refuseBadKeys(thing, text)
  return value
}

/** True for what JSON writes with braces. */
export function isJsonObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** How a message calls a JSON value. */
export function kindOf(value: unknown): string {
  if (value === undefined) return 'absent'
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'an object'
  const text = JSON.stringify(value)
  return text.length > 60 ? `${text.slice(0, 60)}…` : text
}

const [quote, backslash, colon, openBrace, closeBrace] = [0x22, 0x5c, 0x3a, 0x7b, 0x7d] as const

/** Walks text that is known to be valid JSON; in it a string before a colon is a key. */
function refuseBadKeys(thing: string, text: string): void {
  const open: Set<string>[] = []
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === openBrace) open.push(new Set())
    else if (code === closeBrace) open.pop()
    else if (code === quote) {
      const end = stringEnd(text, at)
      if (isKeyEnd(text, end)) addKey(thing, open.at(-1), unquoted(text.slice(at, end)))
      at = end - 1
    }
  }
}

function addKey(thing: string, keys: Set<string> | undefined, key: string): void {
  if (key === '__proto__') {
    throw new FormatError(`${thing} has the key __proto__, which is reserved`)
  }
  if (keys?.has(key)) {
    throw new FormatError(`${thing} has the key ${kindOf(key)} twice, once expected`)
  }
  keys?.add(key)
}

function unquoted(text: string): string {
  return text.includes('\\') ? JSON.parse(text) : text.slice(1, -1)
}

/** Position after the closing quote of the string that opens at `at`. */
function stringEnd(text: string, at: number): number {
  let end = at + 1
  let code = text.charCodeAt(end)
  while (code !== quote) {
    end += code === backslash ? 2 : 1
    code = text.charCodeAt(end)
  }
  return end + 1
}

function isKeyEnd(text: string, at: number): boolean {
  let next = at
  while (' \t\n\r'.includes(text[next] ?? '.')) next++
  return text.charCodeAt(next) === colon
}
