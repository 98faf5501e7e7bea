import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { AxeBuilder } from '@axe-core/playwright'
import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { shipped, until } from '../../server/e2e/support.ts'
import { editorLab } from '../../support/editor-lab.ts'
import { type EditorPage, openEditor } from '../../support/editor-page.ts'

const lab = editorLab()

const mixer = () => shipped('lora-mixer', { 'sampler.steps': 6 })
const pictureOf = ({ page }: EditorPage, node: string) =>
  page.locator(`[data-node="${node}"] img, [data-node="${node}"] ~ img`).first()

describe('the LoRA mixer', () => {
  it('draws again when a ratio is changed while live is on', { timeout: 120_000 }, async () => {
    const editor = await openEditor(lab.browser, lab.server.port)
    const { page } = editor
    await editor.load(mixer())
    expect((await editor.run()).state).toBe('done')
    await page.keyboard.press('Escape')
    await page.keyboard.press('l')
    const shown = () => pictureOf(editor, 'decode').getAttribute('src')
    const before = await shown()
    const ratio = page.locator('[data-node="mixer"] input[type="range"]').first()
    await ratio.focus()
    await page.keyboard.press('End')
    expect((await editor.state()).nodes.mixer!.params).toMatchObject({ ratio1: 2 })
    await until(async () => {
      const now = await shown().catch(() => null)
      return now !== null && now !== before
    }, 'another picture')
    const runs = await lab.server.ask('GET', '/api/runs')
    expect((runs.json.runs as { live: boolean }[]).filter(({ live }) => !live)).toHaveLength(1)
    expect(editor.faults).toEqual([])
  })

  it('changes a run that is under way', { timeout: 120_000 }, async () => {
    const editor = await openEditor(lab.browser, lab.server.port)
    const { page } = editor
    await editor.load(shipped('lora-mixer', { 'sampler.steps': 120 }))
    const running = editor.run()
    const label = () => page.locator('[data-node="sampler"]').getAttribute('aria-label')
    await until(async () => /running, \d+ %/.test((await label()) ?? ''), 'the sampler runs')
    await page.locator('[data-node="mixer"] input[type="range"]').first().focus()
    await page.keyboard.press('End')
    const run = await running
    const drawn = readFileSync(join(lab.desk.out, run.pictures[0]!))
    const plain = await openEditor(lab.browser, lab.server.port)
    await plain.load(shipped('lora-mixer', { 'sampler.steps': 120 }))
    const other = await plain.run()
    expect(drawn.equals(readFileSync(join(lab.desk.out, other.pictures[0]!)))).toBe(false)
  })
})

describe('by keyboard alone', () => {
  it('a graph of three nodes is built and wired', { timeout: 120_000 }, async () => {
    const editor = await openEditor(lab.browser, lab.server.port)
    const { page } = editor
    await page.getByRole('button', { name: 'Empty workflow' }).focus()
    await page.keyboard.press('Enter')
    const add = async (words: string) => {
      await page.keyboard.press('ControlOrMeta+k')
      await page.getByRole('combobox', { name: /Search nodes/ }).waitFor()
      await page.keyboard.type(words)
      await page.keyboard.press('Enter')
      await editor.idle()
    }
    await add('load image')
    await add('resize image')
    await add('preview')
    expect(Object.keys((await editor.state()).nodes)).toEqual([
      ...['load-image', 'resize-image', 'preview'],
    ])
    const options = page.getByRole('listbox').getByRole('option')
    const choose = async (wanted: RegExp) => {
      await options.first().waitFor()
      const texts = await options.allTextContents()
      const at = texts.findIndex((text) => wanted.test(text))
      expect(at, `${wanted} among ${texts.join(', ')}`).toBeGreaterThanOrEqual(0)
      for (let step = 0; step < at; step++) await page.keyboard.press('ArrowDown')
      await page.keyboard.press('Enter')
      await editor.idle()
    }
    // First the socket of the node that has the focus, then where it leads.
    await page.locator('[data-node="load-image"]').focus()
    await page.keyboard.press('c')
    await choose(/image/i)
    await choose(/resize/i)
    const links = async () =>
      Object.values((await editor.state()).nodes).flatMap(({ inputs = {} }) =>
        Object.values(inputs),
      )
    await until(async () => (await links()).length > 0, 'a link')
    expect(await links()).toContain('load-image.image')
  })
})

describe('in Japanese', () => {
  it('the editor speaks Japanese throughout', async () => {
    const editor = await openEditor(lab.browser, lab.server.port, { language: 'ja' })
    await editor.load(mixer())
    const { page } = editor
    expect(await page.locator('html').getAttribute('lang')).toBe('ja')
    await page.getByRole('button', { name: '実行', exact: true }).waitFor()
    const title = await page.locator('[data-node="sampler"] [data-handle]').textContent()
    expect(title).toMatch(/サンプラー/)
    const words = await page
      .locator('header button, nav button')
      .evaluateAll((buttons) =>
        buttons.map((button) => (button as { ariaLabel: string | null }).ariaLabel ?? ''),
      )
    const english = words.filter((text) => /^[A-Za-z][a-z ]+$/.test(text))
    expect(english).toEqual([])
  })
})

describe('axe', () => {
  const panels = ['Outline', 'Problems', 'Queue', 'Gallery', 'Library', 'Form', 'Settings']
  it.each(['light', 'dark'] as const)('finds nothing in the %s theme', {
    timeout: 120_000,
  }, async (scheme) => {
    const editor = await openEditor(lab.browser, lab.server.port)
    const { page } = editor
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' })
    await page.reload()
    await page.waitForFunction('globalThis.mazeru !== undefined')
    await page.getByRole('button', { name: 'Empty workflow' }).waitFor()
    expect(await violations(page)).toEqual([])
    await editor.load(mixer())
    expect(await violations(page)).toEqual([])
    for (const name of panels) {
      await page
        .getByRole('navigation')
        .getByRole('button', { name: new RegExp(name, 'i') })
        .first()
        .click()
      await page.waitForTimeout(200)
      expect(await violations(page), name).toEqual([])
    }
  })
})

/** What axe finds, as rule and place. */
async function violations(page: Page): Promise<string[]> {
  const { violations: found } = await new AxeBuilder({ page }).analyze()
  return found.flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id}: ${target.join(' ')}`))
}
