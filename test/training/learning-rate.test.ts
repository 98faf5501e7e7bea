import { describe, expect, it } from 'vitest'
import {
  type LearningRateScheduleName,
  learningRateFactor,
  learningRateScheduleNames,
  learningRateSchema,
} from '../../engine/training/learning-rate.ts'
import { goldenJson } from '../support/golden.ts'

interface Recorded {
  schedules: Record<string, number[]>
}

/** How the recorded names of options are said here. */
const optionNames: Record<string, string> = {
  num_warmup_steps: 'lrWarmupSteps',
  num_cycles: 'lrSchedulerNumCycles',
  power: 'lrSchedulerPower',
}

function factors(given: Record<string, unknown>, total: number, count: number, rate = 1) {
  const factor = learningRateFactor(learningRateSchema.parse(given), total, rate)
  return Array.from({ length: count }, (_, step) => factor(step))
}

function expectNear(found: readonly number[], expected: readonly number[]): void {
  expect(found).toHaveLength(expected.length)
  found.forEach((value, step) => {
    expect(Math.abs(value - expected[step]!), `step ${step}`).toBeLessThanOrEqual(1e-12)
  })
}

describe('the learning rate', () => {
  const recorded = goldenJson('models/training/lr_schedules.json') as Recorded | undefined
  const lists = Object.entries(recorded?.schedules ?? {})

  it('has recorded lists to be compared with', () => {
    expect(lists.length).toBeGreaterThanOrEqual(10)
  })

  it.each(lists)('equals the recorded list %s', (key, expected) => {
    const [name, options] = key.split('|') as [string, string]
    const pairs = options ? options.split(',').map((pair) => pair.split('=')) : []
    const given = new Map(pairs.map(([option, value]) => [option, Number(value)]))
    const total = given.get('num_training_steps') ?? 50
    given.delete('num_training_steps')
    const settings = Object.fromEntries(
      [...given].map(([option, value]) => [optionNames[option!] ?? option, value]),
    )
    const rates = factors({ lrScheduler: name, ...settings }, total, expected.length, 1e-3)
    expectNear(
      rates.map((factor) => factor * 1e-3),
      expected,
    )
  })

  it('takes a warm-up below 1 as a share of the run, rounded down', () => {
    const given = { lrScheduler: 'linear', lrWarmupSteps: 0.1 }
    expect(factors(given, 59, 59)).toEqual(factors({ ...given, lrWarmupSteps: 5 }, 59, 59))
  })

  it('falls with the root of the steps in inverse_sqrt', () => {
    const warm = factors({ lrScheduler: 'inverse_sqrt', lrWarmupSteps: 4 }, 100, 17)
    expectNear(warm.slice(0, 5), [0, 0.25, 0.5, 0.75, 1])
    expect(warm[16]).toBeCloseTo(0.5, 12)
    const slow = factors({ lrScheduler: 'inverse_sqrt', lrSchedulerTimescale: 3 }, 100, 10)
    expect(slow[9]).toBeCloseTo(0.5, 12)
  })

  it('ends cosine_with_min_lr at its share of the rate', () => {
    const given = { lrScheduler: 'cosine_with_min_lr', lrSchedulerMinLrRatio: 0.05 }
    const found = factors(given, 10, 11)
    expectNear(
      found,
      Array.from({ length: 11 }, (_, step) => 0.525 + 0.475 * Math.cos((Math.PI * step) / 10)),
    )
    const thrice = factors({ ...given, lrSchedulerNumCycles: 3 }, 12, 13)
    expectNear(
      [0, 4, 8, 12].map((step) => thrice[step]!),
      [1, 0.05, 1, 0.05],
    )
  })

  it('rises, stays and falls in warmup_stable_decay', () => {
    const given = { lrScheduler: 'warmup_stable_decay', lrWarmupSteps: 2, lrDecaySteps: 0.4 }
    const wave = [1, 0.75, 0.5, 0.25].map((x) => 0.5 - 0.5 * Math.cos(Math.PI * x))
    expectNear(factors(given, 10, 12), [0, 0.5, 1, 1, 1, 1, ...wave, 0, 0])
    const floored = factors({ ...given, lrSchedulerMinLrRatio: 0.2 }, 10, 12)
    expectNear([floored[0]!, floored[1]!, floored[8]!, floored[11]!], [0.2, 0.6, 0.6, 0.2])
  })

  it.each(learningRateScheduleNames)('stays between 0 and 1 and finite in %s', (name) => {
    const given = {
      lrScheduler: name satisfies LearningRateScheduleName,
      lrWarmupSteps: 3,
      lrDecaySteps: 5,
      lrSchedulerMinLrRatio: 0,
    }
    for (const total of [3, 8, 40]) {
      if (name === 'warmup_stable_decay' && total < 8) continue
      for (const factor of factors(given, total, total + 10, 1e-3)) {
        expect(factor).toBeGreaterThanOrEqual(0)
        expect(factor).toBeLessThanOrEqual(1)
      }
    }
  })

  it('refuses settings that mean nothing', () => {
    const message = (given: object) =>
      learningRateSchema.safeParse(given).error?.issues.map(({ message }) => message)
    expect(message({ lrWarmupSteps: 2.5 })).toEqual(['expected whole steps or a share below 1'])
    expect(message({ lrScheduler: 'cosine_with_min_lr' })).toEqual([
      'expected a share from 0 to 1 with lrScheduler cosine_with_min_lr',
    ])
    expect(message({ lrScheduler: 'warmup_stable_decay' })).toEqual([
      'expected above 0 with lrScheduler warmup_stable_decay',
    ])
    const given = { lrScheduler: 'warmup_stable_decay', lrWarmupSteps: 8, lrDecaySteps: 8 }
    expect(() => factors(given, 10, 1)).toThrow(
      'lrDecaySteps: 8 after 8 of warm-up, expected at most 10 together',
    )
    expect(() => factors({ lrScheduler: 'polynomial' }, 10, 1, 1e-8)).toThrow(
      'learning rate: 1e-8, expected above 1e-7, where lrScheduler polynomial ends',
    )
  })
})
