import { expect, test } from 'vitest'
import { inspect } from '../../../engine/models/prompt/inspect.ts'
import { applyWeights, encodePlan, type PlanOptions } from '../../../engine/models/prompt/plan.ts'
import { type PromptStyle, promptStyles } from '../../../engine/models/prompt/styles.ts'

const styles = Object.keys(promptStyles) as PromptStyle[]

function plan(text: string, style: PromptStyle = 'comfy', more: Partial<PlanOptions> = {}) {
  return encodePlan(text, { style, pad: 'eos', ...more })
}

const awkward = [
  '',
  ' ',
  '(((',
  ')))',
  'BREAK',
  'BREAK BREAK',
  '(a BREAK b:1.3)',
  '😀'.repeat(300),
  '\n\n',
  '\\',
  '(:)',
  'embedding:',
  'a \ud800 b',
  '日本語'.repeat(100),
]

test.each(styles)('%s: every chunk is 77 long, begins with 49406 and has an end token', (style) => {
  for (const text of awkward) {
    const { chunks } = plan(text, style)
    expect(chunks.length).toBeGreaterThan(0)
    for (const { tokens, weights, words } of chunks) {
      expect([tokens.length, weights.length, words.length]).toEqual([77, 77, 77])
      expect(tokens[0]).toBe(49406)
      expect(tokens).toContain(49407)
    }
  }
})

test.each(styles)('%s: a prompt of 10,000 words is planned in less than two seconds', (style) => {
  const text = Array.from({ length: 10_000 }, (_, i) => `(word${i}:1.1)`).join(' ')
  const start = performance.now()
  expect(plan(text, style).chunks.length).toBeGreaterThan(100)
  expect(performance.now() - start).toBeLessThan(2000)
})

test.each(styles)('%s: a prompt beyond all measure is refused', (style) => {
  expect(() => plan('a b c, '.repeat(30_000), style)).toThrow('prompt: more than 75000 tokens')
  expect(() => plan(`${'(a '.repeat(5000)}${')'.repeat(5000)}`, style)).toThrow(
    'prompt: more than 500 brackets are open at once, at most 500 can be read',
  )
})

test.each(styles)('%s: BREAK begins a new chunk, as a word of its own and in capitals', (style) => {
  expect(plan('a BREAK b', style).chunks.length).toBe(2)
  expect(plan('a break b', style).chunks.length).toBe(1)
  expect(plan('aBREAK b', style).chunks.length).toBe(1)
})

test('in the comfy style BREAK can be an ordinary word', () => {
  const { chunks } = plan('a BREAK b', 'comfy', { breaks: false })
  expect(chunks.length).toBe(1)
  expect(plan('a break b').chunks[0]?.tokens).toEqual(chunks[0]?.tokens)
})

test('a BREAK without text before it begins no chunk in the comfy style', () => {
  expect(plan('BREAK a').chunks.length).toBe(1)
  expect(plan('a BREAK BREAK b BREAK').chunks.length).toBe(2)
})

test('a network in an A1111 prompt is left out with a warning', () => {
  const { chunks, warnings } = plan('a <lora:ink:0.5> cat', 'a1111')
  expect(chunks).toEqual(plan('a cat', 'a1111').chunks)
  expect(warnings).toEqual([
    'prompt: <lora:ink:0.5> is left out of the text; load the network with a node',
  ])
})

test('a weight that is no finite number is a warning, a malformed one an error', () => {
  expect(plan('(a:inf)').warnings).toEqual([
    'prompt: a weight is Infinity, a finite number expected; the picture will fail',
  ])
  expect(() => plan('(a:1.2.3)', 'a1111')).toThrow(
    'prompt: "1.2.3" stands where a weight does, a number such as 1.2 expected',
  )
})

test('only the comfy style asks for the empty prompt, and only with weights', () => {
  expect(plan('a cat').emptyNeeded).toBe(false)
  expect(plan('a (cat)').emptyNeeded).toBe(true)
  expect(plan('a (cat)', 'a1111').emptyNeeded).toBe(false)
})

test('zero padding comes after the end token', () => {
  const { chunks, empty } = plan('cat', 'comfy', { pad: 'zero' })
  expect(chunks[0]?.tokens.slice(0, 5)).toEqual([49406, 2368, 49407, 0, 0])
  expect(empty.slice(0, 3)).toEqual([49406, 49407, 0])
})

test.each(
  styles,
)('%s: weights of 1 keep what the encoder gave, bit for bit, and copy it', (style) => {
  const encoded = [0, 1].map((chunk) =>
    Float32Array.from({ length: 77 * 3 }, (_, i) => Math.sin(i + chunk)),
  )
  const result = applyWeights(plan('a BREAK b', style), encoded)
  expect(result.shape).toEqual([1, 154, 3])
  expect([...result.data]).toEqual(encoded.flatMap((chunk) => [...chunk]))
  expect(result.data.buffer).not.toBe(encoded[0]?.buffer)
})

test('the mean is restored in each chunk by itself', () => {
  const encoded = [1, 5].map((value) => new Float32Array(77 * 2).fill(value))
  const { data } = applyWeights(plan('(a:2) BREAK (b:0.5)', 'a1111'), encoded)
  const mean = (from: number, to: number) =>
    data.subarray(from, to).reduce((sum, value) => sum + value, 0) / (to - from)
  expect(mean(0, 154)).toBeCloseTo(1, 5)
  expect(mean(154, 308)).toBeCloseTo(5, 5)
})

test('a prompt whose weights are all 0 gives no NaN', () => {
  const zeros = { style: 'a1111', chunks: [{ ...plan('').chunks[0]!, weights: Array(77).fill(0) }] }
  const { data } = applyWeights(zeros as never, [new Float32Array(77).fill(1)])
  expect(data.every((value) => value === 0)).toBe(true)
})

test('inspection shows the pieces, their weights and where chunks begin', () => {
  const { chunks, count } = inspect('a (Kitten:1.3) BREAK 日', 'comfy')
  expect(chunks[0]?.map(({ text, weight }) => [text, weight])).toEqual([
    ['a ', 1],
    ['kitten ', 1.3],
  ])
  expect(chunks.length).toBe(2)
  expect(count).toBe(3)
})
