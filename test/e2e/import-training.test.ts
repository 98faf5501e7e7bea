import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { filesBelow, openStudio } from '../support/studio.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { rampPicture } from '../support/tiny-pictures.ts'
import { tinyConfig } from '../support/tiny-workflows.ts'

const studio = openStudio()

/** What a person has who trained elsewhere. */
const settings = `
model: tiny.safetensors
images: cats
learning rate: 0.01
batch size: 2
epochs: 1
resolution: 64
rank: 2
network train unet only: true
seed: 3
`

it('a workflow that was made of plain settings trains as they say', {
  timeout: 300_000,
}, async () => {
  const desk = temporaryFolder({ 'a.yaml': settings })
  mkdirSync(join(desk, 'cats'))
  for (const name of ['a', 'b', 'c', 'd']) {
    writeFileSync(join(desk, 'cats', `${name}.png`), await rampPicture(64, 64 + name.charCodeAt(0)))
    writeFileSync(join(desk, 'cats', `${name}.txt`), `a cat, ${name}`)
  }
  const imported = await studio.mazeru(desk, 'import-training', 'a.yaml', '-o', 'w.json')
  expect({ code: imported.code, stderr: imported.stderr }).toEqual({
    code: 0,
    stderr: `pictures: run with --in ${desk}\nwritten: w.json\n`,
  })
  const config = `checkpoint.config=${JSON.stringify(tinyConfig)}`
  const { code, events } = await studio.mazeru(
    desk,
    ...['run', 'w.json', '--in', desk, '--json', '--set', config],
  )
  expect(events.filter(({ type }) => type === 'failed')).toEqual([])
  expect(code).toBe(0)
  const steps = events.filter(({ type, name }) => type === 'metric' && name === 'step')
  // Four pictures in twos, once.
  expect(steps.map(({ values }) => values)).toMatchObject([
    { step: 1, rates: { unet: 0.01 } },
    { step: 2, rates: { unet: 0.01 } },
  ])
  const files = filesBelow(join(desk, 'output')).filter((name) => name.endsWith('.safetensors'))
  expect(files).toContainEqual(expect.stringMatching(/^training\/.+\.safetensors$/))
  expect(files).toContainEqual(expect.stringMatching(/_00001_\.safetensors$/))
})
