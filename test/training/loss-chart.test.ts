import { describe, expect, test } from 'vitest'
import { renderSvg } from '../../engine/formats/picture.ts'
import type { Image } from '../../engine/sockets.ts'
import { canWrite } from '../../engine/training/chart/letters.ts'
import { type ChartedTraining, lossChart } from '../../engine/training/loss-chart.ts'

const size = { width: 1280, height: 720 }
const average = [0x17, 0x4a, 0x8c] as const
const validation = [0xc8, 0x51, 0x1b] as const
const bars = [0xa4, 0x99, 0xcc] as const

describe('the chart of a training', () => {
  test('is a picture of the size that is asked for', async () => {
    for (const shape of [size, { width: 200, height: 200 }, { width: 1920, height: 1080 }]) {
      const image = await renderSvg(lossChart(training(50), shape))
      expect(image.shape).toEqual([1, 3, shape.height, shape.width])
      expect(image.data.every((value) => value >= 0 && value <= 1)).toBe(true)
    }
  })

  test('has the average as a line that falls as the loss falls', async () => {
    const image = await renderSvg(lossChart(training(200), size))
    const heights = [0.32, 0.4, 0.55].map((place) => heightOf(image, place, average))
    expect(heights).not.toContain(undefined)
    expect(heights).toEqual([...heights].sort((a, b) => a! - b!))
  })

  test('has the validation loss where there was one', async () => {
    const image = await renderSvg(lossChart(training(200), size))
    expect(pixelsOf(image, validation)).toBeGreaterThan(200)
    const without = { ...training(200), validations: [] }
    expect(pixelsOf(await renderSvg(lossChart(without, size)), validation)).toBe(0)
  })

  test('has a bar for every part of the timesteps that has samples', async () => {
    const image = await renderSvg(lossChart(training(200), size))
    const twice = training(200).bins.map((bin) => ({ ...bin, loss: bin.from < 500 ? 0.1 : 0.2 }))
    const image2 = await renderSvg(lossChart({ ...training(200), bins: twice }, size))
    const left = heightOf(image2, 0.85, bars)!
    const right = heightOf(image2, 0.95, bars)!
    expect(left).toBeGreaterThan(right + 20)
    expect(pixelsOf(image, bars)).toBeGreaterThan(1000)
    const none = training(200).bins.map((bin) => ({ ...bin, count: 0, loss: 0 }))
    expect(pixelsOf(await renderSvg(lossChart({ ...training(200), bins: none }, size)), bars)).toBe(
      0,
    )
  })

  test('keeps the lines readable when a few steps jump', async () => {
    const log = training(200).log.map((entry) =>
      entry.step % 70 === 0 ? { ...entry, loss: 500 } : entry,
    )
    const chart = (more: object) => renderSvg(lossChart({ ...training(200), ...more }, size))
    const [plain, jumping] = [await chart({}), await chart({ log })]
    const moved = heightOf(jumping, 0.4, average)! - heightOf(plain, 0.4, average)!
    expect(Math.abs(moved)).toBeLessThan(20)
  })

  test('is drawn of no step, of one, and of losses that are no numbers', async () => {
    const bad = training(3).log.map((entry) => ({
      ...entry,
      loss: Number.NaN,
      average: Number.NaN,
    }))
    for (const log of [[], training(1).log, bad]) {
      const svg = lossChart({ name: 'a', log, validations: [], bins: [] }, size)
      expect(svg).not.toMatch(/NaN|Infinity|undefined/)
      expect((await renderSvg(svg)).shape).toEqual([1, 3, 720, 1280])
    }
  })

  test('stays small for a long training', () => {
    expect(lossChart(training(100_000), size).length).toBeLessThan(300_000)
  })

  test('is written without a font, in letters of its own', () => {
    expect(lossChart(training(50), size)).not.toContain('<text')
    expect(canWrite('0123456789.,:-+/%()=_ abcdefghijklmnopqrstuvwxyz')).toBe(true)
  })
})

test('a drawing that is none is refused', async () => {
  await expect(renderSvg('<svg')).rejects.toThrow(
    /^drawing: cannot be rendered \(.*\), SVG expected$/,
  )
})

/** A loss that falls from 0.3 to 0.1, spread around its average. */
function training(steps: number): ChartedTraining {
  const log = Array.from({ length: steps }, (_, index) => {
    const average = 0.1 + 0.2 * 0.5 ** ((4 * index) / steps)
    const norms = { gradientNorm: 1, parameterNorm: 1, updateNorm: 1 }
    const loss = average * (1 + 0.5 * Math.sin(index * 12.9))
    return {
      step: index + 1,
      epoch: 0,
      loss,
      average,
      rates: { unet: 1e-4 },
      samples: [],
      ...norms,
    }
  })
  const validations = [0, 0.25, 0.5, 0.75, 1].map((part) => ({
    step: Math.round(part * steps),
    loss: 0.2,
    trainLoss: 0.2,
    gap: 0,
    isBest: part === 0.5,
  }))
  const bins = Array.from({ length: 10 }, (_, index) => ({
    from: 100 * index,
    to: 100 * (index + 1),
    count: 5,
    loss: 0.3 - index / 50,
  }))
  return { name: 'ink', log, validations, bins }
}

type Colour = readonly [number, number, number]

/** The first row from the top, below the legend, in which a column has a colour. */
function heightOf(image: Image, place: number, colour: Colour): number | undefined {
  const [, , height = 0, width = 0] = image.shape
  const column = Math.round(place * width)
  const rows = Array.from({ length: height - 80 }, (_, index) => index + 80)
  return rows.find((row) => isColour(image, row * width + column, colour))
}

function pixelsOf(image: Image, colour: Colour): number {
  const [, , height = 0, width = 0] = image.shape
  let count = 0
  for (let pixel = 0; pixel < height * width; pixel++) {
    if (isColour(image, pixel, colour)) count++
  }
  return count
}

function isColour({ data, shape }: Image, pixel: number, colour: Colour): boolean {
  const area = shape[2]! * shape[3]!
  return colour.every((byte, plane) => Math.abs(data[plane * area + pixel]! * 255 - byte) < 6)
}
