import { describe, expect, it } from 'vitest'
import { familyById } from '../../engine/models/families.ts'
import { optimizerShape } from '../../engine/training/optimizers.ts'
import { trainSchema } from '../../engine/training/settings.ts'
import {
  type MemoryChoice,
  type SuggestionRequest,
  suggestSettings,
} from '../../engine/training/suggest.ts'

const family = familyById('sd15')!
const gibibyte = 2 ** 30
const request: SuggestionRequest = {
  pictures: 24,
  memory: 24 * gibibyte,
  family,
  subject: 'character',
}

function valuesOf(changes: Partial<SuggestionRequest>): Record<string, unknown> {
  const suggestions = suggestSettings({ ...request, ...changes })
  return Object.fromEntries(suggestions.map(({ setting, value }) => [setting, value]))
}

describe('suggested settings', () => {
  const cases: readonly (readonly [changes: Partial<SuggestionRequest>, values: object])[] = [
    [
      { pictures: 24 },
      {
        numRepeats: 8,
        maxTrainSteps: 1200,
        networkDim: 16,
        networkAlpha: 8,
        networkTrainUnetOnly: false,
        textEncoderLr: 5e-5,
        learningRate: 1e-4,
        trainBatchSize: 2,
        gradientAccumulationSteps: 1,
        gradientCheckpointing: 'none',
        validationSplit: 0.1,
        cacheLatents: true,
      },
    ],
    [
      { subject: 'style', pictures: 50 },
      { networkDim: 32, convDim: 16, networkTrainUnetOnly: true, numRepeats: 4 },
    ],
    [{ pictures: 5 }, { networkDim: 8, trainBatchSize: 1, validationSplit: 0, numRepeats: 40 }],
    [{ pictures: 1 }, { networkDim: 8, numRepeats: 200, maxTrainSteps: 1500 }],
    [{ pictures: 400 }, { numRepeats: 1, maxTrainSteps: 750 }],
    [
      { memory: 8 * gibibyte },
      { gradientCheckpointing: 'attention', trainBatchSize: 1, gradientAccumulationSteps: 2 },
    ],
    [{ memory: 6 * gibibyte }, { gradientCheckpointing: 'block', trainBatchSize: 1 }],
  ]

  it.each(cases)('for %o', (changes, values) => {
    expect(valuesOf(changes)).toMatchObject(values)
  })

  it('are settings that a training takes', () => {
    for (const [changes] of cases) {
      const { numRepeats: _, ...settings } = valuesOf(changes)
      expect(() => trainSchema.parse(settings)).not.toThrow()
    }
    expect(Object.keys(optimizerShape)).toContain('textEncoderLr')
  })

  it('come with one sentence each that says why', () => {
    for (const [changes] of cases) {
      for (const { reason } of suggestSettings({ ...request, ...changes })) {
        expect(reason).toMatch(/^[^.]{20,}(\.\d[^.]*)*$/)
      }
    }
  })

  it('show as many pictures to the network whatever fits into memory', () => {
    for (const memory of [6, 8, 12, 24]) {
      const { maxTrainSteps, trainBatchSize, gradientAccumulationSteps } = valuesOf({
        memory: memory * gibibyte,
      })
      const batch = Number(trainBatchSize) * Number(gradientAccumulationSteps)
      expect([memory, Number(maxTrainSteps) * batch]).toEqual([memory, 2400])
    }
  })

  it('keep to a forecast of the memory where there is one', () => {
    const asked: MemoryChoice[] = []
    const forecast = (choice: MemoryChoice) => {
      asked.push(choice)
      return choice.gradientCheckpointing === 'attention' ? 100 * choice.trainBatchSize : 1000
    }
    expect(valuesOf({ memory: 250, forecast })).toMatchObject({
      gradientCheckpointing: 'attention',
      trainBatchSize: 2,
    })
    expect(asked.length).toBeGreaterThan(0)
  })

  it('say so where nothing fits', () => {
    const { reason } = suggestSettings({ ...request, memory: gibibyte }).find(
      ({ setting }) => setting === 'trainBatchSize',
    )!
    expect(reason).toBe(
      'one picture takes about 5.4 GiB, more than the 1.0 there are; train at a smaller resolution',
    )
  })

  it('need a picture and a family that can be trained', () => {
    expect(() => suggestSettings({ ...request, pictures: 0 })).toThrow(
      'pictures: 0, expected at least 1',
    )
    expect(() => suggestSettings({ ...request, family: familyById('sdxl')! })).toThrow(
      'Stable Diffusion XL: cannot be trained yet, expected another family',
    )
  })
})
