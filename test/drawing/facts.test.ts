import { expect, test } from 'vitest'
import { drawCaption, fullCaption } from '../../engine/drawing/caption.ts'
import { colourNames } from '../../engine/drawing/colours.ts'
import { diceOf } from '../../engine/drawing/dice.ts'
import { drawFacts, mascotFacts, type PictureFacts } from '../../engine/drawing/facts.ts'
import { objectNames } from '../../engine/drawing/objects.ts'
import { placeNames, timeNames } from '../../engine/drawing/scenery.ts'

const many = Array.from({ length: 2000 }, (_, i) => drawFacts(i, diceOf(5, 'facts', i)))
const red: PictureFacts = {
  objects: [{ kind: 'house', colour: 'red' }],
  place: 'hills',
  time: 'day',
  position: 'left',
}

test('sixteen pictures in a row hold every place at every time', () => {
  for (const start of [0, 7, 160]) {
    const scenes = many.slice(start, start + 16).map(({ place, time }) => `${place} ${time}`)
    expect(new Set(scenes).size).toBe(placeNames.length * timeNames.length)
  }
})

test('every object comes in every colour', () => {
  const seen = many.flatMap(({ objects }) => objects.map((object) => nameOf(object)))
  expect(new Set(seen).size).toBe(objectNames.length * colourNames.length)
})

test('three pictures of ten have two objects, of two kinds', () => {
  const pairs = many.filter(({ objects }) => objects.length === 2)
  expect(pairs.length / many.length).toBeCloseTo(0.3, 1)
  expect(pairs.every(({ objects: [a, b] }) => a!.kind !== b!.kind)).toBe(true)
  expect(pairs.every(({ position }) => position === 'both')).toBe(true)
})

test('boats sail on the sea only, and nothing white stands in the snow', () => {
  const onLand = many.filter(({ place }) => place !== 'sea')
  expect(onLand.flatMap(({ objects }) => objects.map(({ kind }) => kind))).not.toContain('sailboat')
  const inSnow = many.filter(({ place }) => place === 'snow')
  expect(inSnow.flatMap(({ objects }) => objects.map(nameOf).join()).join()).not.toMatch('white')
})

test('the mascot is alone in its pictures, and in no others', () => {
  expect(mascotFacts(3, diceOf(1)).objects).toEqual([{ kind: 'mascot' }])
  expect(many.some(({ objects }) => objects.some(({ kind }) => kind === 'mascot'))).toBe(false)
})

test('a full caption says everything', () => {
  expect(fullCaption(red)).toBe('a red house on the left on green hills by day')
  const pair: PictureFacts = {
    objects: [
      { kind: 'balloon', colour: 'orange' },
      { kind: 'pine tree', colour: 'green' },
    ],
    place: 'sea',
    time: 'night',
    position: 'both',
  }
  expect(fullCaption(pair)).toBe('an orange balloon and a green pine tree on the sea at night')
})

test('a caption leaves out place or time now and then, but never the object', () => {
  const captions = Array.from({ length: 500 }, (_, i) => drawCaption(red, diceOf(2, i)))
  const share = (pattern: RegExp) => captions.filter((text) => pattern.test(text)).length / 500
  expect(share(/^a red house on the left/)).toBe(1)
  expect(share(/on green hills/)).toBeCloseTo(0.92, 1)
  expect(share(/by day/)).toBeCloseTo(0.92, 1)
  expect(share(/, (flat illustration|vector art|flat design)$/)).toBeCloseTo(0.25, 1)
})

test('captions carry a trigger word and the name of a style', () => {
  const facts: PictureFacts = { ...red, objects: [{ kind: 'mascot' }], position: 'middle' }
  const caption = drawCaption(facts, diceOf(1), { trigger: 'blobby', suffix: 'neon style' })
  expect(caption).toMatch(/^a blobby .*, neon style$/)
})

function nameOf(object: PictureFacts['objects'][number]): string {
  return object.kind === 'mascot' ? 'mascot' : `${object.colour} ${object.kind}`
}
