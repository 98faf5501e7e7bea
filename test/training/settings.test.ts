import { describe, expect, it } from 'vitest'
import { datasetSchema } from '../../engine/dataset/settings.ts'
import { parseSettings } from '../../engine/training/settings/parse.ts'
import { datasetProblems } from '../../engine/training/settings/with-dataset.ts'
import { type TrainSettingsInput, trainSchema } from '../../engine/training/settings.ts'

function faultsOf(settings: object): string[] {
  return (parseSettings(trainSchema, settings).faults ?? []).map(({ message }) => message)
}

describe('the settings of a training', () => {
  it('have the defaults of sd-scripts', () => {
    expect(trainSchema.parse({})).toMatchObject({
      networkDim: 4,
      networkAlpha: 1,
      optimizerType: 'AdamW',
      learningRate: 2e-6,
      maxGradNorm: 1,
      lrScheduler: 'constant',
      lrWarmupSteps: 0,
      trainBatchSize: 1,
      maxTrainSteps: 1600,
      gradientAccumulationSteps: 1,
      outputName: 'last',
      lossType: 'l2',
      huberSchedule: 'snr',
      huberC: 0.1,
      multiresNoiseDiscount: 0.3,
      minTimestep: 0,
      maxTimestep: 1000,
      priorLossWeight: 1,
      validationSplit: 0,
      clipSkip: 1,
      maxTokenLength: 75,
    })
    expect(trainSchema.parse({ samplePrompts: [{ prompt: 'a cat' }] }).samplePrompts).toEqual([
      { prompt: 'a cat', negative: '', seed: 0, steps: 30, guidance: 7.5, sampler: 'ddim' },
    ])
  })

  const refused: readonly (readonly [settings: object, message: string])[] = [
    [{ networkDim: 0 }, 'networkDim is 0, expected 1 to 4096'],
    [{ networkDim: 1.5 }, 'networkDim is 1.5, expected an integer 1 to 4096'],
    [{ networkAlpha: -1 }, 'networkAlpha is -1, expected 0 to 4096'],
    [{ networkDimm: 4 }, 'networkDimm: no such setting; did you mean networkDim'],
    [
      { networkAlgorithm: 'lorra' },
      'networkAlgorithm is "lorra", expected one of lora, loha, lokr, dora; did you mean lora',
    ],
    [{ maxTokenLength: 100 }, 'maxTokenLength is 100, expected 75 or 150 or 225'],
    [{ blockDims: [4, 4] }, 'blockDims is a list of 2, expected a list of 25 to 25 entries'],
    [
      { blockDims: Array.from({ length: 25 }, () => 0) },
      'blockDims is a list of 25, expected a rank above 0 in at least one block',
    ],
    [
      { networkTrainUnetOnly: true, networkTrainTextEncoderOnly: true },
      'networkTrainTextEncoderOnly is true, expected false where networkTrainUnetOnly is true; nothing would be trained',
    ],
    [
      { dimFromWeights: true },
      'dimFromWeights is true, expected a file in networkWeights to take the ranks from',
    ],
    [{ factor: 4 }, 'factor is 4, expected -1 with networkAlgorithm lora; only lokr has a factor'],
    [
      { cacheTextEncoderOutputs: true },
      'cacheTextEncoderOutputs is true, expected only with networkTrainUnetOnly; a text encoder in training encodes a caption differently at every step',
    ],
    [{ saveLastNSteps: 100 }, 'saveLastNSteps is 100, expected together with saveEveryNSteps'],
    [
      { sampleEveryNSteps: 100 },
      'samplePrompts is missing, expected at least one prompt, because pictures are to be drawn',
    ],
    [
      { earlyStopPatience: 3 },
      'earlyStopPatience is 3, expected a validationSplit above 0 with it; no pictures are held back',
    ],
    [
      { samplePrompts: [{ prompt: 'a', width: 500 }] },
      'samplePrompts.0.width is 500, expected 64 to 4096, a multiple of 8',
    ],
    [{ samplePrompts: [{ prompt: 'a', cfg: 5 }] }, 'samplePrompts.0.cfg: no such setting'],
    [
      { minTimestep: 500, maxTimestep: 100 },
      'minTimestep is 500, expected less than maxTimestep, 100',
    ],
  ]

  it.each(refused)('refuse %j', (settings, message) => {
    expect(faultsOf(settings)).toEqual([message])
  })

  it('tell everything that is wrong at once', () => {
    expect(faultsOf({ networkDim: 0, trainBatchSize: 0, ema: 1 })).toEqual([
      'networkDim is 0, expected 1 to 4096',
      'trainBatchSize is 0, expected 1 to 256',
      'ema is 1, expected true or false',
    ])
  })

  it('are whole once they are read: reading them again changes nothing', () => {
    const given: TrainSettingsInput = { networkDim: 8, samplePrompts: [{ prompt: 'a cat' }] }
    const once = trainSchema.parse(given)
    expect(trainSchema.parse(once)).toEqual(once)
  })
})

describe('settings of a training beside those of its data', () => {
  const subset = (settings: object) => datasetSchema.parse({ subsets: [settings] })

  const clashes: readonly (readonly [train: object, subset: object, problem: string])[] = [
    [
      { cacheLatents: true },
      { imageDir: 'cats', colorAug: true, randomCrop: true },
      'cats: colorAug, randomCrop set, expected off with cacheLatents; what is encoded once is the same at every step',
    ],
    [
      { cacheTextEncoderOutputsToDisk: true, networkTrainUnetOnly: true },
      { shuffleCaption: true, captionDropoutRate: 0.1 },
      'subset 1: shuffleCaption, captionDropoutRate set, expected off with cacheTextEncoderOutputs; a caption encoded once is the same at every step',
    ],
  ]

  it.each(clashes)('refuse %j with %j', (train, data, problem) => {
    expect(datasetProblems(trainSchema.parse(train), subset(data))).toEqual([problem])
    expect(datasetProblems(trainSchema.parse({}), subset(data))).toEqual([])
    expect(datasetProblems(trainSchema.parse(train), subset({}))).toEqual([])
  })

  it('let latents be kept of pictures that are mirrored', () => {
    const train = trainSchema.parse({ cacheLatents: true })
    expect(datasetProblems(train, subset({ flipAug: true }))).toEqual([])
  })
})
