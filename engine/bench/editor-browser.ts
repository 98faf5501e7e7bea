import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Browser, type CDPSession, chromium, type Page } from 'playwright-core'
import { pageSources } from './editor-page.ts'

/** Gestures on a page with what they cost the main thread. */
export interface BenchPage {
  readonly page: Page
  /** Milliseconds of the main thread's CPU while `work` ran. */
  cpu(work: () => Promise<unknown>): Promise<number>
  /** The most CPU in milliseconds that one task of the main thread took while `work` ran. */
  longest(work: () => Promise<unknown>): Promise<number>
  /** Listeners and heap in megabytes, after rubbish was collected. */
  weight(): Promise<{ readonly listeners: number; readonly heap: number }>
}

const flags = [
  ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
]

/** Where Chromium is, unless `MAZERU_CHROMIUM` says. */
const usualBrowser = '/usr/bin/chromium'

/** The browser of the bench. */
export function launchBrowser(): Promise<Browser> {
  const executablePath = process.env.MAZERU_CHROMIUM ?? usualBrowser
  return chromium.launch({ executablePath, args: flags })
}

/** Builds both pages, opens them in one browser and gives them to `work`. */
export async function withBenchPages<Result>(
  work: (pages: Readonly<Record<'ours' | 'peer', BenchPage>>) => Promise<Result>,
): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), 'mazeru-editor-bench-'))
  const { preview } = await import('vite')
  await buildPages(folder)
  const server = await preview({
    ...{ root: folder, configFile: false, logLevel: 'silent' },
    preview: { port: 0, host: '127.0.0.1' },
  })
  const address = server.resolvedUrls!.local[0]!
  const browser = await launchBrowser()
  try {
    const context = await browser.newContext({ viewport: { width: 1400, height: 900 } })
    const open = async (name: string) => {
      const page = await context.newPage()
      await page.goto(`${address}${name}.html`)
      await page.waitForFunction(() => 'bench' in globalThis)
      return benchPage(page, await context.newCDPSession(page))
    }
    return await work({ ours: await open('ours'), peer: await open('peer') })
  } finally {
    await browser.close()
    await server.close()
    await rm(folder, { recursive: true, force: true })
  }
}

async function buildPages(folder: string): Promise<void> {
  const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/[\\/]$/, '')
  const { build } = await import('vite')
  const { default: react } = await import('@vitejs/plugin-react')
  const sources = pageSources(root)
  const names = Object.keys(sources) as (keyof typeof sources)[]
  for (const name of names) {
    await writeFile(join(folder, `${name}.html`), html(name))
  }
  await build({
    ...{ root: folder, configFile: false, logLevel: 'error' },
    plugins: [
      react(),
      {
        name: 'bench-pages',
        resolveId: (id: string) =>
          names.some((name) => id.endsWith(`bench-${name}.js`))
            ? join(root, 'editor', id.slice(id.lastIndexOf('bench-')))
            : null,
        load: (id: string) => {
          const name = names.find((one) => id === join(root, 'editor', `bench-${one}.js`))
          return name ? sources[name] : null
        },
      },
    ],
    build: {
      ...{ outDir: 'dist', target: 'es2023' },
      rollupOptions: { input: names.map((name) => join(folder, `${name}.html`)) },
    },
  })
}

function html(name: string): string {
  return `<!doctype html><html><head><meta charset="utf-8"><title>bench</title>
<style>html,body,#root{margin:0;height:100%}</style></head>
<body><div id="root"></div><script type="module" src="/bench-${name}.js"></script></body></html>`
}

async function benchPage(page: Page, session: CDPSession): Promise<BenchPage> {
  await session.send('Performance.enable', { timeDomain: 'threadTicks' })
  const metric = async (name: string) => {
    const { metrics } = await session.send('Performance.getMetrics')
    return metrics.find((entry) => entry.name === name)?.value ?? 0
  }
  return {
    page,
    async cpu(work) {
      const before = await metric('TaskDuration')
      await work()
      return ((await metric('TaskDuration')) - before) * 1000
    },
    longest: (work) => longestTask(session, work),
    async weight() {
      await session.send('HeapProfiler.collectGarbage')
      await session.send('HeapProfiler.collectGarbage')
      return {
        listeners: await metric('JSEventListeners'),
        heap: (await metric('JSHeapUsedSize')) / 2 ** 20,
      }
    },
  }
}

interface TraceEvent {
  readonly name?: string
  readonly tid?: number
  readonly pid?: number
  readonly tdur?: number
  readonly args?: { readonly name?: string }
}

async function longestTask(session: CDPSession, work: () => Promise<unknown>): Promise<number> {
  const events: TraceEvent[] = []
  const gather = ({ value }: { value: object[] }) => events.push(...(value as TraceEvent[]))
  session.on('Tracing.dataCollected', gather)
  const includedCategories = ['toplevel', '__metadata', 'disabled-by-default-devtools.timeline']
  await session.send('Tracing.start', {
    transferMode: 'ReportEvents',
    traceConfig: { includedCategories },
  })
  await work()
  const complete = new Promise((resolve) => session.once('Tracing.tracingComplete', resolve))
  await session.send('Tracing.end')
  await complete
  session.off('Tracing.dataCollected', gather)
  const mains = new Set(
    events
      .filter(({ name, args }) => name === 'thread_name' && args?.name === 'CrRendererMain')
      .map(({ pid, tid }) => `${pid} ${tid}`),
  )
  const tasks = events.filter(
    ({ name, pid, tid }) => /RunTask$/.test(name ?? '') && mains.has(`${pid} ${tid}`),
  )
  if (tasks.length === 0) throw new Error('editor bench: the trace holds no task of the page')
  return Math.max(...tasks.map(({ tdur = 0 }) => tdur / 1000))
}
