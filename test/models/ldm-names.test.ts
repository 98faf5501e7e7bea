import { expect, test } from 'vitest'
import { unetFromLdm, unetToLdm, vaeFromLdm, vaeToLdm } from '../../engine/models/ldm-names.ts'

const sd15 = { layersPerBlock: 2, attention: [true, true, true, false] }
const sdxl = { layersPerBlock: 2, attention: [false, true, true] }
const vae = { layersPerBlock: 2, blocks: 4 }

test.each([
  [sd15, 'conv_in.weight', 'input_blocks.0.0.weight'],
  [sd15, 'time_embedding.linear_2.bias', 'time_embed.2.bias'],
  [
    sd15,
    'down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q.weight',
    'input_blocks.1.1.transformer_blocks.0.attn1.to_q.weight',
  ],
  [sd15, 'down_blocks.2.downsamplers.0.conv.bias', 'input_blocks.9.0.op.bias'],
  [sd15, 'mid_block.resnets.1.time_emb_proj.weight', 'middle_block.2.emb_layers.1.weight'],
  [sd15, 'up_blocks.0.upsamplers.0.conv.weight', 'output_blocks.2.1.conv.weight'],
  [sd15, 'up_blocks.1.upsamplers.0.conv.weight', 'output_blocks.5.2.conv.weight'],
  [sd15, 'up_blocks.3.resnets.2.conv_shortcut', 'output_blocks.11.0.skip_connection'],
  [sd15, 'conv_norm_out.weight', 'out.0.weight'],
  [sdxl, 'add_embedding.linear_1.weight', 'label_emb.0.0.weight'],
  [sdxl, 'down_blocks.1.attentions.0.proj_in', 'input_blocks.4.1.proj_in'],
  [sdxl, 'up_blocks.1.upsamplers.0.conv.weight', 'output_blocks.5.2.conv.weight'],
])('with %o a U-Net weight is %s in one layout and %s in the other', (structure, canonical, ldm) => {
  expect(unetToLdm(canonical, structure)).toBe(ldm)
  expect(unetFromLdm(ldm, structure)).toBe(canonical)
})

test.each([
  ['encoder.down_blocks.0.resnets.0.norm1.weight', 'encoder.down.0.block.0.norm1.weight'],
  ['decoder.up_blocks.0.resnets.2.conv2.bias', 'decoder.up.3.block.2.conv2.bias'],
  ['decoder.mid_block.attentions.0.to_out.0.weight', 'decoder.mid.attn_1.proj_out.weight'],
  ['encoder.mid_block.attentions.0.group_norm.bias', 'encoder.mid.attn_1.norm.bias'],
  ['decoder.conv_norm_out.weight', 'decoder.norm_out.weight'],
  ['post_quant_conv.weight', 'post_quant_conv.weight'],
])('a VAE weight is %s in one layout and %s in the other', (canonical, ldm) => {
  expect(vaeToLdm(canonical, vae)).toBe(ldm)
  expect(vaeFromLdm(ldm, vae)).toBe(canonical)
})

test.each([
  'down_blocks.3.attentions.0.proj_in.weight',
  'down_blocks.3.downsamplers.0.conv.weight',
  'up_blocks.4.resnets.0.conv1.weight',
  'conv_input.weight',
])('%s is no weight of an SD 1.x U-Net', (name) => {
  expect(unetToLdm(name, sd15)).toBeUndefined()
})
