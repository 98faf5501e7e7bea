import { describe, expect, it } from 'vitest'
import { cellMask, normalisedCells } from '../../engine/training/objective/cell-weight.ts'
import { huberThresholds } from '../../engine/training/objective/huber.ts'
import { noiseSchedule } from '../../engine/training/objective/noise-schedule.ts'
import { snrWeight, weightRules } from '../../engine/training/objective/sample-weight.ts'
import { objectiveSchema } from '../../engine/training/objective/settings.ts'
import { seededNumbers } from './objective-pictures.ts'

type Input = Parameters<typeof objectiveSchema.parse>[0]

function weight(snr: number, settings: Input, prediction: 'epsilon' | 'v' = 'epsilon'): number {
  return snrWeight(snr, objectiveSchema.parse(settings), prediction)
}

describe('the weight of a timestep', () => {
  const ratios = [1e-6, 0.01, 0.7, 1, 4.9, 5, 30, 999, 1001, 1175]

  it('is 1 where nothing is asked for', () => {
    for (const snr of [0, ...ratios]) expect(weight(snr, {})).toBe(1)
  })

  it.each<[string, Input, 'epsilon' | 'v', (snr: number) => number]>([
    ['min-SNR', { minSnrGamma: 5 }, 'epsilon', (snr) => (snr < 5 ? 1 : 5 / snr)],
    ['min-SNR', { minSnrGamma: 5 }, 'v', (snr) => Math.min(snr, 5) / (snr + 1)],
    [
      'v as noise',
      { scaleVPredLossLikeNoisePred: true },
      'v',
      (snr) => (snr > 1000 ? 1000 / 1001 : snr / (snr + 1)),
    ],
    [
      'noise as v',
      { vPredLikeLoss: 0.3 },
      'epsilon',
      (snr) => 1 + 0.3 / (snr > 1000 ? 1000 / 1001 : snr / (snr + 1)),
    ],
    [
      'debiased',
      { debiasedEstimationLoss: true },
      'epsilon',
      (snr) => Math.sqrt(1 / Math.min(snr, 1000)),
    ],
    ['debiased', { debiasedEstimationLoss: true }, 'v', (snr) => 1 / (Math.min(snr, 1000) + 1)],
    ['P2', { p2Gamma: 1 }, 'epsilon', (snr) => 1 / (1 + snr)],
    ['P2', { p2Gamma: 0.5, p2K: 2 }, 'epsilon', (snr) => 1 / Math.sqrt(2 + snr)],
  ])('follows the formula of %s, %o for %s', (_, settings, prediction, formula) => {
    for (const snr of ratios) {
      expect(weight(snr, settings, prediction)).toBeCloseTo(formula(snr), 10)
    }
  })

  it('is the same on the clean picture for v as for epsilon, with min-SNR and P2', () => {
    for (const settings of [{ minSnrGamma: 5 }, { p2Gamma: 1 }]) {
      for (const snr of ratios) {
        // The error of v is that of the noise times (snr + 1) / snr.
        const asEpsilon = weight(snr, settings, 'v') * ((snr + 1) / snr)
        expect(asEpsilon / weight(snr, settings)).toBeCloseTo(1, 9)
      }
    }
  })

  it('is the product of all that is asked for', () => {
    const both = weight(30, { minSnrGamma: 5, debiasedEstimationLoss: true })
    expect(both).toBeCloseTo((5 / 30) * Math.sqrt(1 / 30), 12)
  })

  it('is finite at every timestep of its schedule, whatever is asked for', () => {
    const all = { minSnrGamma: 5, debiasedEstimationLoss: true, p2Gamma: 1 }
    for (const [prediction, zero] of [
      ['epsilon', false],
      ['v', false],
      ['v', true],
    ] as const) {
      const settings = objectiveSchema.parse({
        ...all,
        ...(prediction === 'v' ? { scaleVPredLossLikeNoisePred: true } : { vPredLikeLoss: 1 }),
      })
      const weights = [...noiseSchedule(zero).snr].map((snr) => {
        return weightRules.map(({ factor }) => factor(snr, settings, prediction))
      })
      expect(weights.flat().every((value) => Number.isFinite(value) && value >= 0)).toBe(true)
    }
  })
})

describe('the threshold of a Huber loss', () => {
  const schedule = noiseSchedule(false)
  const timesteps = [0, 1, 250, 999]
  const thresholds = (settings: Input, of = schedule) =>
    huberThresholds(timesteps, objectiveSchema.parse(settings), of)

  it('is the same everywhere with the constant schedule', () => {
    const found = thresholds({ huberSchedule: 'constant', huberC: 0.25, huberScale: 2 })
    expect([...found]).toEqual([0.5, 0.5, 0.5, 0.5])
  })

  it('falls exponentially to c', () => {
    const found = thresholds({ huberSchedule: 'exponential', huberC: 0.1, huberScale: 2 })
    for (const [i, timestep] of timesteps.entries()) {
      const alpha = -Math.log(0.1) / 1000
      expect(found[i]).toBeCloseTo(Math.exp(-alpha * timestep) * 2, 6)
    }
  })

  it('falls with the noise to c, without its scale', () => {
    const found = thresholds({ huberSchedule: 'snr', huberC: 0.1, huberScale: 2 })
    for (const [i, timestep] of timesteps.entries()) {
      const sigma = 1 / Math.sqrt(schedule.snr[timestep]!)
      expect(found[i]).toBeCloseTo(0.9 / (1 + sigma) ** 2 + 0.1, 5)
    }
    const ending = thresholds({ huberSchedule: 'snr', huberC: 0.1 }, noiseSchedule(true))
    expect(ending[3]).toBeCloseTo(0.1, 7)
  })
})

describe('weights of cells', () => {
  it('are means over the pixels that a cell covers', () => {
    const data = Float32Array.from({ length: 35 }, (_, i) => i)
    // As PyTorch: overlapping ranges where the size is no multiple.
    const found = cellMask({ data, shape: [1, 1, 5, 7] }, 2, 3)
    expect([...found.data]).toEqual([8, 10, 12, 22, 24, 26])
    const own = seededNumbers('mask', 2 * 6 * 4)
    const pairs = cellMask({ data: own, shape: [2, 1, 6, 4] }, 3, 2)
    expect(pairs.shape).toEqual([2, 1, 3, 2])
    pairs.data.forEach((value, i) => {
      const [item, y, x] = [Math.floor(i / 6), Math.floor(i / 2) % 3, i % 2]
      const at = (row: number, column: number) => own[item * 24 + row * 4 + column]!
      const four = [0, 1].flatMap((row) => [0, 1].map((side) => at(y * 2 + row, x * 2 + side)))
      expect(value).toBeCloseTo(four.reduce((sum, one) => sum + one) / 4, 6)
    })
  })

  it('stay as they are at the size of the latent', () => {
    const cells = { data: seededNumbers('cells', 12), shape: [1, 1, 3, 4] }
    expect(cellMask(cells, 3, 4)).toEqual(cells)
  })

  it('refuse a mask of several channels', () => {
    const mask = { data: new Float32Array(12), shape: [1, 3, 2, 2] }
    expect(() => cellMask(mask, 1, 1)).toThrow('mask: 3 channels, expected 1')
  })

  it('are scaled to a mean of 1 per picture, or left at nothing', () => {
    const data = Float32Array.of(3, 1, 0, 0, 0, 0, 0, 0)
    const { data: found } = normalisedCells({ data, shape: [2, 1, 2, 2] })
    expect([...found]).toEqual([3, 1, 0, 0, 0, 0, 0, 0])
    const twice = normalisedCells({ data: data.map((value) => value * 5), shape: [2, 1, 2, 2] })
    expect([...twice.data]).toEqual([3, 1, 0, 0, 0, 0, 0, 0])
  })
})
