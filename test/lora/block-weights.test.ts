import { expect, test } from 'vitest'
import { WorkflowError } from '../../engine/errors.ts'
import { blockWeight } from '../../engine/lora/block-weights.ts'

/** The weight of block i is i, the text encoder's is 0. */
const all = Array.from({ length: 26 }, (_, index) => index)
const withAttention = Array.from({ length: 17 }, (_, index) => index + 100)

test.each([
  ['text_model.encoder.layers.3.mlp.fc1', 0, 100],
  ['conv_in', 1, 0],
  ['down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q', 2, 101],
  ['down_blocks.0.resnets.1.time_emb_proj', 3, 102],
  ['down_blocks.0.downsamplers.0.conv', 4, 0],
  ['down_blocks.2.attentions.1.proj_in', 9, 106],
  ['down_blocks.3.resnets.1.conv1', 12, 0],
  ['mid_block.attentions.0.proj_out', 13, 107],
  ['up_blocks.0.resnets.0.conv1', 14, 0],
  ['up_blocks.0.upsamplers.0.conv', 16, 0],
  ['up_blocks.1.attentions.0.proj_in', 17, 108],
  ['up_blocks.3.attentions.2.proj_in.bias', 25, 116],
  ['conv_out', 1, 1],
  ['time_embedding.linear_1', 1, 1],
])('%s has weight %d of 26 and %d of 17', (layer, of26, of17) => {
  expect(blockWeight(all, layer)).toBe(of26)
  expect(blockWeight(withAttention, layer)).toBe(of17)
})

test.each([
  ['text_model.encoder.layers.3.mlp.fc1', 0],
  ['down_blocks.1.attentions.0.proj_in', 1],
  ['down_blocks.2.attentions.1.proj_in', 4],
  ['mid_block.resnets.0.conv1', 5],
  ['up_blocks.1.attentions.2.proj_out', 11],
  ['down_blocks.0.resnets.0.conv1', 0],
])('%s has weight %d of the 12 for SDXL', (layer, weight) => {
  expect(blockWeight(all.slice(0, 12), layer)).toBe(weight)
})

test('another number of weights is refused', () => {
  expect(() => blockWeight([1, 2], 'conv_in')).toThrow(
    new WorkflowError('block weights: 2 numbers, expected 12 or 17 or 26'),
  )
})
