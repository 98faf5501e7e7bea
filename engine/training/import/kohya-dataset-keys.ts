import type { KeyTable } from './collect.ts'
import { isEmpty, off, refuse, to, toUnlessEmpty, toWith, withoutEffect } from './readers.ts'

/** Keys of kohya's dataset files. A subset's keys may stand at the dataset and above it too. */

/** Keys that a dataset may have, and its subsets not. */
export const datasetKeys: KeyTable = {
  batch_size: to('dataset.batchSize'),
  resolution: toWith('dataset.resolution', sizes),
  enable_bucket: to('dataset.enableBucket'),
  min_bucket_reso: to('dataset.minBucketReso'),
  max_bucket_reso: to('dataset.maxBucketReso'),
  bucket_reso_steps: to('dataset.bucketResoSteps'),
  bucket_no_upscale: to('dataset.bucketNoUpscale'),
  network_multiplier: to('dataset.networkMultiplier'),
  validation_split: to('dataset.validationSplit'),
  validation_seed: toUnlessEmpty('dataset.validationSeed'),
  prior_loss_weight: to('dataset.priorLossWeight'),
}

/** What a picture's caption and its crop are made by. */
export const captionKeys: KeyTable = {
  caption_extension: extensions,
  caption_extention: extensions,
  shuffle_caption: to('subset.shuffleCaption'),
  caption_separator: to('subset.captionSeparator'),
  keep_tokens: to('subset.keepTokens'),
  keep_tokens_separator: toUnlessEmpty('subset.keepTokensSeparator'),
  secondary_separator: toUnlessEmpty('subset.secondarySeparator'),
  enable_wildcard: to('subset.enableWildcard'),
  caption_prefix: toUnlessEmpty('subset.captionPrefix'),
  caption_suffix: toUnlessEmpty('subset.captionSuffix'),
  caption_dropout_rate: to('subset.captionDropoutRate'),
  caption_dropout_every_n_epochs: to('subset.captionDropoutEveryNEpochs'),
  caption_tag_dropout_rate: to('subset.captionTagDropoutRate'),
  token_warmup_min: to('subset.tokenWarmupMin'),
  token_warmup_step: to('subset.tokenWarmupStep'),
  color_aug: to('subset.colorAug'),
  flip_aug: to('subset.flipAug'),
  random_crop: to('subset.randomCrop'),
  alpha_mask: to('subset.alphaMask'),
  resize_interpolation: toUnlessEmpty('subset.resizeInterpolation'),
  face_crop_aug_range: refuse('faces are not looked for'),
}

/** Keys that only a subset may have. */
export const subsetOnlyKeys: KeyTable = {
  image_dir: to('subset.imageDir'),
  metadata_file: to('subset.metadataFile'),
  conditioning_data_dir: to('subset.conditioningDataDir'),
  is_reg: to('subset.isReg'),
}

/** Keys of a subset, which datasets and `[general]` hand down. */
export const subsetKeys: KeyTable = {
  ...captionKeys,
  num_repeats: to('subset.numRepeats'),
  class_tokens: toUnlessEmpty('subset.classTokens'),
  dataset_repeats: to('subset.numRepeats'),
  custom_attributes: to('subset.customAttributes'),
  cache_info: withoutEffect('latents and texts are kept by content'),
}

const endings = ['.txt', '.caption']

/** sd-scripts looks for one ending; the other usual one is looked for after it. */
function extensions(value: unknown) {
  if (isEmpty(value)) return off()
  const given = String(value)
  const all = [given, ...endings.filter((ending) => ending !== given)]
  const why = `${all.slice(1).join(' and ')} looked for too where it is missing`
  return { outcome: 'mapped', to: 'subset.captionExtensions', value: all, why } as const
}

/** `512`, `"512"`, `"512,768"`, `[512, 768]`. */
export function sizes(value: unknown): unknown {
  if (typeof value !== 'string') return value
  const numbers = value.split(/[,x]/).map(Number)
  return numbers.length === 1 ? numbers[0] : numbers
}
