import { dirname, join } from 'node:path'
import type { NetworkLayers } from '../../engine/lora/layer-index.ts'
import { type Lora, type LoraOptions, readLora } from '../../engine/lora/load.ts'
import type { LoraNetwork } from '../../engine/lora/naming.ts'
import { goldenFiles, goldenRoot, goldenTensors } from '../support/golden.ts'

/** Small networks and LoRA files for the tests of this folder. */

/** Where the weights of a network lie: in its diffusers folder, or in the single file. */
const places: Readonly<Record<LoraNetwork, { folder: string; prefix: string | undefined }>> = {
  unet: { folder: 'diffusers/unet', prefix: undefined },
  textEncoder: { folder: 'diffusers/text_encoder', prefix: 'cond_stage_model.transformer.' },
  textEncoder2: { folder: 'diffusers/text_encoder_2', prefix: undefined },
}

/** Linear and convolution layers of a model of the golden root; none without the network. */
export function goldenLayers(base: string, network: LoraNetwork): NetworkLayers {
  const { folder, prefix } = places[network]
  const shapes = shapesIn(join('models', base, folder))
  if (shapes.length > 0 || prefix === undefined) return layersOf(shapes)
  return layersOf(
    shapesIn(join('models', base), false)
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, shape]) => [name.slice(prefix.length), shape]),
  )
}

/** Names and shapes of the tensors of all safetensors files in a folder of the golden root. */
export function shapesIn(folder: string, deep = true): [name: string, shape: readonly number[]][] {
  return goldenFiles(folder, '.safetensors')
    .filter((file) => deep || dirname(file) === join(goldenRoot, folder))
    .flatMap((file) =>
      [...goldenTensors(file)].map(([name, { shape }]): [string, readonly number[]] => [
        name,
        shape,
      ]),
    )
}

/** Layers whose weights are matrices or convolution kernels, by name without `.weight`. */
export function layersOf(
  weights: Iterable<readonly [name: string, shape: readonly number[]]>,
): NetworkLayers {
  return new Map(
    [...weights]
      .filter(([name, shape]) => name.endsWith('.weight') && shape.length > 1)
      .map(([name, shape]) => [name.replace(/\.weight$/, ''), shape]),
  )
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
