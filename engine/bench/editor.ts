import type { Measurement } from './bench.ts'
import { type BenchPage, withBenchPages } from './editor-browser.ts'
import { editorFigures } from './editor-figures.ts'
import { measureLive } from './editor-live.ts'
import { benchNodeInfo, benchWorkflow } from './editor-page.ts'
import type { Measured } from './figures.ts'

type EditorFigure = keyof typeof editorFigures

/** Measures the editor's canvas beside the peer's, both in one browser. */
export const editor: Measurement = {
  gives: Object.keys(editorFigures) as EditorFigure[],
  opensCheckpoint: false,
  measure: async ({ io }) => ({
    ...(await withBenchPages(async ({ ours, peer }) => {
      const empty = await ours.weight()
      const found: Partial<Record<EditorFigure, Measured>> = {}
      const opening = await both(ours, peer, openGraph)
      found.editor_open_ratio = opening
      const full = await ours.weight()
      found.editor_listeners = single(full.listeners)
      found.editor_heap_mb = single(full.heap - empty.heap)
      for (const [name, gesture] of gestures) found[name] = await both(ours, peer, gesture)
      found.editor_crossing_ms = single(await crossing(ours))
      found.editor_undo_ms = single(await ours.page.evaluate('bench.edits(1000)'))
      for (const [name, { value, samples }] of Object.entries(found)) {
        if (samples.length > 1) {
          io.print(`  ${name}: ours ${samples[0]} ms, peer ${samples[1]} ms, ${value.toFixed(2)}`)
        }
      }
      return found
    })),
    ...(await measureLive(io.print)),
  }),
}

type Work = (page: BenchPage) => Promise<number>

const openGraph: Work = async ({ page, cpu }) => {
  const graph = JSON.stringify({ workflow: benchWorkflow(), info: benchNodeInfo })
  await page.bringToFront()
  return cpu(() => page.evaluate(`bench.open(${graph})`))
}

/** CPU of each event, rounds in turn so that a busy machine touches both. */
async function both(ours: BenchPage, peer: BenchPage, work: Work): Promise<Measured> {
  const rounds = work === openGraph ? 1 : 2
  const sums = [0, 0]
  for (let round = 0; round < rounds; round++) {
    sums[0]! += await work(ours)
    sums[1]! += await work(peer)
  }
  const [mine, theirs] = sums.map((sum) => Math.round((sum / rounds) * 100) / 100) as [
    number,
    number,
  ]
  return { value: mine / theirs, samples: [mine, theirs] }
}

function single(value: number): Measured {
  return { value, samples: [value] }
}

interface Drag {
  readonly view: { readonly x: number; readonly y: number; readonly k: number }
  readonly from: readonly [number, number]
  readonly select?: readonly string[]
  readonly by?: readonly [number, number]
}

const near = { x: 60, y: 60, k: 1 }
const far = { x: 40, y: 40, k: 0.11 }
const events = 40
const hundred = Array.from(
  { length: 100 },
  (_, index) => `n${(index % 10) + 40 * Math.floor(index / 10)}`,
)

const gestures: readonly (readonly [EditorFigure, Work])[] = [
  ['editor_pan_ratio', drag({ view: near, from: [335, 250] })],
  ['editor_zoom_ratio', zoom],
  ['editor_drag_ratio', drag({ view: near, from: [150, 74], select: ['n0'] })],
  ['editor_drag_100_ratio', drag({ view: near, from: [150, 74], select: hundred })],
  ['editor_far_pan_ratio', drag({ view: far, from: [1390, 800], by: [-4, -2] })],
]

/** A drag of the left button, one move a frame. */
function drag({ view, from: [x, y], select = [], by: [dx, dy] = [-5, -3] }: Drag): Work {
  return async ({ page, cpu }) => {
    await page.bringToFront()
    await page.evaluate(`bench.set(${JSON.stringify(view)})`)
    await page.evaluate(`bench.select(${JSON.stringify(select)})`)
    await page.evaluate('bench.idle()')
    await page.mouse.move(x, y)
    await page.mouse.down()
    await page.mouse.move(x + dx, y + dy)
    const spent = await cpu(async () => {
      for (let index = 2; index < events; index++) {
        // Out and back, so that the next gesture finds the graph as it was.
        const way = Math.min(index, events - index)
        await page.mouse.move(x + dx * way, y + dy * way)
        await frame(page)
      }
    })
    await page.mouse.move(x, y)
    await page.mouse.up()
    await page.evaluate('bench.idle()')
    return spent / (events - 2)
  }
}

async function zoom({ page, cpu }: BenchPage): Promise<number> {
  await page.bringToFront()
  await page.evaluate(`bench.set(${JSON.stringify({ ...near, k: 0.9 })})`)
  await page.evaluate('bench.idle()')
  await page.mouse.move(700, 450)
  const spent = await cpu(async () => {
    for (let index = 0; index < events; index++) {
      await page.mouse.wheel(0, index < events / 2 ? 60 : -60)
      await frame(page)
    }
    await page.waitForTimeout(400)
  })
  return spent / events
}

/** The longest task while the wheel goes over the threshold of boxes and back. */
async function crossing({ page, longest }: BenchPage): Promise<number> {
  await page.bringToFront()
  await page.evaluate(`bench.set(${JSON.stringify({ ...near, k: 0.6 })})`)
  await page.evaluate('bench.idle()')
  await page.mouse.move(700, 450)
  return longest(async () => {
    for (const way of [60, -60, 60, -60]) {
      for (let index = 0; index < 12; index++) {
        await page.mouse.wheel(0, way)
        await frame(page)
      }
      await page.waitForTimeout(900)
    }
  })
}

function frame(page: BenchPage['page']): Promise<unknown> {
  return page.evaluate('new Promise((done) => requestAnimationFrame(() => done(0)))')
}
