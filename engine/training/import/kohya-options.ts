import type { Answer, KeyTable } from './collect.ts'
import { captionKeys, datasetKeys } from './kohya-dataset-keys.ts'
import { networkKeys } from './kohya-network.ts'
import { optimizerKeys } from './kohya-optimizer.ts'
import { kohyaWithoutEffect } from './kohya-without-effect.ts'
import {
  choose,
  isOff,
  off,
  refuse,
  to,
  toAboveZero,
  toUnlessEmpty,
  toWith,
  withoutEffect,
} from './readers.ts'

/** Options of sd-scripts whose setting in mazeru has the same name in camelCase. */
const sameNames = [
  ...['max_train_epochs', 'gradient_accumulation_steps', 'max_train_steps', 'seed'],
  ...['output_name', 'save_every_n_epochs', 'save_every_n_steps', 'save_last_n_epochs'],
  ...['save_last_n_steps', 'save_state', 'save_state_on_train_end', 'no_metadata'],
  ...['training_comment', 'metadata_title', 'metadata_author', 'metadata_description'],
  ...['metadata_license', 'metadata_tags', 'sample_every_n_steps', 'sample_every_n_epochs'],
  ...['sample_at_first', 'validation_split', 'validation_seed', 'validate_every_n_steps'],
  ...['validate_every_n_epochs', 'max_validation_steps', 'cache_latents'],
  ...['cache_latents_to_disk', 'cache_text_encoder_outputs', 'cache_text_encoder_outputs_to_disk'],
  ...['clip_skip', 'noise_offset', 'noise_offset_random_strength', 'multires_noise_iterations'],
  ...['multires_noise_discount', 'ip_noise_gamma', 'ip_noise_gamma_random_strength'],
  ...['adaptive_noise_scale', 'zero_terminal_snr', 'min_timestep', 'max_timestep', 'loss_type'],
  ...['huber_schedule', 'huber_c', 'huber_scale', 'min_snr_gamma', 'debiased_estimation_loss'],
  ...['scale_v_pred_loss_like_noise_pred', 'v_pred_like_loss', 'prior_loss_weight'],
  ...['masked_loss', 'sigmoid_scale', 'logit_mean', 'logit_std'],
]

/** What sd-scripts calls by an empty value, zero included. */
const zeroIsOff = new Set(['min_snr_gamma', 'v_pred_like_loss', 'multires_noise_iterations'])

/** Every option of `train_network.py`, on its command line or in its configuration file. */
export const kohyaOptions: KeyTable = {
  ...kohyaWithoutEffect,
  ...Object.fromEntries(
    sameNames.map((name) => {
      const target = `train.${camelCase(name)}`
      return [name, zeroIsOff.has(name) ? toAboveZero(target) : toUnlessEmpty(target)]
    }),
  ),
  ...networkKeys,
  ...optimizerKeys,
  ...datasetKeys,
  ...captionKeys,
  conditioning_data_dir: toUnlessEmpty('subset.conditioningDataDir'),
  in_json: toUnlessEmpty('subset.metadataFile'),
  dataset_repeats: toUnlessEmpty('subset.numRepeats'),
  validation_split: to('train.validationSplit'),
  validation_seed: toUnlessEmpty('train.validationSeed'),
  prior_loss_weight: to('train.priorLossWeight'),
  train_batch_size: (value) => [
    { outcome: 'mapped', to: 'train.trainBatchSize', value },
    { outcome: 'mapped', to: 'dataset.batchSize', value },
  ],
  pretrained_model_name_or_path: to('model.checkpoint'),
  vae: toUnlessEmpty('model.vae'),
  v_parameterization: (value) =>
    isOff(value) ? off() : { outcome: 'mapped', to: 'model.prediction', value: 'v' },
  max_token_length: toUnlessEmpty('train.maxTokenLength'),
  gradient_checkpointing: toWith('train.gradientCheckpointing', (value) =>
    isOff(value) ? 'none' : 'block',
  ),
  save_precision: choose({
    null: { outcome: 'mapped', to: 'train.savePrecision', value: 'float' },
    ...savedAs('float', 'float'),
    ...savedAs('fp16', 'fp16'),
    ...savedAs('bf16', 'bf16'),
  }),
  save_model_as: choose({
    null: { outcome: 'mapped', why: 'safetensors' },
    safetensors: { outcome: 'mapped', why: 'the only form' },
  }),
  save_n_epoch_ratio: saveRatio,
  save_last_n_epochs_state: withoutEffect('the newest states are kept'),
  save_last_n_steps_state: withoutEffect('the newest states are kept'),
  mixed_precision: (value) =>
    isOff(value) || value === 'no'
      ? { outcome: 'mapped', why: 'float32' }
      : { outcome: 'approximated', why: 'mazeru computes in float32: more exact, and more memory' },
  timestep_sampling: choose({
    sigma: { outcome: 'mapped', to: 'train.timestepDistribution', value: 'uniform' },
    uniform: { outcome: 'mapped', to: 'train.timestepDistribution', value: 'uniform' },
    sigmoid: { outcome: 'mapped', to: 'train.timestepDistribution', value: 'sigmoid' },
  }),
  weighting_scheme: choose({
    none: { outcome: 'mapped', why: 'off' },
    uniform: { outcome: 'mapped', to: 'train.timestepDistribution', value: 'uniform' },
    logit_normal: { outcome: 'mapped', to: 'train.timestepDistribution', value: 'logit-normal' },
  }),
  alpha_mask: (value) =>
    isOff(value)
      ? off()
      : [
          { outcome: 'mapped', to: 'subset.alphaMask', value: true },
          { outcome: 'mapped', to: 'train.maskedLoss', value: true },
        ],
  weighted_captions: refuse('brackets in captions are read as they stand'),
}

/** `network_dim` -> `networkDim`. */
export function camelCase(name: string): string {
  return name.replace(/_+(\w)/g, (_, letter: string) => letter.toUpperCase())
}

/** `networkDim`, `Network-Dim` and `network dim` -> `network_dim`. */
export function snakeCase(name: string): string {
  return name
    .trim()
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/[\s_-]+/g, '_')
    .toLowerCase()
}

function savedAs(name: string, value: string): Record<string, Answer> {
  return { [name]: { outcome: 'mapped', to: 'train.savePrecision', value } }
}

/** sd-scripts saves so often that this many files come out. */
function saveRatio(value: unknown, all: ReadonlyMap<string, unknown>): Answer {
  if (isOff(value)) return off()
  const epochs = Number(all.get('max_train_epochs'))
  if (!(epochs > 0)) {
    return { outcome: 'refused', why: 'only with max_train_epochs; use save_every_n_epochs' }
  }
  const every = Math.max(1, Math.floor(epochs / Number(value)))
  return { outcome: 'mapped', to: 'train.saveEveryNEpochs', value: every }
}
