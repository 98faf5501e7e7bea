import { describe, expect, test } from 'vitest'
import { bakedKey, bakedWarning, bakeWeights } from '../../engine/lora/bake.ts'
import type { Lora } from '../../engine/lora/load.ts'
import { type AppliedLora, mixFactors } from '../../engine/lora/mix.ts'
import { noise, scalar, type TestTensor, tensor, testLora } from './tiny.ts'

const layers = new Map([
  ['conv_in', [4, 3, 3, 3]],
  ['conv_in.bias', [4]],
  ['conv_norm_out', [5]],
  ['time_embedding.linear_1', [5, 4]],
])
const weights: Record<string, Float32Array> = {
  'conv_in.weight': noise(108, 11),
  'conv_in.bias': noise(4, 12),
  'conv_norm_out.weight': noise(5, 13),
  'time_embedding.linear_1.weight': noise(20, 14),
}

const dora = named('dora', { ...pair(1), dora_scale: tensor([4, 1, 1, 1], 3) })
const plain = named('plain', pair(5))
const whole = named('whole', { diff: tensor([4, 3, 3, 3], 7), diff_b: tensor([4], 8) })
const ia3 = testLora(
  {
    'lora_unet_time_embedding_linear_1.weight': tensor([4], 9),
    'lora_unet_time_embedding_linear_1.on_input': scalar(1),
    'lora_unet_conv_norm_out.diff': tensor([5], 10),
  },
  {},
  { key: 'ia3' },
)

test('only the tensors that change are read, under their names in the network', async () => {
  expect((await baked([whole, 1])).read).toEqual(['conv_in.bias'])
  expect((await baked([dora, 1])).read).toEqual(['conv_in.weight'])
  expect((await baked([ia3, 1])).read).toEqual([
    'conv_norm_out.weight',
    'time_embedding.linear_1.weight',
  ])
  expect((await baked([plain, 1])).read).toEqual([])
})

test('strength 0 is left out: nothing is read and nothing named', async () => {
  const { read, key, changed } = await baked([dora, 0], [whole, -0], [ia3, 0])
  expect({ read, key, size: changed.size }).toEqual({ read: [], key: '', size: 0 })
})

test('a strength that block weights make 0 is left out as well', async () => {
  const blocks = [1, 0, ...new Array(24).fill(1)]
  const list = [{ lora: dora, strength: 1, blocks }]
  expect(bakedKey(list, 'unet', layers)).toBe('')
  expect((await bakeList(list)).changed.size).toBe(0)
})

test('block weights are factors of the strength', async () => {
  const blocks = [1, 0.5, ...new Array(24).fill(1)]
  const half = await bakeList([{ lora: dora, strength: 1, blocks }])
  expect(half.changed).toEqual((await baked([dora, 0.5])).changed)
  expect(half.key).not.toBe((await baked([dora, 1])).key)
})

test('every difference is taken from the original weight, whatever else is baked', async () => {
  const one = await baked([dora, 0.7])
  const two = await baked([named('other', { ...pair(3), dora_scale: tensor([4, 1, 1, 1]) }), -0.4])
  const both = await baked(
    [dora, 0.7],
    [named('other', { ...pair(3), dora_scale: tensor([4, 1, 1, 1]) }), -0.4],
  )
  const name = 'conv_in.weight'
  const sum = weights[name]!.map(
    (value, i) => one.changed.get(name)![i]! + two.changed.get(name)![i]! - value,
  )
  for (const [i, value] of [...both.changed.get(name)!].entries()) {
    expect(value).toBeCloseTo(sum[i]!, 5)
  }
})

test('the order of the list counts neither for the weights nor for their name', async () => {
  const list: Entry[] = [
    [dora, 0.3],
    [whole, -0.6],
    [named('other', { ...pair(3), dora_scale: tensor([1, 3, 1, 1]) }), 1.1],
    [plain, 1],
  ]
  const forth = await baked(...list)
  const back = await baked(...list.toReversed())
  expect(back.changed).toEqual(forth.changed)
  expect(back.key).toBe(forth.key)
})

test('what has factors stays live beside what is baked for the same layer', async () => {
  const list = apply([dora, 0.5], [plain, 2])
  const mix = mixFactors(list, 'unet', layers)
  expect(mix.get('conv_in')?.parts).toEqual([{ index: 1, rank: 2 }])
  expect((await bakeList(list)).changed).toEqual((await baked([dora, 0.5])).changed)
})

test('more than a program can hold is kept as float16', async () => {
  const list = apply([dora, 1], [ia3, 1])
  const options = { layers, read: async (tensor: string) => weights[tensor]! }
  const wide = await bakeWeights(list, 'unet', { ...options, largestFloat32: 133 * 4 })
  const narrow = await bakeWeights(list, 'unet', { ...options, largestFloat32: 133 * 4 - 1 })
  expect([...wide.values()].every((data) => data instanceof Float32Array)).toBe(true)
  for (const [name, data] of narrow) expect(data).toEqual(new Float16Array(wide.get(name)!))
})

test('a change of the ratio of a live LoRA leaves the name as it is', () => {
  const key = (ratio: number) => bakedKey(apply([dora, 0.5], [plain, ratio]), 'unet', layers)
  expect(key(1)).toBe(key(2))
  expect(bakedKey(apply([dora, 0.6], [plain, 1]), 'unet', layers)).not.toBe(key(1))
})

describe('the warning', () => {
  test('names the algorithms and counts the layers', () => {
    expect(bakedWarning(dora, { unet: layers })).toBe(
      'test.safetensors: DoRA changes the weights themselves: 1 layer is baked, and a change of ' +
        'their ratio loads the network again',
    )
    expect(bakedWarning(ia3, { unet: layers })).toBe(
      'test.safetensors: norm difference, IA3 change the weights themselves: 2 layers are baked, ' +
        'and a change of their ratio loads the network again',
    )
  })

  test('is absent where all is live, and for networks that are not given', () => {
    expect(bakedWarning(plain, { unet: layers })).toBeUndefined()
    expect(bakedWarning(dora, {})).toBeUndefined()
    expect(bakedWarning(dora, { textEncoder: new Map(layers) })).toBeUndefined()
  })
})

type Entry = [Lora, number]

function apply(...list: Entry[]): AppliedLora[] {
  return list.map(([lora, strength]) => ({ lora, strength }))
}

function baked(...list: Entry[]) {
  return bakeList(apply(...list))
}

async function bakeList(list: AppliedLora[]) {
  const read: string[] = []
  const changed = await bakeWeights(list, 'unet', {
    layers,
    read: async (tensor) => {
      read.push(tensor)
      return weights[tensor]!
    },
  })
  return { changed, read, key: bakedKey(list, 'unet', layers) }
}

function named(key: string, parts: Record<string, TestTensor>): Lora {
  const tensors = Object.entries(parts).map(([part, value]) => [`lora_unet_conv_in.${part}`, value])
  return testLora(Object.fromEntries(tensors), {}, { key })
}

function pair(seed: number): Record<string, TestTensor> {
  return {
    'lora_down.weight': tensor([2, 3, 3, 3], seed),
    'lora_up.weight': tensor([4, 2, 1, 1], seed + 1),
  }
}
