import { expect, test } from 'vitest'
import { pythonFloat, pythonJson, pythonText } from '../../../engine/lora/save/python-text.ts'

test.each([
  [1, '1.0'],
  [0, '0.0'],
  [-0.5, '-0.5'],
  [0.0001, '0.0001'],
  [0.00005, '5e-05'],
  [1.25e-7, '1.25e-07'],
  [1e15, '1000000000000000.0'],
  [1e16, '1e+16'],
  [1.5e300, '1.5e+300'],
  [0.1 + 0.2, '0.30000000000000004'],
  [Number.POSITIVE_INFINITY, 'inf'],
  [Number.NaN, 'nan'],
])('the float %d is the text %s, as Python prints it', (value, text) => {
  expect(pythonFloat(value)).toBe(text)
})

test.each([
  [undefined, 'None'],
  [null, 'None'],
  [true, 'True'],
  [false, 'False'],
  [40, '40'],
  [0.5, '0.5'],
  ['words', 'words'],
])('%s is the text %s', (value, text) => {
  expect(pythonText(value)).toBe(text)
})

test('JSON has a space after commas and colons and letters of ASCII only', () => {
  const value = { a: [1, 'x', null], 'ね"': { b: true }, absent: undefined }
  expect(pythonJson(value)).toBe('{"a": [1, "x", null], "\\u306d\\"": {"b": true}}')
  expect(JSON.parse(pythonJson(value))).toEqual({ a: [1, 'x', null], 'ね"': { b: true } })
})
