import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { drawPicture } from '../../../engine/drawing/draw-picture.ts'
import { cpuDevice } from '../../../engine/runtime/device.ts'
import { createSessionPool } from '../../../engine/runtime/session-pool.ts'
import { readProbe } from '../../../engine/training/probe/probe.ts'
import { pairPrompts, probePrompts } from '../../../engine/training/probe/prompts.ts'
import { judge, scoreLine, summarise } from '../../../engine/training/probe/score.ts'
import { projectRoot } from '../../support/sources.ts'

const path = join(projectRoot, 'models', 'demo', 'probe.safetensors')
const probe = readProbe('probe.safetensors', readFileSync(path))
const pool = createSessionPool(cpuDevice, 2 ** 28)
afterAll(() => pool.close())

test('the probe of the demo model is small', () => {
  expect(statSync(path).size).toBeLessThanOrEqual(150_000)
})

test('the probe names what drawn pictures show that it has not been trained on', async () => {
  const pictures = [...probePrompts(200, 71), ...pairPrompts(100, 72)].map(({ facts }, index) => ({
    facts,
    image: drawPicture(index, { seed: 73, facts }).image,
  }))
  const score = summarise(await judge(pool, probe, pictures))
  expect(score.pictures).toBe(300)
  expect(score.all).toBeGreaterThanOrEqual(0.985)
})

test('the probe knows the mascot', async () => {
  const pictures = Array.from({ length: 40 }, (_, index) =>
    drawPicture(index, { seed: 74, concept: 'mascot' }),
  )
  expect(summarise(await judge(pool, probe, pictures)).all).toBeGreaterThanOrEqual(0.97)
})

test('the probe says which answers are wrong', async () => {
  const [first] = probePrompts(1, 75)
  const { image } = drawPicture(0, { seed: 76, facts: first!.facts })
  const asked = { ...first!.facts, objects: [{ kind: 'cat', colour: 'pink' }] } as const
  const [verdict] = await judge(pool, probe, [{ image, facts: asked }])
  expect(verdict!.seen).toMatchObject([{ object: 'house' }])
  expect(verdict!.wrong).toContain('object')
  const score = { pictures: 8, object: 0.875, colour: 1, place: 1, time: 0.5, all: 0.5 }
  expect(scoreLine(score)).toBe(
    '8 pictures: object 87.5 %, colour 100 %, place 100 %, time 50 %, all 50 %',
  )
})
