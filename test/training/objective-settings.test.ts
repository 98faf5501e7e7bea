import { describe, expect, it } from 'vitest'
import { checkObjective, objectiveSchema } from '../../engine/training/objective/settings.ts'

type Input = Parameters<typeof objectiveSchema.parse>[0]

/** Every complaint, as `setting: sentence`. */
function complaints(settings: Input): string[] {
  const { error } = objectiveSchema.safeParse(settings)
  return (error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`)
}

describe('the settings of the objective', () => {
  it('have the defaults of sd-scripts', () => {
    expect(objectiveSchema.parse({})).toEqual({
      lossType: 'l2',
      huberSchedule: 'snr',
      huberC: 0.1,
      huberScale: 1,
      maskedLoss: false,
      maskMean: 'elements',
      priorLossWeight: 1,
      debiasedEstimationLoss: false,
      scaleVPredLossLikeNoisePred: false,
      p2K: 1,
      noiseOffsetRandomStrength: false,
      multiresNoiseDiscount: 0.3,
      ipNoiseGammaRandomStrength: false,
      zeroTerminalSnr: false,
      minTimestep: 0,
      maxTimestep: 1000,
      timestepDistribution: 'uniform',
      logitMean: 0,
      logitStd: 1,
      sigmoidScale: 1,
      modeScale: 1.29,
    })
  })

  it.each<[Input, string]>([
    [{ minTimestep: 500, maxTimestep: 500 }, 'minTimestep: expected less than maxTimestep, 500'],
    [{ minTimestep: 900, maxTimestep: 100 }, 'minTimestep: expected less than maxTimestep, 100'],
    [
      { adaptiveNoiseScale: 0.1 },
      'adaptiveNoiseScale: expected together with noiseOffset, which it changes',
    ],
    [
      { timestepDistribution: 'curve' },
      'timestepCurve: expected a number above 0 at least once for timestepDistribution curve',
    ],
    [
      { timestepDistribution: 'curve', timestepCurve: [0, 0] },
      'timestepCurve: expected a number above 0 at least once for timestepDistribution curve',
    ],
    [{ lossType: 'huber', huberC: 2 }, 'huberC: expected at most 1 with huberSchedule snr'],
  ])('that contradict each other are refused: %o', (settings, complaint) => {
    expect(complaints(settings)).toEqual([complaint])
  })

  it.each<[Record<string, unknown>, string]>([
    [{ maxTimestep: 1001 }, 'maxTimestep'],
    [{ minTimestep: 0.5 }, 'minTimestep'],
    [{ lossType: 'l3' }, 'lossType'],
    [{ noiseOffset: -1 }, 'noiseOffset'],
    [{ huberC: 0 }, 'huberC'],
    [{ multiresNoiseDiscount: Number.NaN }, 'multiresNoiseDiscount'],
    [{ lossTyp: 'l2' }, ''],
  ])('out of their range are refused: %o', (settings, name) => {
    const { error } = objectiveSchema.safeParse(settings)
    expect(error?.issues.map(({ path }) => path.join('.'))).toEqual([name])
  })

  it('of which only v knows some are refused for a model that predicts noise', () => {
    const check = (settings: Input, prediction: 'epsilon' | 'v' | 'sample') => () =>
      checkObjective(objectiveSchema.parse(settings), prediction)
    expect(check({ zeroTerminalSnr: true }, 'epsilon')).toThrow(
      'zeroTerminalSnr: true with a model that predicts epsilon, expected only for v; ' +
        'where all is noise, epsilon says nothing',
    )
    expect(check({ scaleVPredLossLikeNoisePred: true }, 'epsilon')).toThrow('expected only for v')
    expect(check({ vPredLikeLoss: 0.5 }, 'v')).toThrow(
      'vPredLikeLoss: 0.5 with a model that predicts v, expected only for epsilon',
    )
    expect(check({ zeroTerminalSnr: true, scaleVPredLossLikeNoisePred: true }, 'v')).not.toThrow()
    expect(check({}, 'sample')).toThrow('model: predicts the picture itself')
  })
})
