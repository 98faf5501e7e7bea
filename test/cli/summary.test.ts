import { describe, expect, it } from 'vitest'
import { summary, summaryLine } from '../../engine/cli/summary.ts'

class Handle {
  readonly file = 'a.safetensors'
  load(): void {}
}

describe('a summary of a value', () => {
  it.each([
    [1.5, 1.5],
    [Number.NaN, 'NaN'],
    [null, null],
    [undefined, undefined],
    [true, true],
    ['a'.repeat(500), `${'a'.repeat(400)}…`],
    [new Float32Array(7), { type: 'Float32Array', length: 7 }],
    [{ data: new Float32Array(6), shape: [1, 2, 3] }, { shape: [1, 2, 3] }],
    [
      { samples: { data: [], shape: [0] }, empty: true },
      { samples: { shape: [0] }, empty: true },
    ],
    [new Array(100).fill(0), { length: 100 }],
    [
      [1, 'b'],
      [1, 'b'],
    ],
    [new Handle(), { file: 'a.safetensors' }],
    [new Map([['a', 1]]), { a: 1 }],
    [{ a: { b: { c: { d: 1 } } } }, { a: { b: { c: { type: 'Object' } } } }],
    [() => 1, '[function]'],
  ])('of %o is %o', (value, seen) => expect(summary(value)).toEqual(seen))

  it('ends, where a value holds itself', () => {
    const value: { self?: unknown } = {}
    value.self = value
    expect(JSON.stringify(summary(value))).toContain('"type":"Object"')
  })

  it('is one line for people', () => {
    expect(summaryLine({ data: [], shape: [2, 3] })).toBe('2 x 3')
    expect(summaryLine('text')).toBe('text')
    expect(summaryLine(undefined)).toBe('nothing')
  })
})
