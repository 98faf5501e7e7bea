import type { KeyTable, Reader } from './collect.ts'
import { optimizerArgs, optimizerName } from './kohya-optimizer.ts'
import {
  choose,
  isOff,
  noted,
  off,
  refuse,
  to,
  toAboveZero,
  toUnlessEmpty,
  withoutEffect,
} from './readers.ts'

/** Keys of OneTrainer's JSON, tables within tables with dots. */

const float32 = 'mazeru computes in float32: more exact, and more memory'
const placed = 'mazeru places data and weights by itself'
const otherModel = 'belongs to models that mazeru does not train'
const strengths = { l2: 'mse_strength', l1: 'mae_strength', huber: 'huber_strength' } as const

/** Every table of a key that says nothing about a LoRA of SD 1.x, by its name. */
export const oneTrainerIgnored: Readonly<Record<string, string>> = {
  ...all(otherModel, 'prior', 'transformer', 'unconditional_transformer', 'text_encoder_2'),
  ...all(otherModel, 'text_encoder_3', 'text_encoder_4', 'effnet_encoder', 'decoder'),
  ...all(otherModel, 'decoder_text_encoder', 'decoder_vqgan', 'quantization'),
  ...all('embeddings are not trained along', 'embedding', 'embeddings', 'additional_embeddings'),
  ...all('settings of other optimizers', 'optimizer_defaults'),
  ...all('nothing is sent to other machines', 'cloud', 'secrets'),
}

/** Keys of a configuration; those of the optimizer depend on which one it is. */
export function oneTrainerKeys(optimizer: unknown): KeyTable {
  const args = optimizerArgs(optimizer)
  const known = Object.entries(args).map(([key, reader]) => [`optimizer.${key}`, reader])
  return {
    ...ignoredKeys,
    ...Object.fromEntries(known),
    'optimizer.optimizer': optimizerName,
    'optimizer.beta1': noted('with beta2'),
    'optimizer.beta2': betas,
    ...keys,
  }
}

const ignoredKeys: KeyTable = {
  ...readers(withoutEffect('a run is written below output/training, with its log and chart'), [
    ...['workspace_dir', 'cache_dir', 'debug_mode', 'debug_dir', 'tensorboard'],
    ...['tensorboard_expose', 'tensorboard_always_on', 'tensorboard_port', 'prevent_overwrites'],
    ...['include_train_config', 'output_model_destination', 'save_filename_prefix'],
    ...['samples_to_tensorboard', 'sample_image_format', 'sample_video_format'],
    ...['sample_audio_format', '__version', 'sample_definition_file_name'],
  ]),
  ...readers(withoutEffect(placed), [
    ...['train_device', 'temp_device', 'multi_gpu', 'device_indexes', 'compile'],
    ...['gradient_reduce_precision', 'fused_gradient_reduce', 'async_gradient_reduce'],
    ...[
      'async_gradient_reduce_buffer',
      'async_offloading',
      'caching_threads',
      'dataloader_threads',
    ],
    ...['prefetch_next_batch', 'attention_mechanism', 'clear_cache_before_training'],
    ...['enable_async_offloading', 'enable_activation_offloading', 'layer_offload_fraction'],
    ...['enable_autocast_cache', 'image_caching', 'unet.offload_fraction'],
    ...['unet.activation_offloading', 'text_encoder.offload_fraction', 'gradient_reduce_prevision'],
    ...['text_encoder.activation_offloading', 'optimizer.fused', 'optimizer.foreach'],
  ]),
  ...readers(withoutEffect(float32), [
    ...['train_dtype', 'fallback_train_dtype', 'weight_dtype', 'lora_weight_dtype'],
    ...['embedding_weight_dtype', 'unet.weight_dtype', 'text_encoder.weight_dtype'],
    ...['vae.weight_dtype', 'optimizer.stochastic_rounding'],
  ]),
  ...readers(refuse(otherModel), [
    ...['vb_loss_strength', 'timestep_shift', 'dynamic_timestep_shifting', 'cep_gamma', 'frames'],
    ...['unet.attention_mask', 'text_encoder.attention_mask', 'text_encoder_2_layer_skip'],
    ...['text_encoder_3_layer_skip', 'text_encoder_4_layer_skip', 'oft_clipped_norm'],
    ...['text_encoder_2_sequence_length', 'force_epsilon_prediction', 'generalized_offset_noise'],
    ...['oft_block_share', 'dora_oft', 'oft_scaled', 'oft_cans', 'custom_conditioning_image'],
  ]),
  ...readers(refuse('not part of mazeru'), [
    ...['log_cosh_strength', 'masked_prior_preservation_weight', 'unmasked_probability'],
    ...['normalize_masked_area_loss', 'preserve_embedding_norm', 'bundle_additional_embeddings'],
    ...['only_cache', 'layer_filter', 'layer_filter_regex', 'force_circular_padding'],
    ...['lora_decompose_norm_epsilon', 'custom_learning_rate_scheduler', 'scheduler_params'],
    ...['sample_skip_first', 'save_skip_first', 'ema_update_step_interval', 'continue_last_backup'],
    ...['unet.stop_training_after', 'text_encoder.stop_training_after'],
    ...['unet.dropout_probability', 'text_encoder.dropout_probability'],
  ]),
  ...readers(
    () => off(),
    [
      ...['unet.stop_training_after_unit', 'text_encoder.stop_training_after_unit'],
      ...['unet.model_name', 'text_encoder.model_name', 'vae.train', 'vae.include', 'unet.include'],
      ...['text_encoder.include', 'unet.guidance_scale', 'text_encoder.guidance_scale'],
      ...['text_encoder.train_embedding', 'unet.train_embedding', 'embedding_learning_rate'],
      ...[
        'oft_block_size',
        'layer_filter_preset',
        'lora_layers',
        'huber_delta',
        'backup_after_unit',
      ],
      ...['rolling_backup', 'rolling_backup_count', 'backup_before_save', 'non_ema_sampling'],
      ...['save_every_unit', 'sample_after_unit', 'validate_after_unit', 'loss_weight_strength'],
      ...['noising_weight', 'noising_bias', 'lora_decompose_output_axis', 'lokr_vec_trick'],
      ...[
        'learning_rate_cycles',
        'text_caching',
        'base_model_type',
        'lokr_dim',
        'vae.learning_rate',
      ],
      ...['text_encoder.gradient_checkpointing', 'unmasked_weight', 'lokr_dora_on_output'],
    ],
  ),
}

const keys: KeyTable = {
  training_method: choose({ LORA: { outcome: 'mapped', why: 'a LoRA' } }),
  model_type: choose({
    STABLE_DIFFUSION_15: { outcome: 'mapped', why: 'Stable Diffusion 1.x' },
    STABLE_DIFFUSION_15_INPAINTING: { outcome: 'mapped', why: 'Stable Diffusion 1.x' },
  }),
  base_model_name: to('model.checkpoint'),
  'vae.model_name': toUnlessEmpty('model.vae'),
  output_dtype: choose({
    FLOAT_32: { outcome: 'mapped', to: 'train.savePrecision', value: 'float' },
    FLOAT_16: { outcome: 'mapped', to: 'train.savePrecision', value: 'fp16' },
    BFLOAT_16: { outcome: 'mapped', to: 'train.savePrecision', value: 'bf16' },
  }),
  output_model_format: choose({ SAFETENSORS: { outcome: 'mapped', why: 'the only form' } }),
  aspect_ratio_bucketing: to('dataset.enableBucket'),
  latent_caching: to('train.cacheLatents'),
  resolution: resolutionOf,
  learning_rate: to('train.learningRate'),
  learning_rate_scheduler: (value) => ({
    outcome: 'mapped',
    to: 'train.lrScheduler',
    value: String(value).toLowerCase(),
  }),
  learning_rate_warmup_steps: to('train.lrWarmupSteps'),
  learning_rate_min_factor: refuse('the rate goes down to 0, but for cosine_with_min_lr'),
  learning_rate_scaler: scaled,
  loss_scaler: scaled,
  epochs: to('train.maxTrainEpochs'),
  batch_size: (value) => [
    { outcome: 'mapped', to: 'train.trainBatchSize', value },
    { outcome: 'mapped', to: 'dataset.batchSize', value },
  ],
  gradient_accumulation_steps: to('train.gradientAccumulationSteps'),
  ema: (value) => ({ outcome: 'mapped', to: 'train.ema', value: !isOff(value) }),
  ema_decay: to('train.emaDecay'),
  gradient_checkpointing: recomputed,
  'unet.gradient_checkpointing': recomputed,
  'unet.train': (value) =>
    isOff(value)
      ? { outcome: 'mapped', to: 'train.networkTrainTextEncoderOnly', value: true }
      : { outcome: 'mapped', why: 'always, if not switched off' },
  'unet.learning_rate': toUnlessEmpty('train.unetLr'),
  'text_encoder.train': (value) => ({
    outcome: 'mapped',
    to: 'train.networkTrainUnetOnly',
    value: isOff(value),
  }),
  'text_encoder.learning_rate': toUnlessEmpty('train.textEncoderLr'),
  text_encoder_layer_skip: (value) => ({
    outcome: 'mapped',
    to: 'train.clipSkip',
    value: Number(value) + 1,
  }),
  clip_grad_norm: (value) => ({ outcome: 'mapped', to: 'train.maxGradNorm', value: value ?? 0 }),
  peft_type: choose({
    LORA: { outcome: 'mapped', to: 'train.networkAlgorithm', value: 'lora' },
    LOHA: { outcome: 'mapped', to: 'train.networkAlgorithm', value: 'loha' },
    LOKR: { outcome: 'mapped', to: 'train.networkAlgorithm', value: 'lokr' },
  }),
  lora_model_name: toUnlessEmpty('train.networkWeights'),
  lora_rank: to('train.networkDim'),
  lora_alpha: to('train.networkAlpha'),
  lora_decompose: (value) =>
    isOff(value) ? off() : { outcome: 'mapped', to: 'train.networkAlgorithm', value: 'dora' },
  lokr_decompose_factor: (value, all) =>
    all.get('peft_type') === 'LOKR' ? { outcome: 'mapped', to: 'train.factor', value } : off(),
  ...readers(refuse('a form of LoKr that mazeru does not train'), [
    ...['lokr_decompose_both', 'lokr_use_tucker', 'lokr_weight_decompose', 'lokr_full_matrix'],
  ]),
  dropout_probability: to('train.networkDropout'),
  mse_strength: lossOf('l2'),
  mae_strength: lossOf('l1'),
  huber_strength: lossOf('huber'),
  loss_weight_fn: weightOf,
  offset_noise_weight: toAboveZero('train.noiseOffset'),
  perturbation_noise_weight: toAboveZero('train.ipNoiseGamma'),
  rescale_noise_scheduler_to_zero_terminal_snr: to('train.zeroTerminalSnr'),
  force_v_prediction: (value) =>
    isOff(value) ? off() : { outcome: 'mapped', to: 'model.prediction', value: 'v' },
  min_noising_strength: (value) => timestep('minTimestep', value),
  max_noising_strength: (value) => timestep('maxTimestep', value),
  timestep_distribution: choose({
    UNIFORM: { outcome: 'mapped', to: 'train.timestepDistribution', value: 'uniform' },
    SIGMOID: approximate('sigmoid'),
    LOGIT_NORMAL: approximate('logit-normal'),
  }),
  masked_training: to('train.maskedLoss'),
  seed: to('train.seed'),
  validation: (value) =>
    isOff(value)
      ? off()
      : { outcome: 'refused', why: 'set validationSplit: a share of the pictures' },
  validate_after: noted('with validation'),
  save_every: counted('save_every_unit', 'saveEvery'),
  sample_after: counted('sample_after_unit', 'sampleEvery'),
  backup_after: withoutEffect('set saveState and saveEveryNSteps for states to resume from'),
}

/** OneTrainer counts in epochs, steps or minutes. */
function counted(unit: string, setting: string): Reader {
  return (value, all) => {
    const name = all.get(unit)
    if (name === 'NEVER' || isOff(value)) return off()
    const ending = { EPOCH: 'NEpochs', STEP: 'NSteps' }[String(name)]
    if (!ending) return { outcome: 'refused', why: `counted in steps or epochs, not in ${name}` }
    return { outcome: 'mapped', to: `train.${setting}${ending}`, value }
  }
}

/** Several losses may be added there; one alone at full strength is the same here. */
function lossOf(type: keyof typeof strengths): Reader {
  return (value, all) => {
    if (isOff(value)) return off()
    const others = Object.values(strengths).filter((key) => key !== strengths[type])
    const alone = others.every((key) => isOff(all.get(key)))
    if (!alone) return { outcome: 'refused', why: 'one loss, not a sum of several' }
    const answer = { to: 'train.lossType', value: type } as const
    return Number(value) === 1
      ? { outcome: 'mapped', ...answer }
      : { outcome: 'approximated', ...answer, why: 'at strength 1; change the rate instead' }
  }
}

function weightOf(value: unknown, all: ReadonlyMap<string, unknown>) {
  const strength = all.get('loss_weight_strength') ?? 5
  const answers = {
    CONSTANT: off(),
    MIN_SNR_GAMMA: { outcome: 'mapped', to: 'train.minSnrGamma', value: strength },
    P2: { outcome: 'mapped', to: 'train.p2Gamma', value: strength },
    DEBIASED_ESTIMATION: { outcome: 'mapped', to: 'train.debiasedEstimationLoss', value: true },
  } as const
  const found = Object.hasOwn(answers, String(value)) && answers[value as keyof typeof answers]
  return found || ({ outcome: 'refused', why: `no such weight here: ${value}` } as const)
}

function recomputed(value: unknown) {
  const setting = isOff(value) ? 'none' : 'block'
  return { outcome: 'mapped', to: 'train.gradientCheckpointing', value: setting } as const
}

function timestep(name: string, value: unknown) {
  return {
    outcome: 'mapped',
    to: `train.${name}`,
    value: Math.round(Number(value) * 1000),
  } as const
}

function scaled(value: unknown) {
  if (isOff(value)) return off()
  return { outcome: 'refused', why: 'rates and losses are not scaled by the batch' } as const
}

function approximate(value: string) {
  const why = 'with its own place and width: see logitMean, logitStd, sigmoidScale'
  return { outcome: 'approximated', to: 'train.timestepDistribution', value, why } as const
}

/** Two betas are one argument here. */
function betas(value: unknown, all: ReadonlyMap<string, unknown>) {
  const first = all.get('optimizer.beta1') ?? 0.9
  return { outcome: 'mapped', to: 'train.optimizerArgs.betas', value: [first, value] } as const
}

/** `512`, `512x768`, or several that are used in turn: the first. */
function resolutionOf(value: unknown) {
  const [first = '', ...others] = String(value).split(',')
  const sides = first.split('x').map(Number)
  const answer = { to: 'dataset.resolution', value: sides.length === 1 ? sides[0] : sides } as const
  return others.length === 0
    ? ({ outcome: 'mapped', ...answer } as const)
    : ({ outcome: 'approximated', ...answer, why: 'one resolution; the first' } as const)
}

function readers(reader: Reader, names: readonly string[]): KeyTable {
  return Object.fromEntries(names.map((name) => [name, reader]))
}

function all(why: string, ...names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, why]))
}
