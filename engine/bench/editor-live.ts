import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { Page } from 'playwright-core'
import { launchBrowser } from './editor-browser.ts'
import type { Measured } from './figures.ts'

/** The editor with a real server behind it: what it loads, and how soon it shows what happens. */

const root = join(import.meta.dirname, '..', '..')
const steps = 240

/** A run of many quick steps: the demo model on a picture of 64 x 64. */
const workflow = {
  version: 1,
  outputs: { latent: 'sampler.latent' },
  nodes: {
    checkpoint: { type: 'load-model', params: { file: 'demo.safetensors' } },
    prompt: {
      type: 'encode-prompt',
      params: { text: 'a red house' },
      inputs: { textEncoder: 'checkpoint.textEncoder' },
    },
    canvas: { type: 'empty-latent', params: { width: 64, height: 64 } },
    sampler: {
      type: 'sampler',
      params: { steps, guidance: 1 },
      inputs: {
        ...{ model: 'checkpoint.model', positive: 'prompt.conditioning' },
        latent: 'canvas.latent',
      },
    },
  },
  layout: Object.fromEntries(
    ['checkpoint', 'prompt', 'canvas', 'sampler'].map((id, x) => [id, { x: x * 300, y: 0 }]),
  ),
}

/** Starts a server, opens the editor in a browser, counts what comes and times what is shown. */
export async function measureLive(
  print: (line: string) => void,
): Promise<Record<'editor_first_load_kb' | 'editor_event_ms', Measured>> {
  const folder = await mkdtemp(join(tmpdir(), 'mazeru-live-bench-'))
  const server = await startServer(folder)
  const browser = await launchBrowser()
  try {
    const viewport = { width: 1400, height: 900 }
    const page = await browser.newPage({ viewport, bypassCSP: true })
    const scripts: Promise<number>[] = []
    page.on('response', (response) => {
      if (!/\.js$/.test(new URL(response.url()).pathname)) return
      scripts.push(response.body().then((body) => gzipSync(body, { level: 9 }).length))
    })
    await page.addInitScript(recorder)
    await page.goto(server.address)
    await page.waitForFunction('globalThis.mazeru !== undefined')
    await page.evaluate(`mazeru.load(${JSON.stringify(workflow)})`)
    await page.waitForSelector('[data-node="sampler"]')
    await page.evaluate('mazeru.whenIdle()')
    const kilobytes = (await Promise.all(scripts)).reduce((sum, size) => sum + size, 0) / 1024
    const { delays, rate } = await delaysOf(page)
    const sorted = delays.toSorted((a, b) => a - b)
    const at = (share: number) => sorted[Math.floor(share * (sorted.length - 1))]!
    print(`  ${delays.length} steps shown, ${rate.toFixed(0)} events a second`)
    print(`  event to pixel: median ${at(0.5).toFixed(0)} ms, longest ${at(1).toFixed(0)} ms`)
    return {
      editor_first_load_kb: { value: kilobytes, samples: [kilobytes] },
      editor_event_ms: { value: at(0.95), samples: delays },
    }
  } finally {
    await browser.close()
    await server.stop()
    await rm(folder, { recursive: true, force: true })
  }
}

/** In the page: when the engine took each step, and when a frame first showed it. */
const recorder = `
globalThis.seen = { events: [], shown: [] }
const Native = WebSocket
globalThis.WebSocket = class extends Native {
  constructor(...words) {
    super(...words)
    this.addEventListener('message', ({ data }) => {
      if (typeof data !== 'string' || !data.includes('"progress"')) return
      const message = JSON.parse(data)
      if (message.event?.type === 'progress' && message.event.node === 'sampler')
        seen.events.push([message.event.step, message.time])
    })
  }
}
let last = ''
const look = () => {
  const text = document.querySelector('[data-node="sampler"]')?.textContent ?? ''
  const step = /(\\d+)\\/${steps}/.exec(text)?.[1]
  if (step && step !== last) {
    last = step
    seen.shown.push([Number(step), Date.now()])
  }
  requestAnimationFrame(look)
}
requestAnimationFrame(look)
`

async function delaysOf(page: Page): Promise<{ delays: number[]; rate: number }> {
  await page.keyboard.press('Control+Enter')
  await page.waitForFunction(`seen.events.some(([step]) => step === ${steps})`, undefined, {
    timeout: 120_000,
  })
  await page.waitForTimeout(200)
  const { events, shown } = (await page.evaluate('seen')) as Record<string, [number, number][]>
  const times = new Map(events)
  const delays = shown!.flatMap(([step, time]) => {
    const sent = times.get(step)
    return sent === undefined ? [] : [time - sent]
  })
  const [first, end] = [events![0]![1], events!.at(-1)![1]]
  return { delays, rate: (events!.length - 1) / ((end - first) / 1000) }
}

async function startServer(folder: string): Promise<{ address: string; stop(): Promise<void> }> {
  const at = (name: string) => join(folder, name)
  const places = ['--out', at('out'), '--in', folder, '--workflows', at('workflows')]
  const words = ['engine/main.ts', 'serve', '--no-open', '--port', '0', ...places]
  const child = spawn(process.execPath, [...words, '--data', at('data')], {
    ...{ cwd: root, stdio: ['ignore', 'pipe', 'pipe'] },
  })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const address = await new Promise<string>((resolve, reject) => {
    let said = ''
    const read = (text: string) => {
      said += text
      const found = /https?:\/\/\S+/.exec(said)
      if (found) resolve(found[0])
    }
    child.stdout?.setEncoding('utf8').on('data', read)
    child.stderr?.setEncoding('utf8').on('data', read)
    child.once('exit', () => reject(new Error(`server: ended with ${said}`)))
  })
  return {
    address,
    async stop() {
      child.kill('SIGTERM')
      await ended
    },
  }
}
