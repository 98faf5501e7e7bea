import { datasetSchema, subsetSchema } from '../../dataset/settings.ts'
import { trainSchema } from '../settings.ts'
import type { KeyTable, Reader } from './collect.ts'
import { subsetKeys, subsetOnlyKeys } from './kohya-dataset-keys.ts'
import { networkArgs } from './kohya-network.ts'
import { optimizerArgs } from './kohya-optimizer.ts'
import { kohyaOptions, snakeCase } from './kohya-options.ts'
import { isOff, to, withoutEffect } from './readers.ts'

/**
 * The keys of plain YAML. Capitals, spaces, hyphens and underscores count the same; a table around
 * keys counts only where the same word means something else elsewhere (`optimizer: {name: …}`).
 * Besides these, every setting of mazeru and every option of sd-scripts is a key.
 */
export const plainAliases: Readonly<Record<string, readonly string[]>> = {
  pretrained_model_name_or_path: [
    ...['model', 'base_model', 'checkpoint', 'model_path', 'model_name', 'pretrained_model'],
    ...['model.path', 'model.name', 'model.file', 'model.checkpoint', 'model.name_or_path'],
  ],
  image_dir: [
    ...['images', 'image_folder', 'pictures', 'data', 'dataset', 'data_dir', 'train_data'],
    ...['train_data_dir', 'dataset_path', 'dataset_dir', 'instance_data_dir', 'image_path'],
    ...['dataset.path', 'dataset.folder', 'dataset.dir', 'dataset.images', 'dataset.folder_path'],
  ],
  num_repeats: ['repeats', 'dataset.repeat', 'repeat'],
  resolution: ['size', 'image_size', 'picture_size'],
  enable_bucket: ['buckets', 'bucketing', 'aspect_buckets'],
  caption_extension: ['caption_ext', 'caption_ending'],
  shuffle_caption: ['shuffle', 'shuffle_captions', 'shuffle_tags'],
  caption_dropout_rate: ['caption_dropout'],
  flip_aug: ['flip', 'random_flip', 'horizontal_flip'],
  class_tokens: ['class_prompt', 'instance_prompt', 'default_caption'],
  train_batch_size: ['batch', 'batch_size'],
  max_train_epochs: ['epochs', 'num_epochs', 'max_epochs', 'num_train_epochs', 'train_epochs'],
  max_train_steps: ['steps', 'max_steps', 'num_steps', 'train_steps', 'iterations'],
  gradient_accumulation_steps: ['gradient_accumulation', 'grad_accum', 'accumulation_steps'],
  gradient_checkpointing: ['checkpointing'],
  seed: ['random_seed'],
  learning_rate: ['lr', 'rate', 'optimizer.lr', 'optimizer.learning_rate'],
  unet_lr: ['unet_learning_rate'],
  text_encoder_lr: ['text_encoder_learning_rate', 'te_lr'],
  optimizer_type: ['optimizer', 'optimiser', 'optimizer.name', 'optimizer.type'],
  lr_scheduler: [
    ...['scheduler', 'schedule', 'learning_rate_scheduler', 'lr_schedule'],
    ...['scheduler.name', 'scheduler.type'],
  ],
  lr_warmup_steps: ['warmup', 'warmup_steps', 'scheduler.warmup', 'learning_rate_warmup_steps'],
  lr_scheduler_num_cycles: ['cycles', 'num_cycles'],
  max_grad_norm: ['clip', 'grad_clip', 'gradient_clipping', 'clip_grad_norm'],
  network_module: ['algorithm', 'lora_type', 'lora.type', 'network_type', 'lora.algorithm'],
  network_dim: ['rank', 'dim', 'lora_rank', 'network_rank', 'lora.r', 'lora.rank'],
  network_alpha: ['alpha', 'lora_alpha'],
  network_dropout: ['dropout', 'lora_dropout'],
  conv_dim: ['conv_rank'],
  min_snr_gamma: ['snr_gamma', 'min_snr'],
  loss_type: ['loss'],
  mixed_precision: ['precision', 'dtype'],
  output_name: ['name', 'lora_name', 'output.name', 'run_name'],
  output_dir: ['output', 'output_folder', 'output_path', 'output.dir', 'output.path', 'folder'],
  save_every_n_steps: ['save_every', 'save_steps', 'checkpointing_steps', 'save.every'],
  save_every_n_epochs: ['save_every_epochs', 'save_epochs'],
  sample_every_n_steps: ['sample_every', 'sample_steps', 'samples.every'],
  sample_every_n_epochs: ['sample_every_epochs'],
  validation_split: ['validation', 'validation_share'],
  early_stop_patience: ['patience', 'early_stopping', 'early_stopping_patience'],
  cache_latents: ['latent_cache'],
  ema: ['use_ema'],
  trigger_words: ['trigger', 'trigger_word', 'triggers'],
  metadata_license: ['licence', 'license'],
  metadata_author: ['author'],
  metadata_title: ['title'],
  metadata_description: ['description'],
  metadata_tags: ['tags'],
}

/** Tables around keys, by what they are about; '' where they mean nothing by themselves. */
export const plainTables: Readonly<Record<string, string>> = {
  ...named('', 'train', 'training', 'config', 'settings', 'params', 'hyperparameters', 'loop'),
  ...named('model', 'model', 'base_model'),
  ...named('dataset', 'dataset', 'data', 'images'),
  ...named('optimizer', 'optimizer', 'optimiser'),
  ...named('scheduler', 'scheduler', 'schedule', 'lr_scheduler'),
  ...named('lora', 'lora', 'network'),
  ...named('output', 'output'),
  ...named('save', 'save', 'saving'),
  ...named('samples', 'sample', 'samples', 'sampling'),
  ...named('', 'validation', 'loss', 'noise', 'metadata'),
}

/** Keys that the files of nobody else have. */
const ownKeys: KeyTable = {
  ...settingNames(trainSchema.shape, 'train'),
  ...settingNames(datasetSchema.shape, 'dataset'),
  ...settingNames(subsetSchema.shape, 'subset'),
  trigger_words: (value) => ({
    outcome: 'mapped',
    to: 'train.triggerWords',
    value: Array.isArray(value)
      ? value
      : String(value)
          .split(',')
          .map((word) => word.trim()),
  }),
  train_text_encoder: (value) => ({
    outcome: 'mapped',
    to: 'train.networkTrainUnetOnly',
    value: isOff(value),
  }),
  weight_decay: to('train.optimizerArgs.weightDecay'),
  device: withoutEffect('the device is chosen when the workflow is run'),
}

/** Every key of plain YAML; those of the optimizer depend on which one it is. */
export function plainKeys(optimizer: unknown): KeyTable {
  const base: KeyTable = {
    ...ownKeys,
    ...networkArgs,
    ...prefixed('optimizer.', optimizerArgs(optimizer)),
    ...subsetKeys,
    ...subsetOnlyKeys,
    ...kohyaOptions,
  }
  const aliases = Object.entries(plainAliases).flatMap(([name, list]) =>
    list.map((alias): [string, Reader] => [alias, base[name]!]),
  )
  return { ...base, ...Object.fromEntries(aliases) }
}

function settingNames(shape: Readonly<Record<string, unknown>>, section: string): KeyTable {
  const names = Object.keys(shape)
  return Object.fromEntries(names.map((name) => [snakeCase(name), to(`${section}.${name}`)]))
}

function prefixed(prefix: string, table: KeyTable): KeyTable {
  return Object.fromEntries(Object.entries(table).map(([key, reader]) => [prefix + key, reader]))
}

function named(meaning: string, ...tables: readonly string[]): Record<string, string> {
  return Object.fromEntries(tables.map((table) => [table, meaning]))
}
