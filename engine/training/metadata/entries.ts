import { type PythonValue, pythonFloat, pythonJson } from '../../lora/save/python-text.ts'
import type { TrainSettings } from '../settings.ts'
import type { BaseFacts, DataFacts, FolderFacts, TrainingFacts } from './facts.ts'

/** The `ss_` entries that are not settings: how far the run came, its pictures, its checkpoint. */

type Entries = Record<string, PythonValue>

/** When a run was, how far it came and how far it was to go. */
export function runEntries({ run, data }: TrainingFacts): Entries {
  return {
    ss_session_id: run.session,
    ss_training_started_at: pythonFloat(run.startedAt / 1000),
    ss_training_finished_at: pythonFloat(run.finishedAt / 1000),
    ss_steps: run.steps,
    ss_epoch: run.epochs,
    ss_max_train_steps: run.maxSteps,
    ss_num_epochs: run.maxEpochs,
    ss_num_batches_per_epoch: run.batchesPerEpoch,
    ss_num_train_images: data.trainImages,
    ss_num_validation_images: data.validationImages,
    ss_num_reg_images: data.regularisationImages,
  }
}

/** The pictures, their sizes and what was done to their captions. */
export function dataEntries(data: DataFacts, settings: TrainSettings): Entries {
  const { bucketing, captions } = data
  const isClass = ({ isRegularisation }: FolderFacts) => isRegularisation
  return {
    ss_batch_size_per_device: data.batchSize,
    ss_total_batch_size: data.batchSize * settings.gradientAccumulationSteps,
    ss_resolution: data.resolution.join(','),
    ss_color_aug: data.colorAug,
    ss_flip_aug: data.flipAug,
    ss_random_crop: data.randomCrop,
    ss_resize_interpolation: data.resizeInterpolation,
    ss_shuffle_caption: captions.shuffle,
    ss_keep_tokens: captions.keepTokens,
    ss_caption_dropout_rate: pythonFloat(captions.dropoutRate),
    ss_caption_dropout_every_n_epochs: captions.dropoutEveryNEpochs,
    ss_caption_tag_dropout_rate: pythonFloat(captions.tagDropoutRate),
    ss_enable_bucket: bucketing.enabled,
    ss_bucket_no_upscale: bucketing.noUpscale,
    ss_min_bucket_reso: bucketing.enabled ? bucketing.smallest : null,
    ss_max_bucket_reso: bucketing.enabled ? bucketing.largest : null,
    ss_bucket_info: pythonJson(bucketInfo(data)),
    ss_dataset_dirs: pythonJson(folderCounts(data.folders.filter((one) => !isClass(one)))),
    ss_reg_dataset_dirs: pythonJson(folderCounts(data.folders.filter(isClass))),
    ss_tag_frequency: pythonJson(
      Object.fromEntries(data.folders.map(({ name, tags }) => [name, tags])),
    ),
  }
}

/** Family -> the name that kohya's files have for it. */
const versions: Readonly<Record<string, (base: BaseFacts) => string>> = {
  sd15: () => 'sd_v1',
  sd2: ({ prediction }) => (prediction === 'v' ? 'sd_v2_v' : 'sd_v2'),
  sdxl: () => 'sdxl_base_v1-0',
}

/** The checkpoint, and a VAE of its own where there was one. */
export function baseEntries({ base, vae }: Pick<TrainingFacts, 'base' | 'vae'>): Entries {
  return {
    ss_v2: base.family === 'sd2',
    ss_base_model_version: versions[base.family]?.(base) ?? base.family,
    ss_sd_model_name: base.name,
    ...(base.hashes && {
      ss_sd_model_hash: base.hashes.short,
      ss_new_sd_model_hash: base.hashes.sha256,
    }),
    ...(vae && { ss_vae_name: vae.name }),
    ...(vae?.hashes && { ss_vae_hash: vae.hashes.short, ss_new_vae_hash: vae.hashes.sha256 }),
  }
}

function bucketInfo({ buckets, meanAspectError }: DataFacts): Entries {
  const entries = buckets.map(({ width, height, count }, index) => [
    String(index),
    { resolution: [width, height], count },
  ])
  return { buckets: Object.fromEntries(entries), mean_img_ar_error: meanAspectError }
}

function folderCounts(folders: readonly FolderFacts[]): Entries {
  const entries = folders.map(({ name, repeats, images }) => [
    name,
    { n_repeats: repeats, img_count: images },
  ])
  return Object.fromEntries(entries)
}
