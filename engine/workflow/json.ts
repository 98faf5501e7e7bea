import { FormatError } from '../errors.ts'

/** Deeper nesting than any workflow has; a file beyond it would exhaust the stack. */
const deepest = 64

const literals: readonly (readonly [string, unknown])[] = [
  ['true', true],
  ['false', false],
  ['null', null],
]

/**
 * Reads JSON more strictly than `JSON.parse`: a key that stands twice, the key `__proto__`, more
 * than 64 levels and integers that a number cannot hold are refused.
 * `file` begins the message. Throws a FormatError with line, column and path.
 */
export function parseJson(text: string, file: string): unknown {
  let position = text.charCodeAt(0) === 0xfeff ? 1 : 0
  const path: (string | number)[] = []

  function fail(problem: string, at = position): never {
    const before = text.slice(0, at)
    const line = before.split('\n').length
    const column = at - before.lastIndexOf('\n')
    throw new FormatError(`${file}: line ${line}, column ${column}: ${problem}`)
  }

  function unexpected(expected: string): never {
    const found = position < text.length ? JSON.stringify(text[position]) : 'end of file'
    return fail(`${found} found, ${expected} expected`)
  }

  function skipSpace(): void {
    for (;;) {
      const code = text.charCodeAt(position)
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return
      position += 1
    }
  }

  function string(): string {
    const start = position
    if (text[position] !== '"') unexpected('"\\""')
    for (position += 1; ; position += 1) {
      const code = text.charCodeAt(position)
      if (code === 0x22) break
      if (code === 0x5c) position += 1
      if (position >= text.length) unexpected('the end of a text')
      if (code < 0x20) fail('control character in a text, an escape expected')
    }
    position += 1
    try {
      return JSON.parse(text.slice(start, position)) as string
    } catch {
      return fail(
        'bad escape in a text, one of \\" \\\\ \\/ \\b \\f \\n \\r \\t \\u0000 expected',
        start,
      )
    }
  }

  function number(): number {
    const match = /-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/y
    match.lastIndex = position
    const found = match.exec(text)
    if (!found) return unexpected('a value')
    const value = Number(found[0])
    if (!Number.isFinite(value)) fail(`${short(found[0])} is no finite number, expected one`)
    const integer = found[1] === undefined && found[2] === undefined
    if (integer && !Number.isSafeInteger(value)) {
      fail(`${short(found[0])} cannot be held exactly, expected at most 9007199254740991`)
    }
    position += found[0].length
    return value
  }

  function key(result: object): string {
    const start = position
    const name = string()
    if (name === '__proto__')
      fail(`key ${printPath([...path, name])} is reserved, expected another`, start)
    if (Object.hasOwn(result, name)) {
      fail(`key ${printPath([...path, name])} stands twice, expected once`, start)
    }
    skipSpace()
    if (text[position] !== ':') unexpected('":"')
    position += 1
    return name
  }

  /** Walks over what stands between brackets, calling `entry` for each part. */
  function list(end: string, entry: (index: number) => void): void {
    if (path.length >= deepest) fail(`more than ${deepest} levels of nesting, expected fewer`)
    position += 1
    skipSpace()
    if (text[position] === end) {
      position += 1
      return
    }
    for (let index = 0; ; index++) {
      skipSpace()
      entry(index)
      skipSpace()
      const next = text[position]
      if (next !== ',' && next !== end) unexpected(`"," or "${end}"`)
      position += 1
      if (next === end) return
    }
  }

  function nested(name: string | number): unknown {
    path.push(name)
    const result = value()
    path.pop()
    return result
  }

  function value(): unknown {
    skipSpace()
    const first = text[position]
    if (first === '"') return string()
    if (first === '{') {
      const result: Record<string, unknown> = {}
      list('}', () => {
        const name = key(result)
        result[name] = nested(name)
      })
      return result
    }
    if (first === '[') {
      const result: unknown[] = []
      list(']', (index) => result.push(nested(index)))
      return result
    }
    for (const [word, meaning] of literals) {
      if (text.startsWith(word, position)) {
        position += word.length
        return meaning
      }
    }
    return number()
  }

  const result = value()
  skipSpace()
  if (position < text.length) unexpected('end of file')
  return result
}

/** Refuses in a JSON value read by others what `parseJson` refuses: `__proto__` and great depth. */
export function refuseHostile(value: unknown, file: string, path: readonly string[] = []): void {
  if (typeof value !== 'object' || value === null) return
  if (path.length >= deepest) {
    throw new FormatError(`${file}: more than ${deepest} levels of nesting, expected fewer`)
  }
  for (const [key, entry] of Object.entries(value)) {
    const inner = [...path, key]
    if (key === '__proto__') {
      throw new FormatError(`${file}: key ${printPath(inner)} is reserved, expected another`)
    }
    refuseHostile(entry, file, inner)
  }
}

/** A path into JSON as it is written in messages: `nodes.blend.params`, `inputs.a.to[0]`. */
export function printPath(path: readonly PropertyKey[]): string {
  return path
    .map((part, index) => {
      if (typeof part === 'number') return `[${part}]`
      return index === 0 ? String(part) : `.${String(part)}`
    })
    .join('')
}

function short(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text
}
