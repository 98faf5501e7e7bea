import { describe, expect, test } from 'vitest'
import type { Bucket } from '../../engine/dataset/buckets.ts'
import { datasetSchema, subsetSchema } from '../../engine/dataset/settings.ts'
import { optimizerText } from '../../engine/training/metadata/optimizer-text.ts'
import { dataFacts, type TrainingFacts, trainingMetadata } from '../../engine/training/metadata.ts'
import { type TrainSettingsInput, trainSchema } from '../../engine/training/settings.ts'
import { goldenJson } from '../support/golden.ts'

const golden = goldenJson('models/training/kohya_metadata_example.json') as {
  metadata: Record<string, string>
  minimum_keys: string[]
}

/** What the file that writes the tensors adds, and hashes that the example leaves open. */
const notHere = /^sshs_|_hash$/

describe('the metadata of a training run', () => {
  const found = trainingMetadata(facts())

  test('has every key of a file by kohya', () => {
    const keys = Object.keys(golden.metadata).filter((key) => !notHere.test(key))
    expect(keys.filter((key) => !(key in found))).toEqual([])
    expect(golden.minimum_keys.filter((key) => !(key in found))).toEqual([])
  })

  const entries = Object.entries(golden.metadata).filter(([key]) => !notHere.test(key))
  test.each(entries)('has %s as kohya writes it', (key, text) => {
    // A whole number is 0 here and 0.0 there; both are JSON for the same.
    if (text.startsWith('{')) expect(JSON.parse(found[key]!)).toEqual(JSON.parse(text))
    else expect(found[key]).toBe(text)
  })

  test('has no value that is not a text', () => {
    expect(Object.values(found).filter((value) => typeof value !== 'string')).toEqual([])
    expect(Object.values(found).filter((text) => /undefined|NaN|\[object/.test(text))).toEqual([])
  })

  test('names the checkpoint by both of its hashes', () => {
    const hashes = { sha256: 'ab'.repeat(32), short: '12345678' }
    const { base } = facts()
    expect(trainingMetadata({ ...facts(), base: { ...base, hashes } })).toMatchObject({
      ss_sd_model_hash: '12345678',
      ss_new_sd_model_hash: 'ab'.repeat(32),
    })
  })

  test('carries what a person says of the LoRA', () => {
    const settings = settingsOf({
      metadataTitle: 'Ink',
      metadataAuthor: 'A. Person',
      metadataLicense: 'CC0-1.0',
      triggerWords: ['ink wash', 'sumi-e'],
      clipSkip: 2,
      minTimestep: 100,
    })
    expect(trainingMetadata({ ...facts(), settings })).toMatchObject({
      'modelspec.title': 'Ink',
      'modelspec.author': 'A. Person',
      'modelspec.license': 'CC0-1.0',
      'modelspec.trigger_phrase': 'ink wash, sumi-e',
      'modelspec.encoder_layer': '2',
      'modelspec.timestep_range': '100,1000',
      ss_clip_skip: '2',
    })
    expect(found).not.toHaveProperty('modelspec.author')
  })

  test('says which form the LoRA has', () => {
    const settings = settingsOf({ networkAlgorithm: 'dora', networkAlpha: 0, convDim: 8 })
    const metadata = trainingMetadata({ ...facts(), settings })
    expect(metadata).toMatchObject({
      ss_network_module: 'lycoris.kohya',
      ss_network_dim: '4',
      ss_network_alpha: '4.0',
    })
    expect(JSON.parse(metadata.ss_network_args!)).toEqual({
      algo: 'locon',
      dora_wd: 'True',
      conv_dim: '8',
      conv_alpha: '2.0',
    })
  })

  test('is empty where the user wants none', () => {
    const settings = settingsOf({ noMetadata: true })
    expect(trainingMetadata({ ...facts(), settings })).toEqual({})
  })
})

describe('what a dataset tells', () => {
  const train = subsetSchema.parse({ imageDir: 'cats/10_cat', numRepeats: 10, keepTokens: 1 })
  const regularisation = subsetSchema.parse({ imageDir: '1_animal', isReg: true })
  const settings = datasetSchema.parse({ subsets: [train, regularisation], enableBucket: true })
  const items = [
    item('cats/10_cat/a.png', 'Cat, outdoors', { licence: 'CC0-1.0', source: 'own photo' }),
    item('cats/10_cat/b.png', 'cat,, grass ', {}),
    item('1_animal/c.png', 'animal', { repeats: 1, isRegularisation: true }),
  ]
  const buckets: Bucket[] = [
    bucketOf(512, 512, [items[0]!, items[2]!], 0),
    bucketOf(448, 576, [items[1]!], -0.03),
  ]
  const dataset = { items, settings, key: 'content', problems: [] } as never
  const found = dataFacts(dataset, buckets, { name: 'pictures' })

  test('counts pictures with their repeats', () => {
    expect(found).toMatchObject({ trainImages: 20, regularisationImages: 1, validationImages: 0 })
    expect(found.buckets).toEqual([
      { width: 512, height: 512, count: 11 },
      { width: 448, height: 576, count: 10 },
    ])
    expect(found.meanAspectError).toBeCloseTo(0.01, 12)
  })

  test('counts tags of a folder without repeats, in small letters', () => {
    expect(found.folders).toEqual([
      {
        name: '10_cat',
        repeats: 10,
        images: 2,
        isRegularisation: false,
        tags: { cat: 2, outdoors: 1, grass: 1 },
      },
      { name: '1_animal', repeats: 1, images: 1, isRegularisation: true, tags: { animal: 1 } },
    ])
  })

  test('carries licences and sources of the pictures, those without included', () => {
    const metadata = trainingMetadata({ ...facts(), data: found })
    expect(JSON.parse(metadata['mazeru.dataset_licences']!)).toEqual({ 'CC0-1.0': 1, '': 2 })
    expect(JSON.parse(metadata['mazeru.dataset_sources']!)).toEqual(['own photo'])
  })

  function item(path: string, caption: string, more: object) {
    const isReg = path.startsWith('1_')
    const subset = isReg ? regularisation : train
    const plain = { repeats: 10, isRegularisation: false, captions: [caption] }
    return { key: path, path, width: 600, height: 600, caption, subset, ...plain, ...more }
  }

  function bucketOf(width: number, height: number, members: typeof items, aspectError: number) {
    const bucket = { width, height }
    const fit = { bucket, resized: bucket, left: 0, top: 0, lost: 0, aspectError }
    return { ...bucket, placements: members.map((item, index) => ({ item, index, ...fit })) }
  }
})

test('an optimizer is named as in kohya, with the arguments it was given', () => {
  expect(optimizerText('adamw', {})).toBe('torch.optim.adamw.AdamW')
  expect(optimizerText('adamw', { betas: [0.9, 0.99], eps: 1e-8, weightDecay: 0.01 })).toBe(
    'torch.optim.adamw.AdamW(betas=(0.9, 0.99),eps=1e-08,weight_decay=0.01)',
  )
  expect(optimizerText('sgd-nesterov', { nesterov: true })).toBe(
    'torch.optim.sgd.SGD(nesterov=True)',
  )
  expect(optimizerText('own', {})).toBe('own')
})

function settingsOf(settings: TrainSettingsInput) {
  return trainSchema.parse({
    outputName: 'my_lora',
    networkAlpha: 2,
    convDim: 4,
    convAlpha: 2,
    seed: 42,
    minSnrGamma: 5,
    cacheLatents: true,
    ...settings,
  })
}

/** The run that the example of kohya's metadata is of. */
function facts(): TrainingFacts {
  return {
    settings: settingsOf({}),
    optimizer: {
      name: 'adamw',
      args: { weightDecay: 0.01 },
      learningRate: 1e-4,
      unetRate: 1e-4,
      textEncoderRate: 5e-5,
      scheduler: 'cosine',
      warmupSteps: 0,
      maxGradNorm: 1,
    },
    run: {
      session: 1234567890,
      startedAt: 1_700_000_000_000,
      finishedAt: 1_700_000_600_000,
      steps: 200,
      epochs: 10,
      maxSteps: 200,
      maxEpochs: 10,
      batchesPerEpoch: 20,
    },
    data: {
      trainImages: 40,
      validationImages: 0,
      regularisationImages: 0,
      folders: [
        {
          name: '10_cat',
          repeats: 10,
          images: 4,
          isRegularisation: false,
          tags: { cat: 4, outdoors: 2 },
        },
      ],
      buckets: [{ width: 512, height: 512, count: 40 }],
      meanAspectError: 0,
      batchSize: 2,
      resolution: [512, 512],
      bucketing: { enabled: true, noUpscale: false, smallest: 256, largest: 1024 },
      captions: {
        shuffle: false,
        keepTokens: 0,
        dropoutRate: 0,
        dropoutEveryNEpochs: 0,
        tagDropoutRate: 0,
      },
      colorAug: false,
      flipAug: false,
      randomCrop: false,
      licences: {},
      sources: [],
      key: 'content',
    },
    base: { name: 'tiny-sd15-fp16.safetensors', family: 'sd15', prediction: 'epsilon' },
  }
}
