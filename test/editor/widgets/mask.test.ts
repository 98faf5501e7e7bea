import { describe, expect, it } from 'vitest'
import { emptyMask, featherMask, paintOutline } from '../../../editor/widgets/mask/bitmap.ts'
import { createPainter } from '../../../editor/widgets/mask/painter.ts'
import { tileSize } from '../../../editor/widgets/mask/tiles.ts'
import { fitView, pinched, toPicture, zoomed } from '../../../editor/widgets/mask/view.ts'

const brush = { radius: 10, hardness: 1, erase: false }
const at = (x: number, y: number) => ({ x, y, pressure: 0.5 })

function painter(width = 300, height = 200) {
  return createPainter(emptyMask(width, height), () => undefined)
}

/** Are all bytes alike? Quicker than a comparison that can say where they are not. */
function same(a: Uint8ClampedArray, b: Uint8ClampedArray): boolean {
  return a.length === b.length && a.every((byte, place) => byte === b[place])
}

/** A generator with a seed: the same numbers in every run of the test. */
function random(seed: number) {
  let state = seed
  return (below: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state % below
  }
}

describe('painting a mask', () => {
  it('fills what the brush covers between two points', () => {
    const { mask, ...paint } = painter()
    paint.stroke([at(50, 100), at(150, 100)], brush)
    const covered = mask.data.filter((byte) => byte === 255).length
    expect(covered).toBeGreaterThan(100 * 20 * 0.9)
    expect(covered).toBeLessThan(100 * 20 + Math.PI * 100)
    expect(mask.data[100 * 300 + 100]).toBe(255)
    expect(mask.data[100 * 300 + 170]).toBe(0)
  })

  it('takes away with the eraser what the brush painted', () => {
    const { mask, ...paint } = painter()
    paint.stroke([at(50, 100)], brush)
    paint.end()
    paint.stroke([at(50, 100)], { ...brush, radius: 14, erase: true })
    expect(mask.data.every((byte) => byte === 0)).toBe(true)
  })

  it('does not make a soft stroke harder where it overlaps itself', () => {
    const once = painter()
    const often = painter()
    const soft = { ...brush, hardness: 0 }
    once.stroke([at(50, 50), at(90, 50)], soft)
    often.stroke([at(50, 50), at(90, 50), at(50, 50), at(90, 50)], soft)
    expect(same(often.mask.data, once.mask.data)).toBe(true)
  })

  it('is thinner with less pressure', () => {
    const widths = [0, 0.5].map((pressure) => {
      const { mask, ...paint } = painter()
      paint.stroke([{ x: 100, y: 100, pressure }], brush)
      return mask.data.filter((byte) => byte > 127).length
    })
    expect(widths[0]).toBeLessThan(widths[1]! / 4)
  })

  it('keeps strokes that leave the picture inside it', () => {
    const { mask, ...paint } = painter()
    paint.stroke([at(-50, -50), at(400, 300)], brush)
    paint.stroke([at(-900, 20)], brush)
    expect(mask.data.some((byte) => byte === 255)).toBe(true)
  })

  it('fills an outline by the even-odd rule', () => {
    const mask = emptyMask(10, 10)
    const square = [at(2, 2), at(8, 2), at(8, 6), at(2, 6)]
    paintOutline(mask, square, 255)
    expect(mask.data.filter((byte) => byte === 255).length).toBe(24)
  })

  it('feathers an edge and keeps a level mask level', () => {
    const mask = emptyMask(40, 4)
    mask.data.fill(255)
    featherMask(mask, 8)
    expect(mask.data.every((byte) => byte === 255)).toBe(true)
    for (let y = 0; y < 4; y++) mask.data.fill(0, y * 40, y * 40 + 20)
    featherMask(mask, 8)
    const row = [...mask.data.subarray(0, 40)]
    expect(row).toEqual([...row].sort((a, b) => a - b))
    expect(row[19]).toBeGreaterThan(80)
    expect(row[19]).toBeLessThan(127.5)
  })
})

describe('undo of a mask', () => {
  it('gives back every byte of every step, there and back', () => {
    const paint = painter(300, 200)
    const pick = random(7)
    const states = [Uint8ClampedArray.from(paint.mask.data)]
    for (let step = 0; step < 25; step++) {
      const points = Array.from({ length: 3 }, () => at(pick(340) - 20, pick(240) - 20))
      if (step % 9 === 8) paint.whole('invert')
      else if (step % 7 === 6) paint.whole('feather', 6)
      else {
        paint.stroke(points, { radius: 3 + pick(30), hardness: 0.5, erase: step % 3 === 2 })
        paint.end()
      }
      const now = Uint8ClampedArray.from(paint.mask.data)
      if (now.some((byte, place) => byte !== states.at(-1)![place])) states.push(now)
    }
    for (const state of states.slice(0, -1).reverse()) {
      paint.undo()
      expect(same(paint.mask.data, state)).toBe(true)
    }
    expect(paint.history.canUndo).toBe(false)
    for (const state of states.slice(1)) {
      paint.redo()
      expect(same(paint.mask.data, state)).toBe(true)
    }
    expect(paint.history.canRedo).toBe(false)
  })

  it('keeps only the tiles that a stroke changed', () => {
    const paint = painter(2048, 2048)
    paint.stroke([at(100, 100)], brush)
    paint.end()
    expect(paint.history.bytes).toBeLessThanOrEqual(4 * tileSize * tileSize)
  })

  it('makes no step of a stroke that changed nothing', () => {
    const paint = painter()
    paint.stroke([at(50, 50)], { ...brush, erase: true })
    paint.end()
    expect(paint.history.canUndo).toBe(false)
  })
})

describe('the view of the painter', () => {
  const picture = { width: 1000, height: 500 }

  it('shows the whole picture in the middle', () => {
    expect(fitView(picture, { width: 500, height: 500 })).toEqual({ zoom: 0.5, x: 0, y: 125 })
  })

  it('zooms around the pointer and pinches around the fingers', () => {
    const view = fitView(picture, { width: 500, height: 500 })
    const under = toPicture(view, { x: 100, y: 200 })
    expect(toPicture(zoomed(view, { x: 100, y: 200 }, 3), { x: 100, y: 200 })).toEqual(under)
    const before = [
      { x: 100, y: 200 },
      { x: 200, y: 200 },
    ] as const
    const after = [
      { x: 110, y: 260 },
      { x: 310, y: 260 },
    ] as const
    const near = pinched(view, before, after)
    expect(near.zoom).toBe(1)
    expect(toPicture(near, after[0]).x).toBeCloseTo(toPicture(view, before[0]).x, 9)
    expect(toPicture(near, after[1]).y).toBeCloseTo(toPicture(view, before[1]).y, 9)
  })
})
