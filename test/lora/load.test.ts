import { describe, expect, test } from 'vitest'
import { FormatError } from '../../engine/errors.ts'
import { looksLikeLora } from '../../engine/lora/kinds.ts'
import { checkMatched, resolveLora } from '../../engine/lora/resolve.ts'
import { scalar, type TestTensor, tensor, testLora } from './tiny.ts'

const layers = new Map([
  ['conv_in', [4, 3, 3, 3]],
  ['conv_in.bias', [4]],
  ['time_embedding.linear_1', [6, 4]],
])

describe('a bad file says what is wrong with it', () => {
  const cases: [title: string, tensors: Record<string, TestTensor>, message: string][] = [
    [
      'a checkpoint',
      { 'model.diffusion_model.input_blocks.0.0.weight': tensor([4, 3, 3, 3]) },
      'test.safetensors: is a checkpoint, a LoRA expected; open it with load-model',
    ],
    [
      'an embedding',
      { emb_params: tensor([2, 4]) },
      'test.safetensors: is an embedding (textual inversion), a LoRA expected; name it in the prompt',
    ],
    [
      'something else',
      { a: tensor([1]), b: tensor([1]) },
      'test.safetensors: 2 tensors such as a found, tensors of a LoRA expected',
    ],
    ['nothing', {}, 'test.safetensors: no tensors found, tensors of a LoRA expected'],
    [
      'not a number',
      { ...pair(), 'lora_unet_conv_in.lora_up.weight': [[4, 1], Float32Array.of(1, NaN, 2, 3)] },
      'test.safetensors: lora_unet_conv_in.lora_up.weight has NaN at index 1, only finite numbers expected',
    ],
    [
      'infinity',
      { ...pair(), 'lora_unet_conv_in.alpha': scalar(Number.NEGATIVE_INFINITY) },
      'test.safetensors: lora_unet_conv_in.alpha has -Infinity at index 0, only finite numbers expected',
    ],
    [
      'one part twice',
      { ...pair(), 'unet.conv_in.lora_A.weight': tensor([1, 3, 3, 3]) },
      'test.safetensors: lora_unet_conv_in.lora_down.weight and unet.conv_in.lora_A.weight both found, one of them expected',
    ],
    [
      'OFT and GLoRA',
      {
        'lora_unet_to_k.oft_blocks': tensor([2, 2, 2]),
        'lora_unet_to_k.alpha': scalar(0),
        'lora_unet_to_q.a1.weight': tensor([4, 4]),
      },
      'test.safetensors: 2 keys of OFT, 1 key of GLoRA found, LoRA, LoHa, LoKr, DoRA, IA3 or differences expected; such files are not supported yet',
    ],
    [
      'a bias of the upper factor',
      { 'unet.conv_in.lora_B.bias': tensor([4]) },
      'test.safetensors: 1 key of bias of lora_B found, LoRA, LoHa, LoKr, DoRA, IA3 or differences expected; such files are not supported yet',
    ],
  ]
  test.each(cases)('%s', (_title, tensors, message) => {
    expect(() => testLora(tensors)).toThrow(new FormatError(message))
  })
})

describe('a file that does not fit its layers says where', () => {
  const cases: [title: string, tensors: Record<string, TestTensor>, message: string][] = [
    [
      'another width',
      {
        'lora_unet_time_embedding_linear_1.lora_down.weight': tensor([2, 5]),
        'lora_unet_time_embedding_linear_1.lora_up.weight': tensor([6, 2]),
      },
      'test.safetensors: lora_unet_time_embedding_linear_1.lora_down.weight is [2, 5], [2, 4] expected by time_embedding.linear_1, whose weight is [6, 4]',
    ],
    [
      'another kernel',
      { ...pair(), 'lora_unet_conv_in.lora_down.weight': tensor([1, 3, 1, 1]) },
      'test.safetensors: lora_unet_conv_in.lora_down.weight is [1, 3, 1, 1], [1, 27] expected by conv_in, whose weight is [4, 3, 3, 3]',
    ],
    [
      'half of a pair',
      { 'lora_unet_conv_in.lora_down.weight': tensor([1, 3, 3, 3]) },
      'test.safetensors: only lora_unet_conv_in.lora_down.weight found for conv_in, also its up expected',
    ],
    [
      'blocks that do not divide the layer',
      {
        'lora_unet_conv_in.lokr_w1': tensor([3, 3]),
        'lora_unet_conv_in.lokr_w2': tensor([1, 1, 3, 3]),
      },
      'test.safetensors: lora_unet_conv_in.lokr_w1 makes blocks of [3, 3], divisors of [4, 3] expected by conv_in',
    ],
    [
      'parts of two algorithms',
      { ...pair(), 'lora_unet_conv_in.hada_t1': tensor([1]) },
      'test.safetensors: lora_unet_conv_in.hada_t1 found, no such part expected in LoRA',
    ],
    [
      'lengths of neither outputs nor inputs',
      { ...pair(), 'lora_unet_conv_in.dora_scale': tensor([5, 1, 1, 1]) },
      'test.safetensors: lora_unet_conv_in.dora_scale is [5, 1, 1, 1], [4, 1] or [1, 3] expected by conv_in, whose weight is [4, 3, 3, 3]',
    ],
    [
      'lengths of nothing',
      { 'lora_unet_conv_in.dora_scale': tensor([4, 1, 1, 1]) },
      'test.safetensors: only lora_unet_conv_in.dora_scale found for conv_in, also its down expected',
    ],
    [
      'a bias of another size',
      { 'lora_unet_conv_in.diff_b': tensor([5]) },
      'test.safetensors: lora_unet_conv_in.diff_b is [5], [4, 1] expected by conv_in.bias, whose weight is [4]',
    ],
    [
      'a layer under two names',
      { ...pair(), 'lora_unet_input_blocks_0_0.lora_down.weight': tensor([1, 3, 3, 3]) },
      'test.safetensors: lora_unet_conv_in.lora_down.weight and lora_unet_input_blocks_0_0.lora_down.weight both change conv_in, one expected',
    ],
  ]
  test.each(cases)('%s', (_title, tensors, message) => {
    const lora = testLora(tensors)
    expect(() => resolveLora(lora, 'unet', layers)).toThrow(new FormatError(message))
  })

  test('with the family the file seems to be for', () => {
    const lora = testLora(
      {
        'lora_unet_time_embedding_linear_1.lora_down.weight': tensor([2, 5]),
        'lora_unet_time_embedding_linear_1.lora_up.weight': tensor([6, 2]),
      },
      { ss_base_model_version: 'sdxl_base_v1-0' },
    )
    expect(() => resolveLora(lora, 'unet', layers)).toThrow(
      /\[6, 4\]; the file looks like a LoRA for Stable Diffusion XL$/,
    )
  })
})

describe('keys without a layer', () => {
  const foreign = {
    ...pair(),
    'lora_unet_down_blocks_1_x.lora_down.weight': tensor([1, 3]),
    'lora_unet_down_blocks_1_x.lora_up.weight': tensor([3, 1]),
    'lora_te2_y.lora_down.weight': tensor([1, 3]),
    'lora_te2_y.lora_up.weight': tensor([3, 1]),
    strange: tensor([1]),
  }
  const message =
    'test.safetensors: 5 of 7 keys belong to no layer of the model (strange, ' +
    'lora_unet_down_blocks_1_x.lora_down.weight, lora_unet_down_blocks_1_x.lora_up.weight, ...), ' +
    'all of them expected to; the file looks like a LoRA for Stable Diffusion XL'
  const model = { unet: layers, textEncoder: new Map<string, number[]>() }

  test('are an error that counts them and names the likely family', () => {
    const remedy = '; allowUnmatched lets the others apply'
    expect(() => checkMatched(testLora(foreign), model)).toThrow(new FormatError(message + remedy))
  })

  test('are a warning where the user allows them, and what matches is applied', () => {
    const lora = testLora(foreign, {}, { allowUnmatched: true })
    expect(checkMatched(lora, model)).toBe(message)
    expect([...resolveLora(lora, 'unet', layers).factors.keys()]).toEqual(['conv_in'])
    expect(resolveLora(lora, 'unet', layers).unmatched).toHaveLength(2)
  })

  test('are not judged for a network that is not given', () => {
    const lora = testLora({ ...pair(), 'lora_te_y.lora_down.weight': tensor([1, 3]) })
    expect(checkMatched(lora, { unet: layers })).toBeUndefined()
    expect(() => checkMatched(lora, model)).toThrow(/1 of 3 keys belong to no layer/)
  })

  test('are biases of layers without one', () => {
    const key = 'lora_unet_time_embedding_linear_1.diff_b'
    const lora = testLora({ [key]: tensor([6]) })
    expect(() => checkMatched(lora, model)).toThrow(
      `1 of 1 keys belong to no layer of the model (${key})`,
    )
  })

  test('do not exist in a file made for the model', () => {
    expect(checkMatched(testLora(pair()), model)).toBeUndefined()
  })
})

describe('the scale of a file without alpha tensors', () => {
  const peft = {
    'unet.time_embedding.linear_1.lora_A.weight': tensor([4, 4]),
    'unet.time_embedding.linear_1.lora_B.weight': tensor([6, 4]),
  }
  const cases: [title: string, config: unknown, scale: number][] = [
    ['is 1', undefined, 1],
    ['is lora_alpha / rank', { 'unet.lora_alpha': 8 }, 2],
    ['may name no network', { lora_alpha: 2 }, 0.5],
    ['has exceptions', { 'unet.lora_alpha': 8, 'unet.alpha_pattern': { linear_1: 12 } }, 3],
    [
      'is by the root of the rank with rsLoRA',
      { 'unet.lora_alpha': 8, 'unet.use_rslora': true },
      4,
    ],
    ['is 1 for another network', { 'text_encoder.lora_alpha': 8 }, 1],
  ]
  test.each(cases)('%s', (_title, config, scale) => {
    const metadata = config === undefined ? {} : { lora_adapter_metadata: JSON.stringify(config) }
    const lora = testLora(peft, metadata)
    const { up } = resolveLora(lora, 'unet', layers).factors.get('time_embedding.linear_1')!
    expect([...up]).toEqual([...tensor([6, 4])[1]].map((value) => Math.fround(value * scale)))
  })
})

test('resolving again gives the same factors, to the object', () => {
  const lora = testLora(pair())
  expect(resolveLora(lora, 'unet', layers)).toBe(resolveLora(lora, 'unet', layers))
})

test('the words for the prompt come from the metadata', () => {
  expect(testLora(pair(), { 'modelspec.trigger_phrase': 'a red fox' }).triggers).toEqual([
    'a red fox',
  ])
  expect(testLora(pair()).triggers).toEqual([])
})

test('a LoRA is told from a checkpoint by its names', () => {
  expect(looksLikeLora(Object.keys(pair()))).toBe(true)
  expect(looksLikeLora(['model.diffusion_model.input_blocks.0.0.weight'])).toBe(false)
  expect(looksLikeLora(['emb_params'])).toBe(false)
})

function pair(): Record<string, TestTensor> {
  return {
    'lora_unet_conv_in.lora_down.weight': tensor([1, 3, 3, 3]),
    'lora_unet_conv_in.lora_up.weight': tensor([4, 1, 1, 1]),
  }
}
