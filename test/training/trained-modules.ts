import type { LoraTensor } from '../../engine/lora/layer-request.ts'
import type { Lora, LoraModule } from '../../engine/lora/load.ts'
import { type LoraNetwork, type Part, underscored } from '../../engine/lora/naming.ts'
import { seededNumbers } from '../../engine/runtime/probe-data.ts'
import { sizeOf } from '../../engine/runtime/tensor.ts'
import { type TrainedModule, trainedModules } from '../../engine/training/adapters.ts'

/** A LoRA of one module, with random parts of the shapes given. */
export function oneModule(
  network: LoraNetwork,
  layer: string,
  algorithm: LoraModule['algorithm'],
  shapes: Readonly<Partial<Record<Part, readonly number[]>>>,
  alpha?: number,
): Lora {
  const parts = new Map<Part, LoraTensor>()
  if (alpha !== undefined) {
    parts.set('alpha', { name: 'alpha', shape: [], data: Float32Array.of(alpha) })
  }
  for (const [part, shape] of Object.entries(shapes) as [Part, readonly number[]][]) {
    parts.set(part, { name: part, shape, data: seededNumbers(part, sizeOf(shape)) })
  }
  const target = 'diff_b' in shapes ? 'bias' : 'weight'
  const path = underscored(layer)
  return {
    ...{ name: 'style', key: 'style', unknownKeys: [], metadata: {}, triggers: [] },
    ...{ family: undefined, allowUnmatched: false },
    modules: [{ network, target, path, algorithm, parts, scaleFor: () => undefined }],
  }
}

/** A live module of rank 4 and alpha 2 for a layer of this weight. */
export function liveModule(
  layer: string,
  weightShape: readonly number[],
  network: LoraNetwork = 'unet',
): TrainedModule {
  const [out, inner, ...kernel] = weightShape as [number, number]
  const shapes = { down: [4, inner, ...kernel], up: [out, 4, ...kernel.map(() => 1)] }
  const lora = oneModule(network, layer, 'lora', shapes, 2)
  return trainedModules(lora, network, new Map([[layer, weightShape]]))[0]!
}
