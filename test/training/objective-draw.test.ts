import { describe, expect, it } from 'vitest'
import type { NumericTensor } from '../../engine/sockets.ts'
import {
  type DrawnStep,
  drawStep,
  type StepRequest,
} from '../../engine/training/objective/draw-step.ts'
import { noiseSchedule } from '../../engine/training/objective/noise-schedule.ts'
import { objectiveSchema } from '../../engine/training/objective/settings.ts'
import { correlation, meanOf, seededNumbers, varianceOf } from './objective-pictures.ts'

type Input = Parameters<typeof objectiveSchema.parse>[0]

const shape = [4, 4, 8, 12]
const size = 4 * 8 * 12
const latents = { data: seededNumbers('latents', 4 * size), shape }

function draw(settings: Input = {}, more: Partial<StepRequest> = {}): DrawnStep {
  return drawStep({
    latents,
    settings: objectiveSchema.parse(settings),
    prediction: 'epsilon',
    seed: 7,
    step: 3,
    ...more,
  })
}

/** Pictures `from` to below `to` of a batch. */
function part({ data, shape: [, ...rest] }: NumericTensor, from: number, to: number) {
  return { data: data.slice(from * size, to * size), shape: [to - from, ...rest] }
}

/** Every kind of noise at once. */
const everything = {
  lossType: 'huber',
  minSnrGamma: 5,
  noiseOffset: 0.1,
  noiseOffsetRandomStrength: true,
  adaptiveNoiseScale: 0.01,
  multiresNoiseIterations: 6,
  ipNoiseGamma: 0.1,
  ipNoiseGammaRandomStrength: true,
  timestepDistribution: 'logit-normal',
}

describe('the draws of a step', () => {
  it.each([
    'uniform',
    'stratified',
    'logit-normal',
  ])('are the same for a picture alone as in its batch, %s', (timestepDistribution) => {
    const settings = { ...everything, timestepDistribution }
    const whole = draw(settings)
    for (let i = 0; i < 4; i++) {
      const alone = draw(settings, { latents: part(latents, i, i + 1), first: i, total: 4 })
      expect(alone.sample).toEqual(part(whole.sample, i, i + 1))
      expect(alone.target).toEqual(part(whole.target, i, i + 1))
      expect(alone.timesteps).toEqual([whole.timesteps[i]])
      expect(alone.sampleWeight).toEqual(whole.sampleWeight.slice(i, i + 1))
      expect(alone.huberC).toEqual(whole.huberC?.slice(i, i + 1))
    }
  })

  it('repeat with the same seed and step', () => {
    expect(draw(everything)).toEqual(draw(everything))
  })

  it.each([
    ['seed', { seed: 8 }],
    ['step', { step: 4 }],
    ['purpose', { purpose: 'validation' }],
    ['place in the step', { first: 4 }],
  ])('differ with another %s', (_, change) => {
    const [one, other] = [draw(), draw({}, change)]
    expect(Math.abs(correlation(one.target.data, other.target.data))).toBeLessThan(0.1)
    expect(other.timesteps).not.toEqual(one.timesteps)
  })

  it('leave the other draws alone when one more kind of noise is turned on', () => {
    const plain = draw()
    const perturbed = draw({ ipNoiseGamma: 0.1 })
    expect(perturbed.timesteps).toEqual(plain.timesteps)
    expect(perturbed.target).toEqual(plain.target)
  })

  it('keep given timesteps, as a validation wants them', () => {
    const timesteps = [5, 300, 600, 900]
    expect(draw({}, { timesteps, purpose: 'validation' }).timesteps).toEqual(timesteps)
  })
})

describe('noise', () => {
  const many = 200
  const request = { latents: { data: new Float32Array(many * size), shape: [many, 4, 8, 12] } }

  it('has mean 0 and variance 1', () => {
    const { data } = draw({}, request).target
    expect(Math.abs(meanOf(data))).toBeLessThan(0.02)
    expect(Math.abs(varianceOf(data) - 1)).toBeLessThan(0.02)
  })

  it('has an offset of the given strength per channel, on top of the same noise', () => {
    const [plain, offset] = [draw({}, request), draw({ noiseOffset: 0.5 }, request)]
    const gaps = offset.target.data.map((value, i) => value - plain.target.data[i]!)
    const perChannel = Float32Array.from({ length: many * 4 }, (_, i) => gaps[i * 96]!)
    gaps.forEach((gap, i) => {
      expect(Math.abs(gap - perChannel[Math.floor(i / 96)]!)).toBeLessThan(1e-6)
    })
    expect(Math.abs(Math.sqrt(varianceOf(perChannel)) - 0.5)).toBeLessThan(0.05)
  })

  it('has an offset that grows with the mean of a channel', () => {
    const data = new Float32Array(many * size).map((_, i) => (i % size < 96 ? -2 : 0))
    const bright = { latents: { data, shape: [many, 4, 8, 12] } }
    const [plain, adaptive] = [
      draw({ noiseOffset: 0.1 }, bright),
      draw({ noiseOffset: 0.1, adaptiveNoiseScale: 0.2 }, bright),
    ]
    const base = draw({}, bright)
    const offsetOf = (step: DrawnStep, i: number) => step.target.data[i]! - base.target.data[i]!
    for (let i = 0; i < many; i++) {
      const [first, second] = [i * size, i * size + 96]
      // 0.1 + 0.2 * 2 in the first channel, 0.1 in the others.
      expect(offsetOf(adaptive, first)).toBeCloseTo(5 * offsetOf(plain, first), 5)
      expect(offsetOf(adaptive, second)).toBeCloseTo(offsetOf(plain, second), 5)
    }
  })

  it('has no offset where a negative scale takes all of its strength', () => {
    const data = new Float32Array(size).fill(3)
    const one = { latents: { data, shape: [1, 4, 8, 12] } }
    const settings = { noiseOffset: 0.1, adaptiveNoiseScale: -1 }
    expect(draw(settings, one).target).toEqual(draw({}, one).target)
  })

  it('is weaker in its offset where the strength is drawn', () => {
    const offsets = (settings: Input) => {
      const [plain, offset] = [draw({}, request), draw(settings, request)]
      return Array.from({ length: many }, (_, i) => {
        return offset.target.data[i * size]! - plain.target.data[i * size]!
      })
    }
    const full = varianceOf(offsets({ noiseOffset: 1 }))
    const drawn = varianceOf(offsets({ noiseOffset: 1, noiseOffsetRandomStrength: true }))
    // The mean of the square of a number from 0 to 1 is a third.
    expect(Math.abs(drawn / full - 1 / 3)).toBeLessThan(0.12)
  })

  it('that perturbs the input is not in the target', () => {
    const [plain, perturbed] = [draw({}, request), draw({ ipNoiseGamma: 0.3 }, request)]
    expect(perturbed.target).toEqual(plain.target)
    const { noise } = noiseSchedule(false)
    const further = plain.sample.data.map((value, i) => {
      const level = noise[plain.timesteps[Math.floor(i / size)]!]!
      return (perturbed.sample.data[i]! - value) / level
    })
    expect(Math.abs(Math.sqrt(varianceOf(further)) - 0.3)).toBeLessThan(0.01)
    expect(Math.abs(correlation(further, plain.target.data))).toBeLessThan(0.02)
  })
})

describe('weights and masks of a step', () => {
  it('multiply the weight of regularisation pictures', () => {
    const isRegularisation = [false, true, false, true]
    const { sampleWeight } = draw({ priorLossWeight: 0.25 }, { isRegularisation })
    expect([...sampleWeight]).toEqual([1, 0.25, 1, 0.25])
  })

  it('are there only where the loss looks at them', () => {
    const mask = { data: new Float32Array(4 * 64 * 96), shape: [4, 1, 64, 96] }
    const step = draw({}, { mask })
    expect(step.huberC).toBeUndefined()
    expect(step.cellWeight).toBeUndefined()
  })

  it('are 1 for all cells where masks weigh and no mask was given', () => {
    const { cellWeight } = draw({ maskedLoss: true })
    expect(cellWeight?.shape).toEqual([4, 1, 8, 12])
    expect(new Set(cellWeight?.data)).toEqual(new Set([1]))
  })

  it('bring a mask of pixels to the size of the latents', () => {
    const data = new Float32Array(4 * 64 * 96).map((_, i) => (i % 96 < 48 ? 1 : 0))
    const mask = { data, shape: [4, 1, 64, 96] }
    const halves = draw({ maskedLoss: true }, { mask }).cellWeight!
    expect(halves.data.every((value, i) => value === (i % 12 < 6 ? 1 : 0))).toBe(true)
    const even = draw({ maskedLoss: true, maskMean: 'weights' }, { mask }).cellWeight!
    expect(even.data.every((value, i) => value === (i % 12 < 6 ? 2 : 0))).toBe(true)
  })
})
