import { sep } from 'node:path'
import { describe, expect, it } from 'vitest'
import { summarise } from '../../engine/executor/summarise.ts'
import { valueSummary } from '../../engine/protocol/index.ts'
import { parseSocketType } from '../../engine/workflow/index.ts'

const output = `${sep}pictures${sep}out`
const below = (name: string) => `${output}${sep}${name.replaceAll('/', sep)}`
const told = (type: string, value: unknown) => {
  const { type: printed, ...rest } = summarise(parseSocketType(type), value, { output })
  expect(printed).toBe(type)
  expect(valueSummary.safeParse({ type: printed, ...rest }).error).toBeUndefined()
  return rest
}
const tensor = (...shape: number[]) => ({
  data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i),
  shape,
})

describe('a summary of a value', () => {
  it('gives shape and range of a picture, a mask and a latent', () => {
    const range = { min: 0, max: 11, mean: 5.5 }
    expect(told('image', tensor(1, 3, 2, 2))).toEqual({ shape: [1, 3, 2, 2], range })
    expect(told('mask', tensor(1, 1, 3, 4))).toEqual({ shape: [1, 1, 3, 4], range })
    const samples = tensor(1, 4, 1, 3)
    expect(told('latent<sd15>', { samples })).toEqual({ shape: [1, 4, 1, 3], range })
    expect(told('latent', { samples, empty: true })).toMatchObject({ text: 'empty' })
    expect(told('latent', { samples, mask: tensor(1, 1, 1, 3) }).text).toBe('with a mask')
  })

  it('leaves out numbers that are none, and gives no range of nothing', () => {
    const shape = [1, 1, 1, 3]
    const broken = { data: Float32Array.of(Number.NaN, 2, Number.POSITIVE_INFINITY), shape }
    expect(told('mask', broken)).toEqual({ shape, range: { min: 2, max: 2, mean: 2 } })
    expect(told('mask', tensor(1, 1, 0, 4))).toEqual({ shape: [1, 1, 0, 4] })
  })

  it('gives numbers, switches and texts themselves, a long text to its limit', () => {
    expect(told('number', 0.5)).toEqual({ value: 0.5 })
    expect(told('integer', 7)).toEqual({ value: 7 })
    expect(told('boolean', false)).toEqual({ value: false })
    expect(told('text', 'a red house')).toEqual({ value: 'a red house' })
    const cut = told('text', '家'.repeat(5000)).value
    expect(cut).toHaveLength(2000)
  })

  it('names files below the output folder, and no other place of the machine', () => {
    const [first, second] = [below('a_00001_.png'), below('set/b_00002_.png')]
    expect(told('text', first)).toEqual({ value: 'a_00001_.png', files: ['a_00001_.png'] })
    expect(told('list<text>', [first, second])).toEqual({
      text: '2 items: a_00001_.png, set/b_00002_.png',
      files: ['a_00001_.png', 'set/b_00002_.png'],
    })
    expect(told('list<text>', [`${output}side.png`]).files).toBeUndefined()
  })

  it('counts a list and shows its beginning where it is plain', () => {
    expect(told('list<number>', [1, 2, 3, 4, 5, 6])).toEqual({ text: '6 items: 1, 2, 3, 4, 5, …' })
    expect(told('list<image>', [tensor(1, 3, 1, 1)])).toEqual({ text: '1 item' })
  })

  it('says in a sentence what a training came to', () => {
    const training = {
      ...{ name: 'neon', folder: output, status: 'finished', step: 200, steps: 200 },
      ...{ log: [{ average: 0.123456 }], weights: [below('neon.safetensors')], samples: [] },
    }
    expect(told('training', training)).toEqual({
      text: 'neon, finished, step 200 of 200, loss 0.1235',
      files: ['neon.safetensors'],
    })
  })

  it('says the type alone of what it does not know or what is strange', () => {
    expect(told('curve', { points: [] })).toEqual({})
    expect(told('image', undefined)).toEqual({})
    expect(told('constructor', 1)).toEqual({})
  })
})
