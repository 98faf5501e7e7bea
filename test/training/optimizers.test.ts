import { describe, expect, it } from 'vitest'
import type { Rates } from '../../engine/training/optimizers/optimizer.ts'
import {
  groupRates,
  optimizerSchema,
  optimizers,
  optimizerTypeNamed,
  optimizerTypes,
} from '../../engine/training/optimizers.ts'
import { relativeError } from '../support/golden.ts'
import {
  adafactorReference,
  adamWReference,
  lionReference,
  prodigyReference,
  type Reference,
  sgdReference,
} from './optimizer-references.ts'
import {
  initialParameters,
  mixedParameters,
  noisyGradients,
  runUpdates,
  type Tensors,
  type UpdateStep,
} from './update-runner.ts'

const count = 20
const gradients = noisyGradients(mixedParameters, count, 7)
const initial = initialParameters(mixedParameters, 3)

interface Case {
  type: string
  args: Record<string, unknown>
  reference: (distances: number[]) => Reference
  rates: (step: number) => Rates
  /** Multiplies the parameters at the start; 1 where absent. */
  scale?: number
}

const both = (rate: number) => ({ unet: rate, 'text-encoder': rate })

/** Every case is one optimizer with arguments; what is left out must have the stated default. */
const cases: Case[] = [
  {
    type: 'AdamW',
    args: {},
    reference: () => adamWReference({ betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0.01 }),
    rates: () => ({ unet: 1e-3, 'text-encoder': 5e-4 }),
  },
  {
    type: 'AdamW',
    args: { betas: [0.8, 0.95], eps: 1e-3, weightDecay: 0 },
    reference: () => adamWReference({ betas: [0.8, 0.95], eps: 1e-3, weightDecay: 0 }),
    // The warm-up starts at 0.
    rates: (step) => both(1e-3 * (step - 1)),
  },
  {
    type: 'Lion',
    args: {},
    reference: () => lionReference({ betas: [0.9, 0.99], weightDecay: 0 }),
    rates: () => both(1e-4),
  },
  {
    type: 'Lion',
    args: { betas: [0.5, 0.8], weightDecay: 0.5 },
    reference: () => lionReference({ betas: [0.5, 0.8], weightDecay: 0.5 }),
    rates: () => both(1e-3),
  },
  {
    type: 'SGDNesterov',
    args: {},
    reference: () => sgdReference({ momentum: 0.9, weightDecay: 0 }),
    rates: () => ({ unet: 0.01, 'text-encoder': 0 }),
  },
  {
    type: 'SGDNesterov',
    args: { momentum: 0.5, weightDecay: 0.1 },
    reference: () => sgdReference({ momentum: 0.5, weightDecay: 0.1 }),
    rates: () => both(0.02),
  },
  ...[
    { relativeStep: false, scaleParameter: false },
    {},
    { warmupInit: true },
    { relativeStep: false, beta1: 0.9, weightDecay: 0.1, clipThreshold: 0.5, decayRate: -0.5 },
  ].map((args) => ({
    type: 'AdaFactor',
    args,
    reference: () =>
      adafactorReference({
        ...{ eps: [1e-30, 1e-3], clipThreshold: 1, decayRate: -0.8, weightDecay: 0 },
        ...{ scaleParameter: true, relativeStep: true, warmupInit: false },
        ...args,
      }),
    rates: () => both(1e-3),
  })),
  ...[
    {},
    { d0: 1e-3, useBiasCorrection: true, safeguardWarmup: true, weightDecay: 0.01 },
    { d0: 1e-3, growthRate: 1.1, dCoef: 2, weightDecay: 0.1, decouple: false },
    { d0: 1e-3, useBiasCorrection: true, beta3: 0.9 },
  ].map((args, index) => ({
    type: 'Prodigy',
    args,
    reference: (distances: number[]) =>
      prodigyReference(
        {
          ...{ betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0, decouple: true, d0: 1e-6 },
          ...{ useBiasCorrection: false, safeguardWarmup: false, dCoef: 1 },
          ...args,
        },
        distances,
      ),
    // Prodigy measures p0 - p, which is lost in float32 where p is far larger than its steps.
    scale: index === 0 ? 1e-4 : 0.05,
    // The last case starts at rate 0, which must not count, and leaves one group alone.
    rates: (step: number) =>
      index < 3 ? both(1) : { unet: Math.min(1, (step - 1) / 4), 'text-encoder': 0 },
  })),
]

function referenceRun(reference: Reference, start: Tensors, steps: readonly UpdateStep[]): Tensors {
  const parameters = mixedParameters.map((info) => ({
    ...info,
    value: Float64Array.from(start.get(info.name)!),
    gradient: new Float64Array(),
  }))
  steps.forEach(({ gradients, rates, divisor = 1 }, index) => {
    for (const parameter of parameters) {
      parameter.gradient = Float64Array.from(gradients.get(parameter.name)!, (g) => g / divisor)
    }
    reference(parameters, index + 1, rates)
  })
  return new Map(parameters.map(({ name, value }) => [name, Float32Array.from(value)]))
}

describe('the optimizers', () => {
  it.each(cases)('let $type with $args go as its source says, 20 steps', async (entry) => {
    const distances: number[] = []
    const steps = gradients.map((list, index) => ({
      gradients: list,
      rates: entry.rates(index + 1),
      divisor: 3,
    }))
    const { scale = 1 } = entry
    const start = new Map(
      [...initial].map(([name, list]) => [name, list.map((value) => scale * value)]),
    )
    const expected = referenceRun(entry.reference(distances), start, steps)
    const given = { optimizerType: entry.type, optimizerArgs: entry.args }
    const found = await runUpdates(given, mixedParameters, start, steps)
    for (const { name } of mixedParameters) {
      expect(
        relativeError(found.parameters.get(name)!, expected.get(name)!),
        name,
      ).toBeLessThanOrEqual(1e-6)
    }
    if (distances.length === 0) return
    const reported = found.reports.map(({ d }) => d!)
    expect(relativeError(reported, distances)).toBeLessThanOrEqual(1e-5)
    expect(reported.at(-1)).toBeGreaterThan(1.2 * reported[0]!)
  })

  it('are each run above', () => {
    expect(new Set(cases.map(({ type }) => type))).toEqual(new Set(optimizerTypes))
  })

  it.each(optimizerTypes)('say of %s and its arguments what they are for', (type) => {
    const { about, args } = optimizers[type]
    expect(about.length).toBeGreaterThan(20)
    for (const [name, argument] of Object.entries(args.shape)) {
      expect((argument as { description?: string }).description, name).toBeTruthy()
    }
  })

  it('have the defaults of kohya', () => {
    expect(optimizerSchema.parse({})).toEqual({
      optimizerType: 'AdamW',
      learningRate: 2e-6,
      maxGradNorm: 1,
      optimizerArgs: {},
    })
  })

  it('give a group its own rate or the common one', () => {
    expect(groupRates({ learningRate: 1, textEncoderLr: 0.5, unetLr: undefined })).toEqual({
      unet: 1,
      'text-encoder': 0.5,
      vae: 1,
    })
  })

  it('are found by the names of other tools in any case', () => {
    expect(['adamw', 'LION', 'Adafactor', ''].map(optimizerTypeNamed)).toEqual([
      'AdamW',
      'Lion',
      'AdaFactor',
      'AdamW',
    ])
  })

  it('are refused under other names with the nearest known one', () => {
    const known = 'expected AdamW, Lion, SGDNesterov, AdaFactor, Prodigy'
    expect(() => optimizerTypeNamed('Prodigi')).toThrow(
      `optimizer: Prodigi, ${known}; did you mean Prodigy`,
    )
    expect(() => optimizerTypeNamed('PagedAdamW8bit')).toThrow(
      `optimizer: PagedAdamW8bit, ${known}; did you mean AdamW`,
    )
    const { error } = optimizerSchema.safeParse({ optimizerType: 'Loin' })
    expect(error?.issues.map(({ message }) => message)).toEqual([
      `optimizer: Loin, ${known}; did you mean Lion`,
    ])
  })

  it('refuse arguments that they do not have or cannot use', () => {
    const faults = (given: object) =>
      optimizerSchema.safeParse(given).error?.issues.map(({ path, message }) => [path, message])
    expect(faults({ optimizerArgs: { weight_decay: 0.1 } })).toEqual([
      [
        ['optimizerArgs'],
        'argument of AdamW: weight_decay, expected betas, eps, weightDecay; did you mean weightDecay',
      ],
    ])
    expect(faults({ optimizerType: 'Lion', optimizerArgs: { betas: [0.9, 1] } })).toEqual([
      [['optimizerArgs'], 'betas.1 of Lion: Too big: expected number to be <1'],
    ])
    expect(faults({ optimizerType: 'Prodigy', learningRate: 1, unetLr: 0.5 })).toEqual([
      [
        ['unetLr'],
        'expected one rate for all with optimizerType Prodigy; it works out their size itself',
      ],
    ])
  })
})
