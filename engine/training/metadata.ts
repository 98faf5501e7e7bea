import { type PythonValue, pythonFloat, pythonJson, pythonText } from '../lora/save/python-text.ts'
import { baseEntries, dataEntries, runEntries } from './metadata/entries.ts'
import type { TrainingFacts } from './metadata/facts.ts'
import { modelSpec } from './metadata/model-spec.ts'
import { networkEntries } from './metadata/network-text.ts'
import { optimizerText } from './metadata/optimizer-text.ts'
import type { TrainSettings } from './settings.ts'

export { type DataFactsOptions, dataFacts } from './metadata/data-facts.ts'
export type * from './metadata/facts.ts'

/**
 * The metadata of a trained LoRA: the `ss_` keys of kohya's files as kohya writes them, ModelSpec,
 * and what pictures it was made of. The hashes of its tensors are added where the file is written.
 * Nothing with the setting `noMetadata`: what readers need, the writer adds.
 */
export function trainingMetadata(facts: TrainingFacts): Record<string, string> {
  if (facts.settings.noMetadata) return {}
  const entries: Record<string, PythonValue> = {
    ...runEntries(facts),
    ...optimizerEntries(facts),
    ...networkEntries(facts.settings),
    ...settingsEntries(facts.settings),
    ...dataEntries(facts.data, facts.settings),
    ...baseEntries(facts),
  }
  const texts = Object.entries(entries).map(([key, value]) => [key, pythonText(value)])
  return { ...Object.fromEntries(texts), ...modelSpec(facts), ...originEntries(facts) }
}

/** Licences and sources of the pictures, under names of our own. */
function originEntries({ data }: TrainingFacts): Record<string, string> {
  return {
    'mazeru.dataset_key': data.key,
    'mazeru.dataset_licences': pythonJson(data.licences),
    ...(data.sources.length > 0 && { 'mazeru.dataset_sources': pythonJson(data.sources) }),
  }
}

function optimizerEntries({ optimizer }: TrainingFacts): Record<string, PythonValue> {
  return {
    ss_optimizer: optimizerText(optimizer.name, optimizer.args),
    ss_learning_rate: float(optimizer.learningRate),
    ss_unet_lr: float(optimizer.unetRate),
    ss_text_encoder_lr: float(optimizer.textEncoderRate),
    ss_lr_scheduler: optimizer.scheduler,
    ss_lr_warmup_steps: optimizer.warmupSteps,
    ss_max_grad_norm: float(optimizer.maxGradNorm),
  }
}

/** What is always the same here: float32 throughout, and no script of kohya's. */
const fixed: Readonly<Record<string, PythonValue>> = {
  ss_mixed_precision: 'no',
  ss_full_fp16: false,
  ss_lowram: false,
  ss_fp8_base: false,
  ss_fp8_base_unet: false,
  ss_face_crop_aug_range: null,
  ss_sd_scripts_commit_hash: '(unknown)',
}

function settingsEntries(settings: TrainSettings): Record<string, PythonValue> {
  return {
    ...fixed,
    ss_output_name: settings.outputName,
    ss_training_comment: settings.trainingComment,
    ss_seed: settings.seed,
    ss_gradient_checkpointing: settings.gradientCheckpointing !== 'none',
    ss_gradient_accumulation_steps: settings.gradientAccumulationSteps,
    ss_clip_skip: settings.clipSkip === 1 ? null : settings.clipSkip,
    ss_max_token_length: settings.maxTokenLength === 75 ? null : settings.maxTokenLength,
    ss_cache_latents: settings.cacheLatents || settings.cacheLatentsToDisk,
    ss_noise_offset: float(settings.noiseOffset),
    ss_noise_offset_random_strength: settings.noiseOffsetRandomStrength,
    ss_adaptive_noise_scale: float(settings.adaptiveNoiseScale),
    ss_multires_noise_iterations: settings.multiresNoiseIterations,
    ss_multires_noise_discount: float(settings.multiresNoiseDiscount),
    ss_ip_noise_gamma: float(settings.ipNoiseGamma),
    ss_ip_noise_gamma_random_strength: settings.ipNoiseGammaRandomStrength,
    ss_zero_terminal_snr: settings.zeroTerminalSnr,
    ss_min_snr_gamma: float(settings.minSnrGamma),
    ss_debiased_estimation: settings.debiasedEstimationLoss,
    ss_scale_weight_norms: float(settings.scaleWeightNorms),
    ss_prior_loss_weight: float(settings.priorLossWeight),
    ss_loss_type: settings.lossType,
    ss_huber_schedule: settings.huberSchedule,
    ss_huber_scale: float(settings.huberScale),
    ss_huber_c: float(settings.huberC),
    ss_validation_seed: settings.validationSeed,
    ss_validation_split: float(settings.validationSplit),
    ss_max_validation_steps: settings.maxValidationSteps,
    ss_validate_every_n_epochs: settings.validateEveryNEpochs,
    ss_validate_every_n_steps: settings.validateEveryNSteps,
  }
}

function float(value: number | undefined): string | undefined {
  return value === undefined ? undefined : pythonFloat(value)
}
