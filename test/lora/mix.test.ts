import { expect, test } from 'vitest'
import { type AppliedLora, deltaWeight, mixFactors, mixScales } from '../../engine/lora/mix.ts'
import { relativeError } from '../support/golden.ts'
import { noise, scalar, type TestTensor, tensor, testLora } from './tiny.ts'

const layers = new Map([
  ['conv_in', [4, 3, 3, 3]],
  ['time_embedding.linear_1', [5, 4]],
  ['conv_out', [3, 4, 3, 3]],
])

const convolution = testLora({ ...conv('conv_in', 2), ...conv('conv_out', 1) })
const linear = testLora({
  'lora_unet_time_embedding_linear_1.lora_down.weight': tensor([2, 4], 3),
  'lora_unet_time_embedding_linear_1.lora_up.weight': tensor([5, 2], 4),
  'lora_unet_time_embedding_linear_1.alpha': scalar(1),
})
const both = testLora({
  'unet.time_embedding.linear_1.lora_A.weight': tensor([3, 4], 5),
  'unet.time_embedding.linear_1.lora_B.weight': tensor([5, 3], 6),
  ...conv('conv_in', 1),
})

test('a linear layer gets down [in, rank] and up [rank, out], with alpha in up', () => {
  const layer = mixFactors(apply([linear, 1]), 'unet', layers).get('time_embedding.linear_1')!
  const [, down] = tensor([2, 4], 3)
  const [, up] = tensor([5, 2], 4)
  expect(layer.rank).toBe(2)
  expect([...layer.down]).toEqual([0, 1, 2, 3].flatMap((i) => [down[i]!, down[4 + i]!]))
  expect([...layer.up]).toEqual(
    [0, 1].flatMap((k) => [0, 1, 2, 3, 4].map((o) => up[o * 2 + k]! / 2)),
  )
})

test('the ranks of a convolution lie one behind the other', () => {
  const layer = mixFactors(apply([convolution, 1], [both, 1]), 'unet', layers).get('conv_in')!
  const [first, second] = [conv('conv_in', 2), conv('conv_in', 1)].map((parts) =>
    Object.values(parts),
  )
  expect(layer.rank).toBe(3)
  expect([...layer.down]).toEqual([...first![0]![1], ...second![0]![1]])
  const [a, b] = [first![1]![1], second![1]![1]]
  expect([...layer.up]).toEqual([0, 1, 2, 3].flatMap((o) => [a[o * 2]!, a[o * 2 + 1]!, b[o]!]))
  expect(layer.parts).toEqual([
    { index: 0, rank: 2 },
    { index: 1, rank: 1 },
  ])
})

test('layers come in the order of the network, whatever the order of the file', () => {
  const mix = mixFactors(apply([both, 1], [convolution, 1]), 'unet', layers)
  expect([...mix.keys()]).toEqual([...layers.keys()])
})

test('scales are the strengths, repeated for every rank', () => {
  const list = apply([convolution, 0.5], [linear, -1], [both, 2])
  const scales = mixScales(list, mixFactors(list, 'unet', layers))
  expect(Object.fromEntries([...scales].map(([layer, values]) => [layer, [...values]]))).toEqual({
    conv_in: [0.5, 0.5, 2],
    'time_embedding.linear_1': [-1, -1, 2, 2, 2],
    conv_out: [0.5],
  })
})

test('block weights weigh the strength of one entry per layer', () => {
  const blocks = [1, 0.25, ...new Array(24).fill(0)]
  const [first, second] = apply([convolution, 0.5], [both, 2])
  const list = [first!, { ...second!, blocks }]
  const mix = mixFactors(list, 'unet', layers)
  expect(mix).toBe(mixFactors(apply([convolution, 0.5], [both, 2]), 'unet', layers))
  const scales = mixScales(list, mix)
  expect([...scales.get('conv_in')!]).toEqual([0.5, 0.5, 0.5])
  expect([...scales.get('time_embedding.linear_1')!]).toEqual([2, 2, 2])
})

test('the same LoRA twice is the LoRA at the sum of the strengths', () => {
  const twice = apply([linear, 0.25], [linear, 0.5])
  const once = apply([linear, 0.75])
  expect(relativeError(change(twice), change(once))).toBeLessThan(1e-6)
})

test('strength 0 keeps the ranks, so that the program stays the same', () => {
  const list = apply([linear, 0])
  const mix = mixFactors(list, 'unet', layers)
  expect(mix.get('time_embedding.linear_1')?.rank).toBe(2)
  expect([...mixScales(list, mix).get('time_embedding.linear_1')!]).toEqual([0, 0])
})

test('a change of strength leaves the factors as they are, to the object', () => {
  const before = mixFactors(apply([convolution, 1], [both, 0.5]), 'unet', layers)
  expect(mixFactors(apply([convolution, 0.1], [both, -3]), 'unet', layers)).toBe(before)
  const swapped = mixFactors(apply([both, 0.5], [convolution, 1]), 'unet', layers)
  expect(swapped).not.toBe(before)
  expect(mixFactors(apply([convolution, 1], [both, 1]), 'unet', layers)).toBe(before)
})

test('10,000 changes of strength and back leave not a bit behind', () => {
  const start = apply([convolution, 0.7], [linear, 0.4], [both, -0.3])
  const mix = mixFactors(start, 'unet', layers)
  const factors = structuredClone(mix)
  const scales = mixScales(start, mix)
  const strengths = noise(30_000)
  for (let i = 0; i < strengths.length; i += 3) {
    const list = start.map(({ lora }, index) => ({ lora, strength: strengths[i + index]! * 4 }))
    mixScales(list, mixFactors(list, 'unet', layers))
  }
  const again = mixFactors(start, 'unet', layers)
  expect(mixScales(start, again)).toEqual(scales)
  expect(again).toEqual(factors)
})

test('an empty list changes no layer', () => {
  expect(mixFactors([], 'unet', layers).size).toBe(0)
  expect(mixScales([], new Map()).size).toBe(0)
})

function apply(...list: [AppliedLora['lora'], number][]): AppliedLora[] {
  return list.map(([lora, strength]) => ({ lora, strength }))
}

function change(list: readonly AppliedLora[]): Float32Array {
  const mix = mixFactors(list, 'unet', layers)
  const layer = 'time_embedding.linear_1'
  return deltaWeight(mix.get(layer)!, mixScales(list, mix).get(layer)!)
}

function conv(layer: string, rank: number): Record<string, TestTensor> {
  const [out = 0, inputs = 0] = layers.get(layer)!
  return {
    [`lora_unet_${layer}.lora_down.weight`]: tensor([rank, inputs, 3, 3], rank),
    [`lora_unet_${layer}.lora_up.weight`]: tensor([out, rank, 1, 1], rank + 10),
  }
}
