import { describe, expect, it } from 'vitest'
import { objectiveSchema } from '../../engine/training/objective/settings.ts'
import {
  type TimestepDistribution,
  timestepDistributions,
} from '../../engine/training/objective/timestep-distributions.ts'
import { drawTimesteps, validationTimesteps } from '../../engine/training/objective/timesteps.ts'

const settings = objectiveSchema.parse({
  logitMean: 0.4,
  logitStd: 0.7,
  sigmoidScale: 1.5,
  timestepCurve: [1, 0, 3, 4],
})

/** The share of draws below a share of the range, from the densities of the literature. */
const below: Record<TimestepDistribution, (share: number) => number> = {
  uniform: (share) => share,
  stratified: (share) => share,
  'logit-normal': (share) => normalBelow((logit(share) - 0.4) / 0.7),
  sigmoid: (share) => normalBelow(logit(share) / 1.5),
  mode: (share) => {
    // The curve falls from 1 at 0 to 0 at 1: find where it crosses the share.
    const curve = (u: number) => 1 - u - 1.29 * (Math.cos((Math.PI / 2) * u) ** 2 - 1 + u)
    let [low, high] = [0, 1]
    for (let i = 0; i < 50; i++) {
      const middle = (low + high) / 2
      if (curve(middle) > share) low = middle
      else high = middle
    }
    return 1 - low
  },
  // The integral of 2 / (pi (1 - 2 t + 2 t^2)).
  cosmap: (share) => (2 / Math.PI) * (Math.atan(2 * share - 1) + Math.PI / 4),
  curve: (share) => {
    const parts = [1, 0, 3, 4].map((part, i) => part * Math.min(Math.max(share * 4 - i, 0), 1))
    return parts.reduce((sum, part) => sum + part, 0) / 8
  },
}

function logit(share: number): number {
  return Math.log(share / (1 - share))
}

/** Share of a normal distribution below x, by summing the bell in small strips. */
function normalBelow(x: number): number {
  let sum = 0
  for (let at = -8; at < x; at += 0.001) sum += Math.exp(-((at + 0.0005) ** 2) / 2) * 0.001
  return sum / Math.sqrt(2 * Math.PI)
}

const names = Object.keys(timestepDistributions) as TimestepDistribution[]
const count = 4000
const place = { seed: 1, purpose: 'train', step: 1, first: 0, total: count }

describe('timesteps', () => {
  it.each(names)('come as often as the distribution says, %s', (timestepDistribution) => {
    const drawn = drawTimesteps({ ...settings, timestepDistribution }, place, count)
    for (const share of [0.05, 0.2, 0.25, 0.4, 0.5, 0.6, 0.75, 0.9]) {
      const found = drawn.filter((timestep) => timestep < share * 1000).length / count
      expect(Math.abs(found - below[timestepDistribution](share))).toBeLessThan(0.03)
    }
  })

  it.each(names)('stay from the first to below the last, %s', (timestepDistribution) => {
    const range = { minTimestep: 497, maxTimestep: 500, timestepDistribution }
    const drawn = drawTimesteps({ ...settings, ...range }, place, 300)
    expect(new Set(drawn).isSubsetOf(new Set([497, 498, 499]))).toBe(true)
    expect(drawn).toContain(499)
  })

  it('can be one and the same', () => {
    const range = { minTimestep: 12, maxTimestep: 13 }
    expect(drawTimesteps({ ...settings, ...range }, place, 3)).toEqual([12, 12, 12])
  })

  it('that are stratified fall one into each part of the range', () => {
    const stratified = { ...settings, timestepDistribution: 'stratified' as const }
    for (let step = 0; step < 20; step++) {
      const drawn = drawTimesteps(stratified, { ...place, step, total: 8 }, 8)
      const parts = drawn.map((timestep) => Math.floor(timestep / 125))
      expect(parts.sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
    }
  })

  it('of a validation are the middles of equal parts', () => {
    expect(validationTimesteps(settings, 4)).toEqual([125, 375, 625, 875])
    const range = { minTimestep: 100, maxTimestep: 200 }
    expect(validationTimesteps(range, 2)).toEqual([125, 175])
  })
})
