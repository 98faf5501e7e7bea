import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { shipped, startServer, until } from '../../server/e2e/support.ts'
import { editorLab } from '../../support/editor-lab.ts'
import { openEditor } from '../../support/editor-page.ts'

const small = () => shipped('two-loras', { 'sampler.steps': 4 })

const lab = editorLab({ shared: { ...small(), name: 'shared' } })

/** Opens a saved workflow by the menu of workflows. */
async function openSaved(editor: Awaited<ReturnType<typeof openEditor>>, name: string) {
  await editor.page.keyboard.press('ControlOrMeta+o')
  const dialog = editor.page.getByRole('dialog')
  await dialog.getByText(name, { exact: true }).click()
  await dialog.waitFor({ state: 'detached' })
  await editor.page.waitForFunction('Object.keys(mazeru.state().nodes).length > 0')
  await editor.idle()
}

describe('the editor', () => {
  it('has every edit again after its page was lost', async () => {
    const editor = await openEditor(lab.browser, lab.server.port)
    await editor.load(small())
    await editor.number('sampler', 'seed', 123)
    await editor.number('sampler', 'guidance', 3)
    const before = JSON.stringify(await editor.state())
    // Ends the page without a word to it, as a crash does.
    const session = await editor.context.newCDPSession(editor.page)
    void session.send('Page.crash').catch(() => undefined)
    await editor.page.waitForEvent('crash')
    const again = await openEditor(lab.browser, lab.server.port, { context: editor.context })
    await until(async () => JSON.stringify(await again.state()) === before, 'the edits are back')
    await again.page.getByRole('button', { name: /^Undo/ }).click()
    expect((await again.state()).nodes.sampler!.params).toMatchObject({ seed: 123, guidance: 4 })
  })

  it('shows a run that was under way when it was loaded again', { timeout: 120_000 }, async () => {
    const editor = await openEditor(lab.browser, lab.server.port)
    await editor.load(shipped('two-loras', { 'sampler.steps': 150 }))
    const running = editor.run()
    const label = () => editor.page.locator('[data-node="sampler"]').getAttribute('aria-label')
    await until(async () => /running/.test((await label()) ?? ''), 'the sampler runs')
    await editor.page.reload()
    await editor.page.waitForFunction('globalThis.mazeru !== undefined')
    await until(async () => /running, \d+ %/.test((await label()) ?? ''), 'it is seen running')
    await until(async () => /done/.test((await label()) ?? ''), 'the sampler is done', 60)
    await running.catch(() => undefined)
  })

  it('keeps an edit that was made while the server was away', { timeout: 120_000 }, async () => {
    const editor = await openEditor(lab.browser, lab.server.port)
    await openSaved(editor, 'shared')
    const { port } = lab.server
    await lab.server.kill()
    await editor.number('sampler', 'seed', 77)
    lab.server = await startServer(lab.desk, ['--port', String(port)])
    const file = join(lab.desk.workflows, 'shared.json')
    const seed = () => JSON.parse(readFileSync(file, 'utf8')).nodes.sampler.params.seed
    await until(() => seed() === 77, 'the file has the edit', 60)
    expect((await editor.state()).nodes.sampler!.params).toMatchObject({ seed: 77 })
  })

  it('shows in one tab what was changed in another', async () => {
    const first = await openEditor(lab.browser, lab.server.port)
    const second = await openEditor(lab.browser, lab.server.port)
    await openSaved(first, 'shared')
    await openSaved(second, 'shared')
    await first.number('sampler', 'seed', 31)
    await second.number('sampler', 'guidance', 2)
    for (const editor of [first, second]) {
      await until(async () => {
        const { seed, guidance } = (await editor.state()).nodes.sampler!.params!
        return seed === 31 && guidance === 2
      }, 'both edits are in both tabs')
    }
    expect(await first.state()).toEqual(await second.state())
  })

  it('goes on with a run whose process was killed', { timeout: 120_000 }, async () => {
    const editor = await openEditor(lab.browser, lab.server.port)
    await editor.load(shipped('two-loras', { 'sampler.steps': 80 }))
    const running = editor.run()
    const label = () => editor.page.locator('[data-node="sampler"]').getAttribute('aria-label')
    await until(async () => /running, \d+ %/.test((await label()) ?? ''), 'the sampler runs')
    for (const pid of executorsOf(lab.server.pid)) process.kill(pid, 'SIGKILL')
    expect(await running).toMatchObject({ state: 'done', restarts: 1 })
    await until(async () => /done/.test((await label()) ?? ''), 'the canvas shows the end')
  })
})

/** Processes that a server has forked for its devices. */
function executorsOf(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')
  return children
    .filter(Boolean)
    .map(Number)
    .filter((child) => readFileSync(`/proc/${child}/cmdline`, 'utf8').includes('executor'))
}
