import { describe, expect, it } from 'vitest'
import { FormatError } from '../../engine/errors.ts'
import { parseJson } from '../../engine/workflow/json.ts'
import { randomFrom } from './support.ts'

function messageFor(text: string): string {
  try {
    parseJson(text, 'a.json')
  } catch (error) {
    expect(error).toBeInstanceOf(FormatError)
    return (error as Error).message
  }
  return 'read'
}

const refused: readonly [text: string, message: string][] = [
  ['{"a": 1, "a": 2}', 'a.json: line 1, column 10: key a stands twice, expected once'],
  [
    '{"nodes": {\n  "x": {},\n  "x": {}\n}}',
    'a.json: line 3, column 3: key nodes.x stands twice, expected once',
  ],
  [
    '{"nodes": {"__proto__": {}}}',
    'a.json: line 1, column 12: key nodes.__proto__ is reserved, expected another',
  ],
  [
    '{"a": [{"\\u005f_proto__": 1}]}',
    'a.json: line 1, column 9: key a[0].__proto__ is reserved, expected another',
  ],
  [
    '['.repeat(65) + ']'.repeat(65),
    'a.json: line 1, column 65: more than 64 levels of nesting, expected fewer',
  ],
  [
    '{"a":'.repeat(1e5),
    'a.json: line 1, column 321: more than 64 levels of nesting, expected fewer',
  ],
  [
    '{"seed": 12345678901234567890}',
    'a.json: line 1, column 10: 12345678901234567890 cannot be held exactly, expected at most 9007199254740991',
  ],
  ['[1e999]', 'a.json: line 1, column 2: 1e999 is no finite number, expected one'],
  ['{"a": 1,}', 'a.json: line 1, column 9: "}" found, "\\"" expected'],
  ['[1 2]', 'a.json: line 1, column 4: "2" found, "," or "]" expected'],
  ['{"a" 1}', 'a.json: line 1, column 6: "1" found, ":" expected'],
  ['{"a": ', 'a.json: line 1, column 7: end of file found, a value expected'],
  ['"abc', 'a.json: line 1, column 5: end of file found, the end of a text expected'],
  ['"a\nb"', 'a.json: line 1, column 3: control character in a text, an escape expected'],
  [
    '"\\x41"',
    'a.json: line 1, column 1: bad escape in a text, one of \\" \\\\ \\/ \\b \\f \\n \\r \\t \\u0000 expected',
  ],
  ['[01]', 'a.json: line 1, column 3: "1" found, "," or "]" expected'],
  ['NaN', 'a.json: line 1, column 1: "N" found, a value expected'],
  ['{} {}', 'a.json: line 1, column 4: "{" found, end of file expected'],
  ['', 'a.json: line 1, column 1: end of file found, a value expected'],
]

describe('strict JSON', () => {
  it.each(refused)('refuses %j', (text, message) => {
    expect(messageFor(text)).toBe(message)
  })

  it('does not mind a byte order mark, spaces and every escape', () => {
    const text =
      '\ufeff \t\r\n{"a": "\\"\\\\\\/\\b\\f\\n\\r\\t\\u3042", "b": [true, false, null, -1.5e-3]}\n'
    expect(parseJson(text, 'a.json')).toEqual(JSON.parse(text.slice(1)))
  })

  it('reads what JSON.stringify writes as JSON.parse does', () => {
    const random = randomFrom(7)
    const value = (depth: number): unknown => {
      const kind = Math.floor(random() * (depth > 4 ? 5 : 7))
      if (kind === 0) return random() * 1e6 - 5e5
      if (kind === 1) return Math.floor(random() * 1e9)
      if (kind === 2) return String.fromCharCode(...[1, 2, 3].map(() => random() * 0xd7ff))
      if (kind === 3) return random() < 0.5
      if (kind === 4) return null
      const items = Array.from({ length: random() * 4 }, () => value(depth + 1))
      if (kind === 5) return items
      return Object.fromEntries(items.map((item, index) => [`k"${index}\\`, item]))
    }
    for (let round = 0; round < 300; round++) {
      const text = JSON.stringify(value(0), null, round % 3)
      expect(parseJson(text, 'a.json')).toEqual(JSON.parse(text))
    }
  })

  it('gives "constructor" and "toString" as ordinary keys', () => {
    const text = '{"constructor": 1, "toString": 2}'
    expect(JSON.stringify(parseJson(text, 'a.json'))).toBe('{"constructor":1,"toString":2}')
  })
})
