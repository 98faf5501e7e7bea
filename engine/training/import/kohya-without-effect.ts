import type { KeyTable } from './collect.ts'
import { refuse, withoutEffect } from './readers.ts'

/** Options of sd-scripts that change how fast, where or how loudly a LoRA is made, not the LoRA. */

const kept = 'latents and texts are kept by content, below the output folder'
const float32 = 'mazeru computes in float32: more exact, and more memory'

const noEffect: Readonly<Record<string, readonly string[]>> = {
  'attention is computed without keeping its weights wherever that is right': [
    ...['xformers', 'sdpa', 'mem_eff_attn', 'split_attn', 'attn_mode'],
  ],
  'mazeru places data and weights by itself': [
    ...['lowram', 'highvram', 'blocks_to_swap', 'cpu_offload_checkpointing', 'torch_compile'],
    ...['dynamo_backend', 'fused_backward_pass', 'fused_optimizer_groups', 'disable_mmap'],
    ...['disable_mmap_load_safetensors', 'deepspeed', 'zero_stage', 'offload_optimizer_device'],
    ...['offload_param_device', 'ddp_timeout', 'ddp_gradient_as_bucket_view', 'ddp_static_graph'],
  ],
  'pictures are read while the network computes': [
    ...['max_data_loader_n_workers', 'persistent_data_loader_workers', 'vae_batch_size'],
    ...['text_encoder_batch_size', 'tokenizer_cache_dir'],
  ],
  [kept]: ['cache_info', 'skip_cache_check'],
  'a run is written below output/training, with its log and chart': [
    ...['output_dir', 'logging_dir', 'log_with', 'log_prefix', 'log_tracker_name'],
    ...['log_tracker_config', 'log_config', 'wandb_run_name', 'wandb_api_key', 'output_config'],
    ...['console_log_level', 'console_log_file', 'console_log_simple'],
  ],
  [float32]: ['full_fp16', 'full_bf16', 'fp8_base', 'fp8_base_unet', 'no_half_vae', 'fp8_scaled'],
}

const refused: Readonly<Record<string, readonly string[]>> = {
  'nothing is sent to other machines': [
    ...['huggingface_repo_id', 'huggingface_repo_type', 'huggingface_path_in_repo'],
    ...['huggingface_token', 'huggingface_repo_visibility', 'save_state_to_huggingface'],
    ...['resume_from_huggingface', 'async_upload'],
  ],
  'a state of sd-scripts cannot be read; a run of mazeru resumes by its folder': [
    ...['resume', 'initial_step', 'initial_epoch', 'skip_until_initial_step'],
  ],
  'put a load-lora node before the training instead': ['base_weights', 'base_weights_multiplier'],
  'not part of mazeru': [
    ...['weighted_captions', 'dataset_class', 'debug_dataset', 'face_crop_aug_range'],
    ...['alpha_mask_invert', 'metadata_reso', 'metadata_usage_hint', 'metadata_thumbnail'],
    ...['metadata_merged_from', 'metadata_preprocessor', 'metadata_is_negative_embedding'],
  ],
  'SD 2.x cannot be trained yet': ['v2'],
  'only for models of the flow-matching kind': [
    ...['mode_scale', 'model_prediction_type', 'discrete_flow_shift', 'guidance_scale'],
    ...['training_shift', 't5xxl_max_token_length', 'timestep_sampling', 'weighting_scheme'],
    ...['apply_t5_attn_mask', 'clip_l', 'clip_g', 't5xxl', 'ae'],
  ],
}

/** Options with an answer that does not depend on their value. */
export const kohyaWithoutEffect: KeyTable = {
  ...tableOf(noEffect, withoutEffect),
  ...tableOf(refused, refuse),
}

function tableOf(
  reasons: Readonly<Record<string, readonly string[]>>,
  reader: typeof refuse,
): KeyTable {
  const entries = Object.entries(reasons).flatMap(([why, keys]) =>
    keys.map((key) => [key, reader(why)] as const),
  )
  return Object.fromEntries(entries)
}
