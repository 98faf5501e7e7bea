import { describe, expect, it } from 'vitest'
import { createFrames } from '../../engine/executor/frames.ts'
import type { PreviewFrame } from '../../engine/executor/types.ts'

const picture = (width: number, items = 1) => ({
  data: new Float32Array(items * 3 * width * 2),
  shape: [items, 3, 2, width],
})

/** Frames that leave at once, unless `hold` is pending. */
function watched(hold: Promise<void> = Promise.resolve()) {
  const sent: PreviewFrame[] = []
  const send = async (frame: PreviewFrame) => {
    sent.push(frame)
    await hold
  }
  const frames = createFrames({ run: 'r', send, clock: () => performance.now() })
  return { sent, frames, widths: () => sent.map(({ head }) => head.width) }
}

describe('frames of a running node', () => {
  it('come at most ten times a second, the newest in place of older ones', async () => {
    const { frames, widths } = watched()
    const begun = performance.now()
    let offered = 0
    while (performance.now() - begun < 450) {
      offered += 1
      frames.offer('n', picture(offered))
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    await frames.flush()
    const seen = widths()
    expect(seen.length).toBeGreaterThan(1)
    expect(seen.length).toBeLessThanOrEqual(7)
    expect(seen.at(-1)).toBe(offered)
    expect(seen).toEqual(seen.toSorted((a, b) => a - b))
  })

  it('are dropped, not kept, while a reader is slow', async () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    const { frames, sent, widths } = watched(promise)
    frames.offer('n', picture(1))
    while (sent.length === 0) await new Promise((next) => setTimeout(next, 5))
    for (let width = 2; width <= 50; width++) frames.offer('n', picture(width))
    resolve()
    await frames.flush()
    expect(widths()).toEqual([1, 50])
  })

  it('come one for each picture of a batch', async () => {
    const { frames, sent } = watched()
    await frames.show(['n'], picture(4, 3))
    expect(sent.map(({ head }) => head)).toEqual(
      [0, 1, 2].map((item) => ({ run: 'r', node: 'n', item, items: 3, width: 4, height: 2 })),
    )
  })

  it('show one picture on several nodes', async () => {
    const { frames, sent } = watched()
    await frames.show(['a', 'b'], picture(4))
    expect(sent.map(({ head }) => head.node)).toEqual(['a', 'b'])
  })

  it('are none of a value that is no picture', async () => {
    const { frames, sent } = watched()
    for (const value of [7, null, 'text', { data: [], shape: [] }, picture(0)]) {
      frames.offer('n', value)
      await frames.show(['n'], value)
    }
    await frames.flush()
    expect(sent).toEqual([])
  })
})
