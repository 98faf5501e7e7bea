import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { decodePicture } from '../../../engine/formats/picture.ts'
import { editorLab } from '../../support/editor-lab.ts'
import { type EditorPage, openEditor } from '../../support/editor-page.ts'
import { projectRoot } from '../../support/sources.ts'

const lab = editorLab()

/** An empty workflow with the canvas at half size, so that all nodes have room. */
async function emptyCanvas(): Promise<EditorPage> {
  const editor = await openEditor(lab.browser, lab.server.port)
  await editor.page.getByRole('button', { name: 'Empty workflow' }).click()
  await editor.view(60, 60, 0.55)
  return editor
}

async function pixels(path: string): Promise<Float32Array> {
  return (await decodePicture(path, readFileSync(path))).image.data
}

/** Chooses a file in the picker of a param. */
async function choose({ page, param }: EditorPage, node: string, name: string, file: string) {
  await param(node, name).getByRole('button').first().click()
  await page.getByRole('dialog').getByText(file, { exact: false }).first().click()
  await page.getByRole('dialog').waitFor({ state: 'detached' })
}

describe('a workflow built by mouse alone', () => {
  it('with two LoRAs draws what the command line draws of its file', {
    timeout: 120_000,
  }, async () => {
    const editor = await emptyCanvas()
    const { page, add, wire, number } = editor
    const model = await add('load model', [120, 140])
    const first = await add('load lora', [120, 330])
    const second = await add('load lora', [120, 480])
    const canvas = await add('empty latent', [120, 620])
    const blend = await add('blend', [330, 140])
    const positive = await add('encode prompt', [540, 140])
    const negative = await add('encode prompt', [540, 420])
    const sampler = await add('sampler', [760, 140])
    const decode = await add('decode', [960, 140])
    const save = await add('save image', [1150, 140])
    await choose(editor, model, 'file', 'demo')
    await choose(editor, first, 'file', 'neon')
    await choose(editor, second, 'file', 'riso')
    await wire(`${model}.model`, `${blend}.model`)
    await wire(`${model}.textEncoder`, `${blend}.textEncoder`)
    await wire(`${first}.lora`, `${blend}.lora1`)
    await wire(`${second}.lora`, `${blend}.lora2`)
    await wire(`${blend}.textEncoder`, `${positive}.textEncoder`)
    await wire(`${blend}.textEncoder`, `${negative}.textEncoder`)
    await wire(`${blend}.model`, `${sampler}.model`)
    await wire(`${positive}.conditioning`, `${sampler}.positive`)
    await wire(`${negative}.conditioning`, `${sampler}.negative`)
    await wire(`${canvas}.latent`, `${sampler}.latent`)
    await wire(`${sampler}.latent`, `${decode}.latent`)
    await wire(`${model}.vae`, `${decode}.vae`)
    await wire(`${decode}.image`, `${save}.image`)
    await number(canvas, 'width', 128)
    await number(canvas, 'height', 128)
    await number(sampler, 'steps', 4)
    await editor.param(positive, 'text').locator('textarea').fill('a red house in the snow')
    const { nodes } = await editor.state()
    expect(nodes[blend]).toMatchObject({
      inputs: { model: `${model}.model`, lora1: `${first}.lora`, lora2: `${second}.lora` },
    })
    expect(nodes[canvas]!.params).toMatchObject({ width: 128, height: 128 })

    await page.keyboard.press('Escape')
    await page.keyboard.press('ControlOrMeta+s')
    await page.getByRole('dialog').getByRole('textbox').fill('by-mouse')
    await page.keyboard.press('Enter')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    const run = await editor.run()
    expect(run).toMatchObject({ state: 'done', pictures: [expect.stringContaining('.png')] })
    await page.locator(`[data-node="${save}"] img, [data-node="${save}"] + img`).first().waitFor()

    const file = join(lab.desk.workflows, 'by-mouse.json')
    const main = join(projectRoot, 'engine', 'main.ts')
    const words = ['run', file, '--out', 'alone', '--no-cache']
    const said = execFileSync(process.execPath, [main, ...words], {
      cwd: lab.desk.path,
      encoding: 'utf8',
    })
    const alone = /(\S+\.png)$/m.exec(said)![1]!
    const drawn = await pixels(join(lab.desk.out, run.pictures[0]!))
    expect(drawn).toEqual(await pixels(alone))

    const ratio = page.locator(`[data-node="${blend}"] input[type="range"]`).first()
    await ratio.focus()
    await page.keyboard.press('Home')
    expect((await editor.state()).nodes[blend]!.params).toMatchObject({ ratio1: -1 })
    const other = await editor.run()
    expect(await pixels(join(lab.desk.out, other.pictures[0]!))).not.toEqual(drawn)
    expect(editor.faults).toEqual([])
  })

  it('refuses a wrong wire with the reason', async () => {
    const editor = await emptyCanvas()
    const image = await editor.add('load image', [200, 200])
    const sampler = await editor.add('sampler', [500, 200])
    await editor.wire(`${image}.image`, `${sampler}.latent`)
    const dialog = editor.page.getByRole('dialog')
    await dialog.getByText(/image given, latent.* expected/).waitFor()
    expect((await editor.state()).nodes[sampler]!.inputs).toBeUndefined()
    await dialog.getByRole('button', { name: /Encode image/ }).click()
    await dialog.waitFor({ state: 'detached' })
    const { nodes } = await editor.state()
    const [converter] = Object.entries(nodes).find(([, { type }]) => type === 'encode-image')!
    expect(nodes[converter]!.inputs).toEqual({ image: `${image}.image` })
    expect(nodes[sampler]!.inputs).toEqual({ latent: `${converter}.latent` })
  })

  it('is taken back edit by edit to nothing, and done again to the same', async () => {
    const editor = await emptyCanvas()
    const first = JSON.stringify(await editor.state())
    const number = await editor.add('number', [200, 200])
    await editor.number(number, 'value', 7)
    const seed = await editor.add('seed', [200, 400])
    await editor.wire(`${seed}.value`, `${number}.value`)
    await editor.page.keyboard.press('Escape')
    const last = JSON.stringify(await editor.state())
    expect(last).not.toBe(first)
    const undo = editor.page.getByRole('button', { name: /^Undo/ })
    const redo = editor.page.getByRole('button', { name: /^Redo/ })
    let steps = 0
    for (; await undo.isEnabled(); steps++) await undo.click()
    expect(JSON.stringify(await editor.state())).toBe(first)
    expect(steps).toBeGreaterThanOrEqual(3)
    while (await redo.isEnabled()) await redo.click()
    expect(JSON.stringify(await editor.state())).toBe(last)
  })
})
