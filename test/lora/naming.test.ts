import { describe, expect, test } from 'vitest'
import type { NetworkLayers } from '../../engine/lora/layer-index.ts'
import { type LoraNetwork, parseLoraKey, underscored } from '../../engine/lora/naming.ts'
import { resolveLora } from '../../engine/lora/resolve.ts'
import { unetStructureOf, unetToLdm } from '../../engine/models/ldm-names.ts'
import { type TestTensor, tensor, testLora } from './tiny.ts'

const transformer = (at: string): [string, number[]][] => [
  [`${at}.proj_in`, [4, 4, 1, 1]],
  [`${at}.transformer_blocks.0.attn1.to_q`, [4, 4]],
  [`${at}.transformer_blocks.0.attn2.to_k`, [4, 6]],
  [`${at}.transformer_blocks.0.attn2.to_out.0`, [4, 4]],
  [`${at}.transformer_blocks.0.ff.net.0.proj`, [32, 4]],
]

const unet: NetworkLayers = new Map<string, number[]>([
  ['conv_in', [4, 4, 3, 3]],
  ['time_embedding.linear_1', [16, 4]],
  ['down_blocks.0.resnets.0.conv1', [4, 4, 3, 3]],
  ['down_blocks.0.resnets.1.time_emb_proj', [4, 16]],
  ...transformer('down_blocks.0.attentions.0'),
  ['down_blocks.0.downsamplers.0.conv', [4, 4, 3, 3]],
  ['down_blocks.1.resnets.0.conv_shortcut', [8, 4, 1, 1]],
  ...transformer('mid_block.attentions.0'),
  ['up_blocks.0.upsamplers.0.conv', [8, 8, 3, 3]],
  ...transformer('up_blocks.1.attentions.2'),
  ['conv_out', [4, 4, 3, 3]],
])

const textEncoder: NetworkLayers = new Map([
  ['text_model.encoder.layers.0.self_attn.q_proj', [6, 6]],
  ['text_model.encoder.layers.0.self_attn.out_proj', [6, 6]],
  ['text_model.encoder.layers.1.mlp.fc1', [24, 6]],
])

const structure = unetStructureOf(unet.keys())
const ldm = (layer: string) => unetToLdm(layer, structure) ?? layer
const isAttention = (layer: string) =>
  /\.to_|_proj$/.test(layer) && !layer.endsWith('time_emb_proj')

interface Convention {
  unet?: (layer: string) => [down: string, up: string]
  text?: (layer: string) => [down: string, up: string]
  /** Which layers its writers know; all of them if absent. */
  only?: (layer: string) => boolean
}

const kohya = (prefix: string, layer: string): [string, string] => [
  `${prefix}_${underscored(layer)}.lora_down.weight`,
  `${prefix}_${underscored(layer)}.lora_up.weight`,
]
const ends = (stem: string, down: string, up: string): [string, string] => [stem + down, stem + up]

const conventions: Record<string, Convention> = {
  'kohya with diffusers names': {
    unet: (layer) => kohya('lora_unet', layer),
    text: (layer) => kohya('lora_te', layer),
  },
  'kohya with LDM names': { unet: (layer) => kohya('lora_unet', ldm(layer)) },
  'kohya for SDXL': { text: (layer) => kohya('lora_te1', layer) },
  LyCORIS: { unet: (layer) => kohya('lycoris', layer) },
  PEFT: {
    unet: (layer) => ends(`unet.${layer}`, '.lora_A.weight', '.lora_B.weight'),
    text: (layer) => ends(`text_encoder.${layer}`, '.lora_A.weight', '.lora_B.weight'),
  },
  'PEFT with the name of the adapter': {
    unet: (layer) => ends(`unet.${layer}`, '.lora_A.default.weight', '.lora_B.default.weight'),
    text: (layer) =>
      ends(`text_encoder.${layer}`, '.lora_A.default.weight', '.lora_B.default.weight'),
  },
  'PEFT with its wrapper': {
    unet: (layer) => ends(`base_model.model.${layer}`, '.lora_A.weight', '.lora_B.weight'),
    text: (layer) => ends(`base_model.model.${layer}`, '.lora_A.weight', '.lora_B.weight'),
  },
  'PEFT with its wrapper behind the network': {
    unet: (layer) => ends(`unet.base_model.model.${layer}`, '.lora_A.weight', '.lora_B.weight'),
  },
  'PEFT without the outer module of the text encoder': {
    text: (layer) =>
      ends(`text_encoder.${layer.replace('text_model.', '')}`, '.lora_A.weight', '.lora_B.weight'),
  },
  'diffusers with lora.down': {
    unet: (layer) => ends(`unet.${layer}`, '.lora.down.weight', '.lora.up.weight'),
    text: (layer) => ends(`text_encoder.${layer}`, '.lora.down.weight', '.lora.up.weight'),
  },
  'diffusers with lora_linear_layer': {
    unet: (layer) =>
      ends(`unet.${layer}`, '.lora_linear_layer.down.weight', '.lora_linear_layer.up.weight'),
    text: (layer) =>
      ends(
        `text_encoder.${layer}`,
        '.lora_linear_layer.down.weight',
        '.lora_linear_layer.up.weight',
      ),
  },
  'diffusers attention processors': {
    unet: (layer) =>
      ends(
        `unet.${layer.replace(/\.(to_[a-z]+)(\.0)?$/, '.processor.$1')}`,
        '_lora.down.weight',
        '_lora.up.weight',
      ),
    text: (layer) =>
      ends(
        `text_encoder.${layer.replace('out_proj', 'to_out').replace('q_proj', 'to_q')}`,
        '_lora.down.weight',
        '_lora.up.weight',
      ),
    only: (layer) => isAttention(layer) && !layer.endsWith('.proj'),
  },
  'attention processors of a U-Net saved alone': {
    unet: (layer) =>
      ends(
        layer.replace(/\.(to_[a-z]+)(\.0)?$/, '.processor.$1'),
        '_lora.down.weight',
        '_lora.up.weight',
      ),
    only: isAttention,
  },
  ComfyUI: {
    unet: (layer) => ends(`diffusion_model.${ldm(layer)}`, '.lora_down.weight', '.lora_up.weight'),
    text: (layer) =>
      ends(`text_encoders.clip_l.transformer.${layer}`, '.lora_down.weight', '.lora_up.weight'),
  },
}

describe('the same LoRA resolves to the same layers, however its keys are written', () => {
  for (const [name, { unet: unetNames, text, only }] of Object.entries(conventions)) {
    if (unetNames) test(`${name}, U-Net`, () => checkConvention('unet', unet, unetNames, only))
    if (text) {
      test(`${name}, text encoder`, () => checkConvention('textEncoder', textEncoder, text, only))
    }
  }
})

test('the second text encoder of SDXL is a network of its own', () => {
  const names = [
    'lora_te2_text_model_encoder_layers_0_mlp_fc1.alpha',
    'text_encoder_2.text_model.encoder.layers.0.mlp.fc1.lora_A.weight',
    'clip_g.transformer.text_model.encoder.layers.0.mlp.fc1.lora_down.weight',
  ]
  for (const name of names) expect(parseLoraKey(name)?.network).toBe('textEncoder2')
})

test.each([
  ['hada_w1_a', 'hada_w1_a'],
  ['hada_t2', 'hada_t2'],
  ['lokr_w2', 'lokr_w2'],
  ['lokr_w2_b', 'lokr_w2_b'],
  ['lora_mid.weight', 'mid'],
  ['dora_scale', 'dora_scale'],
  ['lora_magnitude_vector', 'magnitude'],
  ['lora_magnitude_vector.default.weight', 'magnitude'],
  ['alpha', 'alpha'],
  ['diff', 'diff'],
  ['diff_b', 'diff_b'],
  ['w_norm', 'w_norm'],
  ['weight', 'weight'],
  ['on_input', 'on_input'],
  ['oft_blocks', 'oft_blocks'],
  ['oft_diag', 'oft_blocks'],
  ['b1.weight', 'b1'],
])('.%s is the part %s', (ending, part) => {
  expect(parseLoraKey(`lora_unet_conv_in.${ending}`)).toEqual({
    network: 'unet',
    path: 'conv_in',
    part,
  })
})

test.each([
  'model.diffusion_model.input_blocks.1.1.transformer_blocks.0.attn1.to_q.weight',
  'down_blocks.0.attentions.0.proj_in.weight',
  'text_model.embeddings.token_embedding.weight',
  'first_stage_model.encoder.conv_in.bias',
  'emb_params',
  'lora_unknown_conv_in.lora_down.weight',
])('%s is no key of a LoRA', (name) => {
  expect(parseLoraKey(name)).toBeUndefined()
})

function checkConvention(
  network: LoraNetwork,
  layers: NetworkLayers,
  names: (layer: string) => [down: string, up: string],
  only: (layer: string) => boolean = () => true,
): void {
  const tensors: Record<string, TestTensor> = {}
  const chosen = [...layers.keys()].filter(only)
  for (const [index, layer] of chosen.entries()) {
    const [out = 0, ...rest] = layers.get(layer)!
    const [down, up] = names(layer)
    tensors[down] = tensor([2, ...rest], index)
    tensors[up] = tensor([out, 2, ...rest.slice(1).map(() => 1)], index + 100)
  }
  const { factors, unmatched } = resolveLora(testLora(tensors), network, layers)
  expect(unmatched).toEqual([])
  expect([...factors.keys()]).toEqual(chosen)
  for (const [index, layer] of chosen.entries()) {
    const [out = 0, ...rest] = layers.get(layer)!
    expect(factors.get(layer)?.down).toEqual(tensor([2, ...rest], index)[1])
    expect(factors.get(layer)?.up).toEqual(tensor([out, 2], index + 100)[1])
  }
}
