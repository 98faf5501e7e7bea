import { describe, expect, it } from 'vitest'
import { reckon } from '../../../editor/widgets/expression.ts'
import { fitted, limitsOf, stepOf } from '../../../editor/widgets/limits.ts'
import { beginScrub, keyed, scrubBy, scrubbed } from '../../../editor/widgets/scrub.ts'

const plain = { shiftKey: false, ctrlKey: false, metaKey: false }
const size = limitsOf({ type: 'integer', minimum: 8, maximum: 2048, multipleOf: 8 })
const ratio = limitsOf({ type: 'number', minimum: -100, maximum: 100 })

describe('a sum typed into a number', () => {
  it.each([
    ['512*1.5', 768],
    ['1/3', 1 / 3],
    ['1+2*3', 7],
    ['(1+2)*3', 9],
    ['10-4-3', 3],
    ['2^3^2', 512],
    ['-2^2', -4],
    ['2^-1', 0.5],
    ['2*-3', -6],
    ['--4', 4],
    ['-3+5', 2],
    ['7%4', 3],
    ['.5e2', 50],
    ['５１２×２', 1024],
    [' ( 8 ) ', 8],
  ])('%s is worked out', (text, value) => {
    expect(reckon(text)).toEqual({ ok: true, value })
  })

  it.each([
    ['', 0, 'the end given, a number expected'],
    ['2*', 2, 'the end given, a number expected'],
    ['(1+2', 4, 'the end given, ")" expected'],
    ['1 2', 2, '"2" given, an operator expected'],
    ['1,000', 1, '"," given, an operator expected'],
    ['alert(1)', 0, '"a" given, a number expected'],
    ['1/0', 0, 'not a finite number'],
    ['('.repeat(5000), 101, 'more than 100 brackets and signs inside each other'],
  ])('%s is refused where it goes wrong', (text, at, message) => {
    expect(reckon(text)).toEqual({ ok: false, at, message })
  })

  it('does not fall over thousands of powers and signs', () => {
    expect(reckon(`1${'^1'.repeat(20_000)}`).ok).toBe(false)
    expect(reckon('-'.repeat(20_000)).ok).toBe(false)
    expect(reckon(`1${'+1'.repeat(20_000)}`)).toEqual({ ok: true, value: 20_001 })
  })
})

describe('limits of a param', () => {
  it('keep a value inside and on the grid', () => {
    expect(fitted(size, 515)).toBe(512)
    expect(fitted(size, 0)).toBe(8)
    expect(fitted(size, 1e9)).toBe(2048)
    expect(fitted(limitsOf({ type: 'number', exclusiveMinimum: 0, maximum: 1 }), 0)).toBe(0.01)
    expect(fitted(limitsOf({ type: 'integer', exclusiveMaximum: 10 }), 99)).toBe(9)
  })

  it('do not show the largest whole number as a limit', () => {
    expect(limitsOf({ type: 'integer', maximum: Number.MAX_SAFE_INTEGER }).max).toBeUndefined()
  })

  it('give small rates small steps', () => {
    expect(stepOf(limitsOf({ type: 'number', minimum: 0 }), 0.0001)).toBeCloseTo(0.00001, 12)
    expect(stepOf(limitsOf({ type: 'integer' }), 20)).toBe(1)
  })
})

describe('scrubbing a number', () => {
  it('adds a step a pixel, a tenth with Shift, tenfold with Ctrl', () => {
    const start = beginScrub(ratio, 1)
    expect(scrubbed(ratio, scrubBy(start, 10, plain))).toBe(1.1)
    expect(scrubbed(ratio, scrubBy(start, 10, { ...plain, shiftKey: true }))).toBe(1.01)
    expect(scrubbed(ratio, scrubBy(start, 10, { ...plain, ctrlKey: true }))).toBe(2)
  })

  it('keeps what was reached when the pace changes in the middle', () => {
    const fast = scrubBy(beginScrub(ratio, 1), 5, { ...plain, ctrlKey: true })
    expect(scrubbed(ratio, scrubBy(fast, 5, plain))).toBe(1.55)
  })

  it('stays within the limits and on the grid', () => {
    const start = beginScrub(size, 512)
    expect(scrubbed(size, scrubBy(start, 3, plain))).toBe(536)
    expect(scrubbed(size, scrubBy(start, -9999, plain))).toBe(8)
  })

  it('comes back to where it began', () => {
    const there = scrubBy(beginScrub(ratio, 0.3), 37, plain)
    expect(scrubbed(ratio, scrubBy(there, -37, plain))).toBe(0.3)
  })

  it('has arrows, page keys and the ends', () => {
    const press = (key: string, more = {}) => keyed(size, 512, { ...plain, key, ...more })
    expect(press('ArrowUp')).toBe(520)
    expect(press('ArrowDown', { shiftKey: true })).toBe(504)
    expect(press('PageUp')).toBe(592)
    expect([press('Home'), press('End')]).toEqual([8, 2048])
    expect(press('a')).toBeUndefined()
  })
})
