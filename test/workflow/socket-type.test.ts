import { describe, expect, it } from 'vitest'
import {
  type Bindings,
  parseSocketType,
  printSocketType,
  substitute,
  unify,
} from '../../engine/workflow/socket-type.ts'

/** Whether `given` fits `expected`, and what the variables then stand for. */
function unified(expected: string, ...given: string[]): string {
  const bindings: Bindings = new Map()
  const type = parseSocketType(expected)
  for (const text of given) {
    if (!unify(type, parseSocketType(text), bindings)) return `no ${text}`
  }
  return printSocketType(substitute(type, bindings))
}

describe('socket types', () => {
  it.each([
    'image',
    'model<sd15>',
    'list<list<T>>',
    'pair<A, b-2>',
    'T',
  ])('%s is a type', (text) => {
    expect(printSocketType(parseSocketType(text))).toBe(text)
  })

  it.each([
    '',
    '<',
    'a<',
    'a<>',
    'a>',
    'a b',
    'a<b',
    'a<b>>',
    'ä',
    'a,b',
  ])('"%s" is no type', (text) => {
    expect(() => parseSocketType(text)).toThrow(`socket type "${text}": not a type`)
  })

  it.each([
    ['image', ['image'], 'image'],
    ['image', ['mask'], 'no mask'],
    ['number', ['integer'], 'number'],
    ['integer', ['number'], 'no number'],
    ['model<sd15>', ['model<sd15>'], 'model<sd15>'],
    ['model<sd15>', ['model<sdxl>'], 'no model<sdxl>'],
    ['model<sd15>', ['model'], 'model<sd15>'],
    ['model', ['model<sdxl>'], 'model'],
    ['model<F>', ['model<sdxl>'], 'model<sdxl>'],
    ['model<F>', ['model<sdxl>', 'model<sd15>'], 'no model<sd15>'],
    ['model<F>', ['model', 'model<sd15>'], 'model<sd15>'],
    ['model<F>', ['model'], 'model<?>'],
    ['T', ['list<integer>'], 'list<integer>'],
    ['T', ['integer', 'number'], 'number'],
    ['T', ['number', 'integer'], 'number'],
    ['T', ['number', 'text'], 'no text'],
    ['list<T>', ['list<list<image>>'], 'list<list<image>>'],
    ['list<number>', ['list<integer>'], 'list<number>'],
    ['list<number>', ['list<text>'], 'no list<text>'],
    ['pair<T, T>', ['pair<text, text>'], 'pair<text, text>'],
    ['pair<T, T>', ['pair<text, image>'], 'no pair<text, image>'],
    ['pair<A, B>', ['pair<A>'], 'no pair<A>'],
  ])('%s given %j is %s', (expected, given, result) => {
    expect(unified(expected, ...given)).toBe(result)
  })
})
