import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { openServices, servicesFor } from '../engine/context.ts'
import { decodePicture } from '../engine/formats/picture.ts'
import { createCatalogue, parseWorkflow, printWorkflow } from '../engine/workflow/index.ts'
import { nodes } from '../nodes/index.ts'
import { command, scratch } from './support/cli.ts'

/** The workflows that come along, run as a user runs them. */

const folder = join(import.meta.dirname, '..', 'workflows')
const files = readdirSync(folder).filter((name) => name.endsWith('.json'))
const trains = (name: string) =>
  /"type": "train(-new-model)?"/.test(readFileSync(join(folder, name), 'utf8'))
const host = { catalogue: createCatalogue(nodes), openServices, servicesFor }
const home = scratch()
afterAll(() => home[Symbol.dispose]())

/** Runs a workflow in the folder of these tests; gives the path of the picture it saved. */
async function saved(...words: string[]): Promise<string> {
  const outcome = await command(home.path, ['run', ...words], { host })
  expect(outcome.stderr).not.toMatch(/failed|refused/)
  expect(outcome.code).toBe(0)
  return /^files: (.+\.png)$/m.exec(outcome.stdout)![1]!
}

async function pixels(path: string) {
  return (await decodePicture(path, readFileSync(path))).image
}

describe('the workflows that come along', () => {
  test.each(files)('%s is in canonical form', (name) => {
    const text = readFileSync(join(folder, name), 'utf8')
    expect(printWorkflow(parseWorkflow(text, name), host.catalogue)).toBe(text)
  })

  test.each(files.filter((name) => !trains(name)))('%s makes a picture', async (name) => {
    const { shape } = await pixels(await saved(join(folder, name)))
    const rows = name === 'demo-sheet.json' ? 4 : 1
    expect(shape.slice(0, 3)).toEqual([1, 3, rows * 128 + (rows - 1) * 8])
  })

  test.each(files.filter(trains))('%s, which trains, has no problems', async (name) => {
    const { code, stdout } = await command(home.path, ['check', join(folder, name)], { host })
    expect(stdout).toContain('no problems')
    expect(code).toBe(0)
  })

  test('another ratio on the command line makes another picture', async () => {
    const workflow = join(folder, 'two-loras.json')
    const first = await saved(workflow)
    const other = await saved(workflow, '--set', 'blend.ratio1=-0.5')
    expect(other).not.toBe(first)
    expect((await pixels(first)).data).not.toEqual((await pixels(other)).data)
  })

  test('a picture draws itself again', async () => {
    const picture = await saved(join(folder, 'text-to-image.json'))
    const again = await saved(picture, '--out', 'again', '--no-cache')
    expect(await pixels(again)).toEqual(await pixels(picture))
  })
})
