import type { KeyTable } from './collect.ts'
import { optimizerArgs, optimizerName, schedulerName } from './kohya-optimizer.ts'
import { choose, isOff, noted, off, refuse, to, toUnlessEmpty, withoutEffect } from './readers.ts'
import { sampleSampler } from './sample-prompts.ts'

/** Keys of ai-toolkit's YAML, tables within tables with dots. */

const placed = 'mazeru places data and weights by itself'
const float32 = 'mazeru computes in float32: more exact, and more memory'
const newer = refuse('only for models that mazeru does not have')

/** Keys of a process, its datasets aside; those of the optimizer depend on which one it is. */
export function processKeysFor(optimizer: unknown): KeyTable {
  return { ...processKeys, ...argumentKeys(optimizer) }
}

const processKeys: KeyTable = {
  job: noted('a training'),
  meta: withoutEffect('the file names itself'),
  'meta.name': withoutEffect('the file names itself'),
  'meta.version': withoutEffect('the file names itself'),
  'config.name': to('train.outputName'),
  type: noted('a training'),
  training_folder: withoutEffect('a run is written below output/training'),
  performance_log_every: withoutEffect('every step is in the log'),
  device: withoutEffect('the device is chosen when the workflow is run'),
  trigger_word: (value) => ({ outcome: 'mapped', to: 'train.triggerWords', value: [value] }),
  'network.type': choose({
    lora: { outcome: 'mapped', to: 'train.networkAlgorithm', value: 'lora' },
    locon: { outcome: 'mapped', to: 'train.networkAlgorithm', value: 'lora' },
    lokr: { outcome: 'mapped', to: 'train.networkAlgorithm', value: 'lokr' },
    dora: { outcome: 'mapped', to: 'train.networkAlgorithm', value: 'dora' },
  }),
  'network.linear': to('train.networkDim'),
  'network.linear_alpha': to('train.networkAlpha'),
  'network.rank': to('train.networkDim'),
  'network.alpha': to('train.networkAlpha'),
  'network.conv': toUnlessEmpty('train.convDim'),
  'network.conv_alpha': toUnlessEmpty('train.convAlpha'),
  'network.dropout': toUnlessEmpty('train.networkDropout'),
  'network.lokr_factor': to('train.factor'),
  'network.lokr_full_rank': refuse('LoKr is factored where that is smaller'),
  'save.dtype': (value) => savedAs(String(value)),
  'save.save_every': to('train.saveEveryNSteps'),
  'save.max_step_saves_to_keep': (value, all) => ({
    outcome: 'mapped',
    to: 'train.saveLastNSteps',
    value: Math.max(1, (Number(value) - 1) * Number(all.get('save.save_every') ?? 1000)),
  }),
  'save.save_format': withoutEffect('saved under the names of sd-scripts'),
  'save.push_to_hub': refuse('nothing is sent to other machines'),
  'save.hf_repo_id': refuse('nothing is sent to other machines'),
  'save.hf_private': refuse('nothing is sent to other machines'),
  'train.batch_size': (value) => [
    { outcome: 'mapped', to: 'train.trainBatchSize', value },
    { outcome: 'mapped', to: 'dataset.batchSize', value },
  ],
  'train.steps': to('train.maxTrainSteps'),
  'train.gradient_accumulation': to('train.gradientAccumulationSteps'),
  'train.gradient_accumulation_steps': to('train.gradientAccumulationSteps'),
  'train.train_unet': (value) =>
    isOff(value)
      ? { outcome: 'mapped', to: 'train.networkTrainTextEncoderOnly', value: true }
      : { outcome: 'mapped', why: 'always, if not switched off' },
  'train.train_text_encoder': (value) => ({
    outcome: 'mapped',
    to: 'train.networkTrainUnetOnly',
    value: isOff(value),
  }),
  'train.gradient_checkpointing': (value) => ({
    outcome: 'mapped',
    to: 'train.gradientCheckpointing',
    value: isOff(value) ? 'none' : 'block',
  }),
  'train.noise_scheduler': choose({
    ddpm: { outcome: 'mapped', why: 'the noise of SD 1.x' },
    ddim: { outcome: 'mapped', why: 'the noise of SD 1.x' },
  }),
  'train.optimizer': optimizerName,
  'train.lr': to('train.learningRate'),
  'train.unet_lr': toUnlessEmpty('train.unetLr'),
  'train.text_encoder_lr': toUnlessEmpty('train.textEncoderLr'),
  'train.lr_scheduler': schedulerName,
  'train.max_grad_norm': to('train.maxGradNorm'),
  'train.ema_config.use_ema': to('train.ema'),
  'train.ema_config.ema_decay': to('train.emaDecay'),
  'train.dtype': withoutEffect(float32),
  'train.noise_offset': toUnlessEmpty('train.noiseOffset'),
  'train.min_snr_gamma': toUnlessEmpty('train.minSnrGamma'),
  'train.snr_gamma': toUnlessEmpty('train.minSnrGamma'),
  'train.loss_type': choose({
    mse: { outcome: 'mapped', to: 'train.lossType', value: 'l2' },
    mae: { outcome: 'mapped', to: 'train.lossType', value: 'l1' },
  }),
  'train.seed': to('train.seed'),
  'train.skip_first_sample': (value) => ({
    outcome: 'mapped',
    to: 'train.sampleAtFirst',
    value: isOff(value),
  }),
  'train.disable_sampling': refuse('samples are drawn where sample_every is given'),
  'train.content_or_style': choose({
    balanced: { outcome: 'mapped', to: 'train.timestepDistribution', value: 'uniform' },
  }),
  'train.timestep_type': newer,
  'train.linear_timesteps': newer,
  'train.bypass_guidance_embedding': newer,
  'train.xformers': withoutEffect(placed),
  'train.sdp': withoutEffect(placed),
  'train.unload_text_encoder': withoutEffect(placed),
  'train.cache_text_embeddings': to('train.cacheTextEncoderOutputs'),
  'model.name_or_path': to('model.checkpoint'),
  'model.vae_path': toUnlessEmpty('model.vae'),
  'model.is_v_pred': (value) =>
    isOff(value) ? off() : { outcome: 'mapped', to: 'model.prediction', value: 'v' },
  'model.arch': choose({ sd1: { outcome: 'mapped', why: 'Stable Diffusion 1.x' } }),
  'model.is_xl': newer,
  'model.is_v2': newer,
  'model.is_v3': newer,
  'model.is_flux': newer,
  'model.quantize': withoutEffect(float32),
  'model.quantize_te': withoutEffect(float32),
  'model.low_vram': withoutEffect(placed),
  'sample.sampler': choose(
    Object.fromEntries(
      ['ddim', 'ddpm', 'euler', 'euler_a'].map((name) => [
        name,
        { outcome: 'mapped', to: 'sample.sampler', value: sampleSampler(name) },
      ]),
    ),
  ),
  'sample.sample_every': to('train.sampleEveryNSteps'),
  'sample.prompts': to('sample.prompts'),
  'sample.neg': to('sample.negative'),
  'sample.seed': to('sample.seed'),
  'sample.walk_seed': to('sample.walk'),
  'sample.width': to('sample.width'),
  'sample.height': to('sample.height'),
  'sample.guidance_scale': to('sample.guidance'),
  'sample.sample_steps': to('sample.steps'),
}

/** Keys of a dataset. */
export const toolkitDatasetKeys: KeyTable = {
  folder_path: to('subset.imageDir'),
  num_repeats: to('subset.numRepeats'),
  caption_ext: (value) => ({
    outcome: 'mapped',
    to: 'subset.captionExtensions',
    value: [`.${String(value).replace(/^\./, '')}`],
  }),
  caption_dropout_rate: to('subset.captionDropoutRate'),
  token_dropout_rate: to('subset.captionTagDropoutRate'),
  shuffle_tokens: to('subset.shuffleCaption'),
  keep_tokens: to('subset.keepTokens'),
  default_caption: toUnlessEmpty('subset.classTokens'),
  flip_x: to('subset.flipAug'),
  flip_y: refuse('pictures are not turned upside down'),
  random_crop: to('subset.randomCrop'),
  is_reg: to('subset.isReg'),
  mask_path: toUnlessEmpty('subset.conditioningDataDir'),
  cache_latents: to('train.cacheLatents'),
  cache_latents_to_disk: to('train.cacheLatentsToDisk'),
  resolution: () => ({ outcome: 'mapped', why: 'a dataset for each' }),
  buckets: to('dataset.enableBucket'),
  enable_ar_bucket: to('dataset.enableBucket'),
  bucket_tolerance: to('dataset.bucketResoSteps'),
  mask_min_value: refuse('masks are taken as they are'),
  control_path: newer,
  network_weight: to('dataset.networkMultiplier'),
  type: noted('pictures'),
}

function argumentKeys(optimizer: unknown): KeyTable {
  const entries = Object.entries(optimizerArgs(optimizer))
  return Object.fromEntries(
    entries.map(([key, reader]) => [`train.optimizer_params.${key}`, reader]),
  )
}

function savedAs(dtype: string) {
  const value = { float16: 'fp16', fp16: 'fp16', bf16: 'bf16', bfloat16: 'bf16' }[dtype] ?? 'float'
  return { outcome: 'mapped', to: 'train.savePrecision', value } as const
}
