import {
  type Browser,
  type BrowserContext,
  chromium,
  type Locator,
  type Page,
} from 'playwright-core'
import type { Workflow } from '../../engine/workflow/index.ts'

/** The editor in a real browser, used as a person uses it: by mouse, keys and what is written. */

/** Where the browser is. */
export const chromiumPath = process.env.MAZERU_CHROMIUM ?? '/usr/bin/chromium'

const flags = [
  ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
]

/** Starts the browser. */
export function openBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: chromiumPath, args: flags })
}

export interface OpenOptions {
  /** With it, what was kept in an earlier page of it is there. */
  readonly context?: BrowserContext
  readonly language?: 'en' | 'ja'
  readonly size?: { readonly width: number; readonly height: number }
  readonly touch?: boolean
}

/** A page that shows the editor. */
export interface EditorPage {
  readonly page: Page
  readonly context: BrowserContext
  /** What the page threw and complained of. */
  readonly faults: readonly string[]
  /** The workflow in front. */
  state(): Promise<Workflow>
  /** Another workflow in its place, as one step of undo. */
  load(workflow: object): Promise<void>
  /** Ends when all that is in sight is drawn. */
  idle(): Promise<void>
  view(x: number, y: number, k: number): Promise<void>
  /** Double clicks the canvas there, types, takes the first node, and gives its id. */
  add(words: string, at: readonly [x: number, y: number]): Promise<string>
  /** Drags from an output to an input, both as "node.socket". */
  wire(from: string, to: string): Promise<void>
  param(node: string, name: string): Locator
  /** Types a number into a param. */
  number(node: string, name: string, value: number): Promise<void>
  /** Presses Run and gives the run when it has ended. */
  run(): Promise<{ readonly id: string; readonly state: string; readonly pictures: string[] }>
}

/** Opens the editor of a server. */
export async function openEditor(
  browser: Browser,
  port: number,
  options: OpenOptions = {},
): Promise<EditorPage> {
  const { language = 'en', size = { width: 1400, height: 900 }, touch = false } = options
  const context =
    options.context ??
    (await browser.newContext({
      ...{ viewport: size, hasTouch: touch, bypassCSP: true, reducedMotion: 'reduce' },
      locale: language === 'ja' ? 'ja-JP' : 'en-GB',
    }))
  const page = await context.newPage()
  page.setDefaultTimeout(15_000)
  const faults: string[] = []
  page.on('pageerror', (error) => faults.push(error.message))
  await page.goto(`http://127.0.0.1:${port}/`)
  await page.waitForFunction('globalThis.mazeru !== undefined')
  const idle = async () => void (await page.evaluate('mazeru.whenIdle()'))
  const state = () => page.evaluate('mazeru.state()') as Promise<Workflow>
  const centre = async (selector: string): Promise<readonly [number, number]> => {
    const box = await page.locator(selector).boundingBox()
    if (!box) throw new Error(`${selector}: not in sight`)
    return [box.x + box.width / 2, box.y + box.height / 2]
  }
  const param = (node: string, name: string) =>
    page.locator(`[data-node="${node}"] [data-param="${name}"]`)
  return {
    ...{ page, context, faults, state, idle, param },
    async load(workflow) {
      await page.evaluate(`mazeru.load(${JSON.stringify(workflow)})`)
      await idle()
    },
    async view(x, y, k) {
      await page.evaluate(`mazeru.setView(${JSON.stringify({ x, y, k })})`)
      await idle()
    },
    async add(words, [x, y]) {
      const before = Object.keys((await state()).nodes)
      await page.mouse.dblclick(x, y)
      await page.getByRole('combobox', { name: /Search nodes|ノードを検索/ }).fill(words)
      await page.keyboard.press('Enter')
      await page.waitForFunction(`Object.keys(mazeru.state().nodes).length > ${before.length}`)
      await idle()
      return Object.keys((await state()).nodes).find((id) => !before.includes(id))!
    },
    async wire(from, to) {
      const [source, output] = from.split('.')
      const [target, input] = to.split('.')
      const start = await centre(`[data-socket="${source}.out.${output}"]`)
      const end = await centre(`[data-socket="${target}.in.${input}"]`)
      await page.mouse.move(...start)
      await page.mouse.down()
      await page.mouse.move(start[0] + 6, start[1] + 6)
      await page.mouse.move(...end, { steps: 6 })
      await page.mouse.up()
      await idle()
    },
    async number(node, name, value) {
      await param(node, name).getByRole('spinbutton').click()
      await page.keyboard.press('ControlOrMeta+a')
      await page.keyboard.type(String(value))
      await page.keyboard.press('Enter')
      await idle()
    },
    async run() {
      const submitted = page.waitForResponse(
        (reply) => reply.url().endsWith('/api/runs') && reply.request().method() === 'POST',
      )
      await page.getByRole('button', { name: 'Run', exact: true }).click()
      const reply = await (await submitted).json()
      const { id } = reply.run
      for (;;) {
        const run = await (await page.request.get(`http://127.0.0.1:${port}/api/runs/${id}`)).json()
        if (['done', 'failed', 'cancelled'].includes(run.state)) return run
        await page.waitForTimeout(50)
      }
    },
  }
}
