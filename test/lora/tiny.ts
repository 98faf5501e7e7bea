import { dirname, join } from 'node:path'
import type { SafetensorsTensor } from '../../engine/formats/safetensors.ts'
import { type NetworkLayers, tensorName } from '../../engine/lora/layer-index.ts'
import { type Lora, type LoraOptions, readLora } from '../../engine/lora/load.ts'
import {
  type AppliedLora,
  deltaWeight,
  mixFactors,
  mixScales,
  strengthIn,
} from '../../engine/lora/mix.ts'
import type { LoraNetwork } from '../../engine/lora/naming.ts'
import { resolveLora } from '../../engine/lora/resolve.ts'
import { goldenFiles, goldenRoot, goldenTensors } from '../support/golden.ts'

/** Small networks and LoRA files for the tests of this folder. */

/** Where the weights of a network lie: in its diffusers folder, or in the single file. */
const places: Readonly<Record<LoraNetwork, { folder: string; prefix: string | undefined }>> = {
  unet: { folder: 'diffusers/unet', prefix: undefined },
  textEncoder: { folder: 'diffusers/text_encoder', prefix: 'cond_stage_model.transformer.' },
  textEncoder2: { folder: 'diffusers/text_encoder_2', prefix: undefined },
}

/** Layers, norms and biases of a model of the golden root; none without the network. */
export function goldenLayers(base: string, network: LoraNetwork): NetworkLayers {
  return layersOf([...goldenWeights(base, network)].map(([name, { shape }]) => [name, shape]))
}

/** The weights of a network of a model of the golden root by canonical name. */
export function goldenWeights(base: string, network: LoraNetwork): Map<string, SafetensorsTensor> {
  const { folder, prefix } = places[network]
  const weights = tensorsIn(join('models', base, folder))
  if (weights.length > 0 || prefix === undefined) return new Map(weights)
  return new Map(
    tensorsIn(join('models', base), false)
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, tensor]) => [name.slice(prefix.length), tensor]),
  )
}

/** Names and shapes of the tensors of all safetensors files in a folder of the golden root. */
export function shapesIn(folder: string, deep = true): [name: string, shape: readonly number[]][] {
  return tensorsIn(folder, deep).map(([name, { shape }]) => [name, shape])
}

function tensorsIn(folder: string, deep = true): [name: string, tensor: SafetensorsTensor][] {
  return goldenFiles(folder, '.safetensors')
    .filter((file) => deep || dirname(file) === join(goldenRoot, folder))
    .flatMap((file) => [...goldenTensors(file)])
}

/** What a LoRA may change: weights by name without `.weight`, biases by name. */
export function layersOf(
  weights: Iterable<readonly [name: string, shape: readonly number[]]>,
): NetworkLayers {
  return new Map(
    [...weights]
      .filter(([name]) => /\.(weight|bias)$/.test(name))
      .map(([name, shape]) => [name.replace(/\.weight$/, ''), shape]),
  )
}

/** The whole change of one layer: what is live, and what is baked into the original weight. */
export function wholeChange(
  loras: readonly AppliedLora[],
  layer: string,
  { network = 'unet', layers, weight }: ChangedNetwork,
): Float64Array {
  const mix = mixFactors(loras, network, layers)
  const live = mix.get(layer)
  const original = weight(tensorName(layer))
  const change = live
    ? new Float64Array(deltaWeight(live, mixScales(loras, mix).get(layer)!))
    : new Float64Array(original.length)
  for (const applied of loras) {
    const baked = resolveLora(applied.lora, network, layers).baked.get(layer)
    const delta = baked?.delta(original, strengthIn(applied, layer)) ?? []
    for (const [index, value] of delta.entries()) change[index]! += value
  }
  return change
}

/** A network to be changed, with its original weights by tensor name. */
export interface ChangedNetwork {
  network?: LoraNetwork
  layers: NetworkLayers
  weight: (tensor: string) => Float32Array
}

/** Values that look random and are the same every time, between -1 and 1. */
export function noise(length: number, seed = 1): Float32Array {
  let state = (seed * 2654435761 + 1) >>> 0
  return Float32Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return (state >>> 8) / 2 ** 23 - 1
  })
}

/** A tensor to be written: shape and values. */
export type TestTensor = readonly [shape: readonly number[], data: Float32Array]

/** A tensor of noise. */
export function tensor(shape: readonly number[], seed?: number): TestTensor {
  return [
    shape,
    noise(
      shape.reduce((a, b) => a * b, 1),
      seed,
    ),
  ]
}

/** A tensor of one number, as `alpha` is stored. */
export function scalar(value: number): TestTensor {
  return [[], Float32Array.of(value)]
}

/** A LoRA as if read from `test.safetensors`. */
export function testLora(
  tensors: Readonly<Record<string, TestTensor>>,
  metadata: Readonly<Record<string, string>> = {},
  options: Partial<LoraOptions> = {},
): Lora {
  const content = new Map(
    Object.entries(tensors).map(([name, [shape, data]]) => [
      name,
      { dtype: 'F32' as const, shape, bytes: new Uint8Array(data.buffer as ArrayBuffer) },
    ]),
  )
  return readLora('test.safetensors', { tensors: content, metadata }, { key: 'test', ...options })
}
