import { FormatError } from '../errors.ts'
import { type NetworkLayers, targetName } from '../lora/layer-index.ts'
import type { LoraTensor } from '../lora/layer-request.ts'
import type { Lora, LoraModule } from '../lora/load.ts'
import type { LoraNetwork, Part } from '../lora/naming.ts'
import { isTimeLayer } from '../models/unet.ts'
import { transposedRows } from './transposed.ts'
import { type WeightAlgorithm, weightAlgorithms } from './weight-algorithms.ts'

/**
 * The modules of a LoRA as they are trained: low-rank factors are live inputs of their layer, all
 * other algorithms change the layer's weight inside the program.
 */

/** One tensor of a module in training. */
export interface TrainedPart {
  readonly part: Part
  /** Name of the program's input. */
  readonly name: string
  /** As the program takes it. */
  readonly shape: readonly number[]
}

/** One module in training. */
export interface TrainedModule {
  readonly network: LoraNetwork
  /** Canonical name of the layer. */
  readonly layer: string
  /** Shape of the layer's weight. */
  readonly weightShape: readonly number[]
  readonly module: LoraModule
  /** 1 where the algorithm has none. */
  readonly rank: number
  /** `alpha / rank`. */
  readonly scale: number
  readonly parts: readonly TrainedPart[]
  /** Absent for low-rank factors. */
  readonly algorithm?: WeightAlgorithm
}

/**
 * The modules of a LoRA that belong to a network. Throws a FormatError for a key without a layer
 * and for an algorithm that cannot be trained.
 */
export function trainedModules(
  lora: Lora,
  network: LoraNetwork,
  layers: NetworkLayers,
): readonly TrainedModule[] {
  return lora.modules.flatMap((module) => {
    if (module.network !== network) return []
    const layer = targetName(module, layers)
    if (layer === undefined) {
      throw new FormatError(`${lora.name}: ${module.path} is no layer of the model, one expected`)
    }
    return [trainedModule(lora.name, module, layer, layers.get(layer)!)]
  })
}

function trainedModule(
  file: string,
  module: LoraModule,
  layer: string,
  weightShape: readonly number[],
): TrainedModule {
  const { network, target, parts, algorithm: name } = module
  const isLive = name === 'lora' && !parts.has('mid')
  const algorithm = isLive ? undefined : weightAlgorithms[name]
  if ((!isLive && !algorithm) || target !== 'weight') {
    throw new FormatError(
      `${file}: ${layer} is changed by ${name}, ` +
        `${Object.keys(weightAlgorithms).join(' or ')} of a weight expected for training`,
    )
  }
  const rank = algorithm ? algorithm.rank(parts) : parts.get('down')!.shape[0]!
  const names = algorithm ? algorithm.parts : (['down', 'up'] as const)
  return {
    network,
    layer,
    weightShape,
    module,
    rank: rank ?? 1,
    scale: rank === undefined ? 1 : scaleOf(module, rank),
    parts: names.flatMap((part) => {
      const tensor = parts.get(part)
      if (!tensor) return []
      const shape = algorithm ? tensor.shape : programShape(tensor, weightShape)
      return [{ part, name: `${layer}.${part}`, shape }]
    }),
    ...(algorithm && { algorithm }),
  }
}

function scaleOf({ parts, scaleFor }: LoraModule, rank: number): number {
  const alpha = parts.get('alpha')?.data[0]
  return alpha === undefined ? (scaleFor(rank) ?? 1) : alpha / rank
}

/** Factors of linear layers are fed as `[in, rank]` and `[rank, out]`. */
function programShape({ shape }: LoraTensor, weightShape: readonly number[]): readonly number[] {
  const [rows, columns] = shape as [number, number]
  if (weightShape.length === 2) return [columns, rows]
  return shape.length === 4 ? shape : [rows, columns, 1, 1]
}

/** The numbers of a part as the program takes them. */
export function partToProgram({ module, weightShape, algorithm }: TrainedModule, part: Part) {
  const { data, shape } = module.parts.get(part)!
  if (algorithm || weightShape.length !== 2) return data.slice()
  return transposedRows(data, shape[0]!, data.length / shape[0]!)
}

/** A part of the LoRA from the numbers of the program; a copy. */
export function partFromProgram(
  { module, weightShape, algorithm }: TrainedModule,
  part: Part,
  data: Float32Array,
): LoraTensor {
  const tensor = module.parts.get(part)!
  if (algorithm || weightShape.length !== 2) return { ...tensor, data: data.slice() }
  const rows = tensor.shape[0]!
  return { ...tensor, data: transposedRows(data, data.length / rows, rows) }
}

/** Axes of a layer's scale input when it is the same for every picture and place. */
export function scaleShape({ layer, weightShape, rank }: TrainedModule): readonly number[] {
  if (weightShape.length === 4) return [1, rank, 1, 1]
  return isTimeLayer(layer) ? [1, rank] : [1, 1, rank]
}
