import { describe, expect, expectTypeOf, it } from 'vitest'
import { z } from 'zod'
import { closest } from '../../engine/closest.ts'
import { createCatalogue, definer } from '../../engine/workflow/index.ts'
import { canonical } from '../../engine/workflow/keys.ts'
import { constant } from './support.ts'

interface Values {
  number: number
  model: { weights: string }
  lora: { rank: number }
}

const defineNode = definer<Values, { log: (text: string) => void }>()

const blend = defineNode({
  type: 'blend',
  title: 'Blend',
  inputs: { model: 'model<F>', base: { type: 'number', optional: true } },
  params: z.object({ steps: z.int().default(1) }),
  repeat: { inputs: { lora: 'lora<F>' }, params: z.object({ ratio: z.number().default(1) }) },
  outputs: { model: 'model<F>', ranks: 'list<number>' },
  async run({ model, base, items }, { steps }, context) {
    expectTypeOf(model).toEqualTypeOf<{ weights: string }>()
    expectTypeOf(base).toEqualTypeOf<number | undefined>()
    expectTypeOf(items[0]!.lora).toEqualTypeOf<{ rank: number }>()
    expectTypeOf(items[0]!.ratio).toEqualTypeOf<number>()
    expectTypeOf(steps).toEqualTypeOf<number>()
    expectTypeOf(context.services.log).toEqualTypeOf<(text: string) => void>()
    expectTypeOf((await context.latest()).params.steps).toEqualTypeOf<number>()
    return { model, ranks: items.map(({ lora }) => lora.rank) }
  },
})

const node = (changes: object) => ({ ...blend, ...changes })

describe('a definition', () => {
  it('gets what it leaves out', () => {
    expect(blend).toMatchObject({ version: 1, purity: 'pure', live: false, sink: false })
    expect(constant).toMatchObject({ inputs: {}, repeat: undefined, category: '' })
  })

  it.each([
    [[constant, constant], 'constant: two nodes have this type, expected one'],
    [[node({ inputs: { steps: 'number' } })], 'blend: two inputs "steps", expected one'],
    [[node({ inputs: { lora7: 'lora' } })], 'blend: "lora7" is also an item of repeated "lora"'],
    [
      [node({ inputs: { items: 'lora' } })],
      'blend: input "items" beside a repeated group, expected another name',
    ],
    [
      [node({ repeat: { inputs: { lora2: 'lora' } } })],
      'blend: repeated "lora2" ends in a digit, expected a letter',
    ],
    [
      [node({ outputs: { 'a.b': 'lora' } })],
      'blend: "a.b" is no name, expected a letter and letters, digits',
    ],
    [
      [node({ outputs: { rest: { type: 'lora', needs: 'model' } } })],
      'blend: output "rest" needs "model", expected an optional input',
    ],
    [[node({ inputs: { a: 'lora<' } })], 'socket type "lora<": not a type'],
  ])('that contradicts itself is refused (%#)', (definitions, message) => {
    expect(() => createCatalogue(definitions)).toThrow(message)
  })
})

describe('the nearest name', () => {
  it.each([
    ['blend-lora', 'blend-loras'],
    ['oen', 'one'],
    ['BLEND', 'blend'],
    ['banana', undefined],
    ['x'.repeat(100), undefined],
  ])('to %s is %s', (word, result) => {
    expect(closest(word, ['one', 'blend-loras', 'blend', 'y'])).toBe(result)
  })
})

describe('canonical text', () => {
  it('does not depend on the order of keys, and tells every value from every other', () => {
    expect(canonical({ b: [1, '1', null], a: { d: true, c: undefined } })).toBe(
      canonical({ a: { d: true }, b: [1, '1', null] }),
    )
    const values = [0, -0, '0', [0], { a: 0 }, {}, [], '', null, false, 'null', Number.NaN]
    expect(new Set(values.map(canonical)).size).toBe(values.length)
  })

  it('refuses what is no plain data', () => {
    expect(() => canonical({ a: new Map() })).toThrow('expected plain data')
    expect(() => canonical(() => 0)).toThrow('expected plain data')
  })
})
