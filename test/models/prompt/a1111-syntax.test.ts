import { expect, test } from 'vitest'
import { parseComposition } from '../../../engine/models/prompt/composition.ts'
import { extractNetworks, resolveLora } from '../../../engine/models/prompt/extra-networks.ts'
import { pythonFloat, pythonInt } from '../../../engine/models/prompt/python-text.ts'
import { promptSchedule } from '../../../engine/models/prompt/schedule.ts'

test.each([
  ['1_0', 10],
  [' 1e1 ', 10],
  ['.5', 0.5],
  ['5.', 5],
  ['１２', 12],
  ['٣.٤', 3.4],
  ['-inf', Number.NEGATIVE_INFINITY],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['nan', Number.NaN],
  ['1__0', undefined],
  ['_1', undefined],
  ['0x10', undefined],
  ['', undefined],
  ['.', undefined],
  ['1 2', undefined],
])('float("%s") is read as Python reads it', (text, expected) => {
  expect(pythonFloat(text)).toEqual(expected)
})

test('int accepts no point', () => {
  expect([pythonInt(' 8 '), pythonInt('8.0'), pythonInt('-1_0')]).toEqual([8, undefined, -10])
})

test('a lora without a name or with a wrong number is refused with its text', () => {
  const lora = (text: string) => resolveLora(extractNetworks(text).networks[0]!)
  expect(() => lora('<lora:te=1>')).toThrow('<lora:te=1>: no name given, one expected first')
  expect(() => lora('<lora:a:x>')).toThrow('<lora:a:x>: strength is "x", a number expected')
  expect(() => lora('<lora:a:1:1:2.5>')).toThrow('rank is "2.5", a whole number expected')
})

test('an edited prompt shows a stray bracket as text', () => {
  expect(promptSchedule('a) [b:c:3]', 10).map(({ text }) => text)).toEqual(['a) b', 'a) c'])
})

test.each([
  ['networks without an end', () => extractNetworks('<a:'.repeat(50_000))],
  ['colons without a weight', () => parseComposition(': '.repeat(50_000))],
  ['spaces without a word', () => parseComposition(`a${' '.repeat(100_000)}b`)],
  ['brackets that never close', () => promptSchedule('['.repeat(50_000), 20)],
  ['nested edits', () => promptSchedule(`${'[a:'.repeat(5000)}b${':3]'.repeat(5000)}`, 20)],
  ['one long text', () => promptSchedule('a \\( '.repeat(50_000), 20)],
])('%s are read in less than two seconds', (_, read) => {
  const start = performance.now()
  read()
  expect(performance.now() - start).toBeLessThan(2000)
})
