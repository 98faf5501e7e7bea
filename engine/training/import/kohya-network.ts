import type { Answer, KeyTable, Reader } from './collect.ts'
import { choose, isEmpty, isOff, off, refuse, to, toUnlessEmpty, toWith } from './readers.ts'

/** Options of sd-scripts and of LyCORIS for the form of the LoRA. */

const algorithm = 'train.networkAlgorithm'
const plainLora: Answer = { outcome: 'mapped', to: algorithm, value: 'lora' }

/** `network_module` and its neighbours. */
export const networkKeys: KeyTable = {
  network_module: choose({
    'networks.lora': plainLora,
    lora: plainLora,
    'lycoris.kohya': { outcome: 'mapped', to: algorithm, value: 'lora', why: 'or what algo says' },
    loha: { outcome: 'mapped', to: algorithm, value: 'loha' },
    lokr: { outcome: 'mapped', to: algorithm, value: 'lokr' },
    dora: { outcome: 'mapped', to: algorithm, value: 'dora' },
  }),
  network_dim: toUnlessEmpty('train.networkDim'),
  network_alpha: toUnlessEmpty('train.networkAlpha'),
  network_dropout: toUnlessEmpty('train.networkDropout'),
  network_weights: toUnlessEmpty('train.networkWeights'),
  dim_from_weights: to('train.dimFromWeights'),
  scale_weight_norms: toUnlessEmpty('train.scaleWeightNorms'),
  network_train_unet_only: to('train.networkTrainUnetOnly'),
  network_train_text_encoder_only: to('train.networkTrainTextEncoderOnly'),
}

const blockRates = refuse('every block learns at the rate of its network')
const factorRates = refuse('both factors of a layer learn at one rate')
const otherForm = refuse('a form of LoRA that mazeru does not train')

const presetOf: Reader = choose({
  full: { outcome: 'mapped', why: 'linear layers and convolutions, the 3 x 3 by convDim' },
  'full-lin': { outcome: 'mapped', why: 'linear layers, as without convDim' },
  'attn-mlp': { outcome: 'mapped', why: 'linear layers, as without convDim' },
  'unet-transformer-only': { outcome: 'mapped', to: 'train.networkTrainUnetOnly', value: true },
})

/** Keys of `network_args`. */
export const networkArgs: KeyTable = {
  conv_dim: toUnlessEmpty('train.convDim'),
  conv_alpha: toUnlessEmpty('train.convAlpha'),
  block_dims: toWith('train.blockDims', numbers),
  block_alphas: toWith('train.blockAlphas', numbers),
  conv_block_dims: toWith('train.convBlockDims', numbers),
  conv_block_alphas: toWith('train.convBlockAlphas', numbers),
  rank_dropout: toUnlessEmpty('train.rankDropout'),
  module_dropout: toUnlessEmpty('train.moduleDropout'),
  dropout: toUnlessEmpty('train.networkDropout'),
  algo: choose({
    lora: plainLora,
    locon: plainLora,
    loha: { outcome: 'mapped', to: algorithm, value: 'loha' },
    lokr: { outcome: 'mapped', to: algorithm, value: 'lokr' },
  }),
  dora_wd: doraOf,
  wd_on_output: (value) =>
    isOff(value)
      ? { outcome: 'approximated', why: 'lengths are learned per output, not per input' }
      : off(),
  factor: to('train.factor'),
  preset: presetOf,

  down_lr_weight: blockRates,
  mid_lr_weight: blockRates,
  up_lr_weight: blockRates,
  block_lr_zero_threshold: blockRates,
  loraplus_lr_ratio: factorRates,
  loraplus_unet_lr_ratio: factorRates,
  loraplus_text_encoder_lr_ratio: factorRates,
  use_tucker: refuse('convolutions are written as two factors'),
  use_cp: refuse('convolutions are written as two factors'),
  use_conv_cp: refuse('convolutions are written as two factors'),
  disable_conv_cp: () => off(),
  use_scalar: otherForm,
  train_norm: refuse('norms stay as they are'),
  rs_lora: refuse('the scale is alpha / rank; choose alpha = rank * sqrt(rank) for the same'),
  rank_dropout_scale: refuse('what is left of the ranks is not scaled up'),
  decompose_both: otherForm,
  full_matrix: otherForm,
  unbalanced_factorization: otherForm,
  bypass_mode: () => ({ outcome: 'approximated', why: 'the same change, computed as mazeru does' }),
  block_size: otherForm,
  constraint: otherForm,
  rescaled: otherForm,
  unit: otherForm,
}

/**
 * What LyCORIS takes for granted and kohya's own module does not: 3 x 3 convolutions are changed
 * too, with the rank and alpha of the rest.
 */
export function lycorisDefaults(
  options: ReadonlyMap<string, unknown>,
  args: ReadonlyMap<string, unknown>,
): { readonly key: string; readonly value: unknown }[] {
  const preset = args.get('preset')
  if (options.get('network_module') !== 'lycoris.kohya' || (preset && preset !== 'full')) return []
  const rank = options.get('network_dim') ?? 4
  const alpha = options.get('network_alpha') ?? 1
  return [
    { key: 'conv_dim', value: rank },
    { key: 'conv_alpha', value: alpha },
  ].filter(({ key }) => isEmpty(args.get(key)))
}

/** `key=value` words as entries. A word without `=` is given whole, and so refused as unknown. */
export function keyValues(words: unknown): { readonly key: string; readonly value: string }[] {
  const list = Array.isArray(words) ? words.map(String) : isEmpty(words) ? [] : [String(words)]
  return list.map((word) => {
    const at = word.indexOf('=')
    if (at < 0) return { key: word.trim(), value: '' }
    return { key: word.slice(0, at).trim(), value: word.slice(at + 1).trim() }
  })
}

function doraOf(value: unknown, all: ReadonlyMap<string, unknown>): Answer {
  if (isOff(value)) return off()
  const algo = all.get('algo') ?? 'lora'
  if (algo === 'lora' || algo === 'locon')
    return { outcome: 'mapped', to: algorithm, value: 'dora' }
  return { outcome: 'refused', why: `lengths are learned with lora only, not with ${algo}` }
}

function numbers(value: unknown): unknown {
  return typeof value === 'string' ? value.split(',').map((word) => Number(word)) : value
}
