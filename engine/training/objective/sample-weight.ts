import type { Prediction } from '../../models/families.ts'
import type { ObjectiveSettings } from './settings.ts'

/** Above every ratio that counts: at timestep 0 there is hardly any noise. */
const largestSnr = 1000

interface WeightRule {
  readonly title: string
  /** Factor on the loss of a picture with this signal to noise ratio; 1 where it is off. */
  readonly factor: (snr: number, settings: ObjectiveSettings, prediction: Prediction) => number
}

/** Factors on the loss of a picture by its timestep; all are multiplied. */
export const weightRules: readonly WeightRule[] = [
  {
    // min(snr, gamma) / snr for epsilon, / (snr + 1) for v.
    title: 'min-SNR, Hang et al. 2023 (arXiv 2303.09556)',
    factor: (snr, { minSnrGamma: gamma }, prediction) => {
      if (!gamma) return 1
      return Math.min(snr, gamma) / (prediction === 'v' ? snr + 1 : snr)
    },
  },
  {
    title: 'v weighed as if noise were predicted',
    factor: (snr, settings) => (settings.scaleVPredLossLikeNoisePred ? noiseShare(snr) : 1),
  },
  {
    title: 'a share of the loss weighed as for v',
    factor: (snr, { vPredLikeLoss: share }) => (share ? 1 + share / noiseShare(snr) : 1),
  },
  {
    // 1 / sqrt(snr) for epsilon, 1 / (snr + 1) for v.
    title: 'debiased estimation, Yu et al. 2023 (arXiv 2310.08442)',
    factor: (snr, { debiasedEstimationLoss }, prediction) => {
      if (!debiasedEstimationLoss) return 1
      const limited = Math.min(snr, largestSnr)
      return prediction === 'v' ? 1 / (limited + 1) : 1 / Math.sqrt(limited)
    },
  },
  {
    // 1 / (k + snr)^gamma on the error of the noise; the error of v is (snr + 1) / snr times it.
    title: 'P2, Choi et al. 2022 (arXiv 2204.00227)',
    factor: (snr, { p2Gamma: gamma, p2K: k }, prediction) => {
      if (!gamma) return 1
      const share = prediction === 'v' ? snr / (snr + 1) : 1
      return share / (k + snr) ** gamma
    },
  },
]

/** The factor on a picture's loss that its signal to noise ratio gives it. */
export function snrWeight(
  snr: number,
  settings: ObjectiveSettings,
  prediction: Prediction,
): number {
  return weightRules.reduce((product, { factor }) => product * factor(snr, settings, prediction), 1)
}

/** By what the error of v is to be multiplied to become that of the noise. */
function noiseShare(snr: number): number {
  const limited = Math.min(snr, largestSnr)
  return limited / (limited + 1)
}
