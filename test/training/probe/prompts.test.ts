import { expect, test } from 'vitest'
import { colourNames } from '../../../engine/drawing/colours.ts'
import { objectNames } from '../../../engine/drawing/objects.ts'
import { timeNames } from '../../../engine/drawing/scenery.ts'
import { pairPrompts, probePrompts } from '../../../engine/training/probe/prompts.ts'

const single = probePrompts(100, 1)
const pairs = pairPrompts(100, 1)

test('a hundred prompts ask for every object and every time alike often, and every colour', () => {
  const objects = single.map(({ facts }) => facts.objects[0]!)
  for (const name of objectNames) {
    expect(objects.filter(({ kind }) => kind === name)).toHaveLength(100 / objectNames.length)
  }
  for (const time of timeNames) {
    expect(single.filter(({ facts }) => facts.time === time).length).toBeGreaterThanOrEqual(20)
  }
  const colours = objects.map((object) => (object.kind === 'mascot' ? '' : object.colour))
  expect(new Set(colours).size).toBe(colourNames.length)
})

test('a prompt is an object in its colour, a place and a time', () => {
  const object = `(${colourNames.join('|')}) (${objectNames.join('|')})`
  const scene =
    '(on green hills|in the snow|in the desert|on the sea) (by day|at sunset|at night|at dawn)'
  const one = new RegExp(`^an? ${object} ${scene}$`)
  const two = new RegExp(`^an? ${object} and an? ${object} ${scene}$`)
  expect(single.filter(({ prompt }) => !one.test(prompt))).toEqual([])
  expect(pairs.filter(({ prompt }) => !two.test(prompt))).toEqual([])
})

test('a prompt asks for nothing that is in no picture', () => {
  for (const { facts } of [...single, ...pairs]) {
    const names = facts.objects.map((object) => Object.values(object).join(' '))
    if (facts.place !== 'sea') expect(names.join()).not.toMatch('sailboat')
    if (facts.place === 'snow') expect(names.join()).not.toMatch('white')
  }
})

test('two objects of a prompt differ in kind and in colour', () => {
  for (const { facts } of pairs) {
    const [a, b] = facts.objects.map((object) => Object.values(object) as string[])
    expect(a!.filter((word) => b!.includes(word))).toEqual([])
  }
})

test('the prompts of a seed are always the same', () => {
  expect(probePrompts(100, 1)).toEqual(single)
  expect(probePrompts(10, 1)).toEqual(single.slice(0, 10))
  expect(probePrompts(100, 2)).not.toEqual(single)
})
