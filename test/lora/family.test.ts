import { expect, test } from 'vitest'
import { describeFamily, guessFamily, type LoraFamily } from '../../engine/lora/family.ts'

const key = 'down_blocks_1_attentions_0_transformer_blocks_0_attn2_to_k'

const cases: [name: string, shape: number[], family: LoraFamily | undefined][] = [
  [`lora_unet_${key}.lora_down.weight`, [4, 768], 'sd15'],
  [`lora_unet_${key}.lora_down.weight`, [4, 1024], 'sd2'],
  [`lora_unet_${key}.lora_down.weight`, [4, 2048], 'sdxl'],
  [`lora_unet_${key}.hada_w1_b`, [4, 768], 'sd15'],
  ['unet.mid_block.attentions.0.transformer_blocks.0.attn2.to_v.lora_A.weight', [4, 768], 'sd15'],
  ['unet.mid_block.x.attn2.processor.to_k_lora.down.weight', [4, 1024], 'sd2'],
  ['lora_te_text_model_encoder_layers_0_self_attn_q_proj.lora_down.weight', [4, 768], 'sd15'],
  ['lora_te1_text_model_encoder_layers_0_self_attn_q_proj.lora_down.weight', [4, 768], 'sdxl'],
  ['text_encoder_2.text_model.encoder.layers.0.mlp.fc1.lora_A.weight', [4, 1280], 'sdxl'],
  ['lora_unet_middle_block_1_transformer_blocks_9_attn1_to_q.lora_down.weight', [4, 1280], 'sdxl'],
  ['lora_unet_double_blocks_0_img_attn_qkv.lora_down.weight', [4, 3072], 'flux'],
  ['transformer.single_transformer_blocks.3.attn.to_q.lora_A.weight', [4, 3072], 'flux'],
  ['transformer.transformer_blocks.3.attn.to_q.lora_A.weight', [4, 1536], 'sd3'],
  [`lora_unet_${key}.lora_up.weight`, [1280, 4], undefined],
  [`lora_unet_${key}.lora_down.weight`, [4, 32], undefined],
]

test.each(cases)('%s of %o is for %s', (name, shape, family) => {
  expect(guessFamily([[name, shape]])).toBe(family)
})

test.each([
  [{ ss_base_model_version: 'sd_v1' }, 'sd15'],
  [{ ss_base_model_version: 'sd_v2_v' }, 'sd2'],
  [{ ss_base_model_version: 'sdxl_base_v1-0' }, 'sdxl'],
  [{ 'modelspec.architecture': 'stable-diffusion-v1/lora' }, 'sd15'],
  [{ 'modelspec.architecture': 'stable-diffusion-xl-v1-base/lora' }, 'sdxl'],
  [{ 'modelspec.architecture': 'flux-1-dev/lora' }, 'flux'],
  [{}, undefined],
] as [
  Record<string, string>,
  LoraFamily | undefined,
][])('the metadata %o says %s', (metadata, family) => {
  expect(guessFamily([], metadata)).toBe(family)
})

test('what the tensors say counts more than the metadata', () => {
  const entry = [`lora_unet_${key}.lora_down.weight`, [4, 768]] as const
  expect(guessFamily([entry], { ss_base_model_version: 'sdxl_base_v1-0' })).toBe('sd15')
})

test('families have names for people', () => {
  expect(describeFamily('sd15')).toBe('Stable Diffusion 1.x')
})
