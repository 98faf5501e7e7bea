import { expect, test } from 'vitest'
import { demoPhases, phaseSchema, rateAt } from '../../../engine/training/base/phases.ts'

const phase = phaseSchema.parse({
  ...{ steps: 100, batch: 4, side: 64, pictures: 10, rate: 1e-3, end: 0.1, averageKeep: 0.9 },
})

test('the rate of a phase rises to its top and falls along a cosine to its share', () => {
  const warm = { ...phase, warmUp: 10 }
  expect(rateAt(warm, 0)).toBeCloseTo(1e-4, 6)
  expect(rateAt(warm, 9)).toBeGreaterThan(9.7e-4)
  expect(rateAt(phase, 0)).toBe(1e-3)
  expect(rateAt(phase, 50)).toBeCloseTo(5.5e-4, 9)
  expect(rateAt(phase, 100)).toBeCloseTo(1e-4, 9)
})

test('phases that share a cosine meet', () => {
  const [first, second] = [
    { ...phase, to: 0.6 },
    { ...phase, from: 0.6, steps: 30 },
  ]
  expect(rateAt(first, 100)).toBeCloseTo(rateAt(second, 0), 12)
  expect(rateAt(second, 30)).toBeCloseTo(1e-4, 9)
})

test('the demo model learns in half the size first and ends at whole pictures', () => {
  for (const phases of Object.values(demoPhases)) {
    expect(phases[0]!.side).toBe(64)
    expect(phases.at(-1)!.side).toBe(128)
  }
})
