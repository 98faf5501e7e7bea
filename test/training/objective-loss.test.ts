import { afterAll, describe, expect, it } from 'vitest'
import { createBuilder } from '../../engine/onnx/builder.ts'
import { normalisedCells } from '../../engine/training/objective/cell-weight.ts'
import { type LossType, lossPerSample, lossTypes } from '../../engine/training/objective/loss.ts'
import { testRuntime } from '../support/tiny.ts'
import { seededNumbers } from './objective-pictures.ts'
import { lossesOf, lossProgram } from './objective-program.ts'

const { pool } = testRuntime()
afterAll(() => pool.close())

const shape = [3, 4, 6, 10]
const size = 240
const prediction = { data: seededNumbers('prediction', 3 * size), shape }
const target = { data: seededNumbers('target', 3 * size), shape }
const cells = { data: seededNumbers('cells', 180).map(Math.abs), shape: [3, 1, 6, 10] }
const thresholds = Float32Array.of(0.1, 0.6, 3)

const formulas: Record<LossType, (gap: number, c: number) => number> = {
  l2: (gap) => gap ** 2,
  l1: (gap) => Math.abs(gap),
  huber: (gap, c) => 2 * c * (Math.sqrt(gap ** 2 + c ** 2) - c),
  smooth_l1: (gap, c) => 2 * (Math.sqrt(gap ** 2 + c ** 2) - c),
}

/** The mean over the elements of one picture, one after another. */
function slowLoss(kind: LossType, item: number, weight: (cell: number) => number): number {
  let sum = 0
  for (let i = 0; i < size; i++) {
    const gap = prediction.data[item * size + i]! - target.data[item * size + i]!
    sum += formulas[kind](gap, thresholds[item]!) * weight(item * 60 + (i % 60))
  }
  return sum / size
}

const kinds = Object.keys(lossTypes) as LossType[]

function withThreshold(kind: LossType): { huberC?: Float32Array } {
  return lossTypes[kind].hasThreshold ? { huberC: thresholds } : {}
}

describe('the loss of a picture', () => {
  it.each(kinds)('is the mean of the formula over its elements, %s', async (kind) => {
    const found = await lossesOf(pool, kind, prediction, { target, ...withThreshold(kind) })
    expect(found).toHaveLength(3)
    for (const [i, loss] of found.entries()) {
      expect(loss / slowLoss(kind, i, () => 1)).toBeCloseTo(1, 5)
    }
  })

  it.each(kinds)('counts each element as much as its cell weighs, %s', async (kind) => {
    const step = { target, cellWeight: cells, ...withThreshold(kind) }
    const found = await lossesOf(pool, kind, prediction, step)
    found.forEach((loss, i) => {
      expect(loss / slowLoss(kind, i, (cell) => cells.data[cell]!)).toBeCloseTo(1, 5)
    })
  })

  it('is the weighted mean with weights scaled to a mean of 1', async () => {
    const step = { target, cellWeight: normalisedCells(cells) }
    const found = await lossesOf(pool, 'l2', prediction, step)
    found.forEach((loss, item) => {
      const weights = Array.from(cells.data.subarray(item * 60, item * 60 + 60))
      const total = weights.reduce((sum, weight) => sum + weight, 0) * 4
      const sum = slowLoss('l2', item, (cell) => cells.data[cell]!) * size
      expect(loss / (sum / total)).toBeCloseTo(1, 5)
    })
  })

  it.each(kinds)('is 0 for what was to be said, %s', async (kind) => {
    const found = await lossesOf(pool, kind, target, { target, ...withThreshold(kind) })
    for (const loss of found) expect(Math.abs(loss)).toBeLessThan(1e-6)
  })

  it.each(kinds)('is made of ops that have a derivative, %s', (kind) => {
    const huber = lossTypes[kind].hasThreshold
    const { operations } = lossProgram({ kind, huber, cells: true })
    const allowed = ['Sub', 'Mul', 'Add', 'Sqrt', 'Abs', 'ReduceMean', 'Reshape', 'Identity']
    expect(operations.map(({ op }) => op).filter((op) => !allowed.includes(op))).toEqual([])
  })

  it('cannot be built without the threshold it has', () => {
    const builder = createBuilder('loss')
    const x = builder.input('x', 'float32', ['batch', 4, 'height', 'width'])
    const inputs = { kind: 'huber' as const, prediction: x, target: x }
    expect(() => lossPerSample(builder, inputs)).toThrow('threshold')
  })
})
