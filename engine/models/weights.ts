import { FormatError } from '../errors.ts'
import type { ElementType, ExternalData } from '../onnx/value.ts'

/** One weight of a network: what it is and where its bytes stand. Nothing is read. */
export interface WeightTensor {
  /** The name in the user's file, for messages. */
  readonly stored: string
  readonly type: ElementType
  readonly shape: readonly number[]
  readonly data: ExternalData
}

/** The weights of one network by canonical name (diffusers layout). */
export interface Weights {
  /** The file as the user named it. */
  readonly file: string
  readonly tensors: ReadonlyMap<string, WeightTensor>
}

/** A weight that must be there. */
export function weightOf(weights: Weights, name: string): WeightTensor {
  const tensor = weights.tensors.get(name)
  if (tensor) return tensor
  throw new FormatError(`${weights.file}: weight ${name} is absent, expected for this network`)
}

/** Shape of a weight that must be there. */
export function shapeOfWeight(weights: Weights, name: string): readonly number[] {
  return weightOf(weights, name).shape
}

/**
 * The layers that a LoRA can adapt: names without `.weight` of all weights with two or four axes,
 * with their shapes `[out, in]` or `[out, in, kh, kw]`.
 */
export function layersOf(weights: Weights): ReadonlyMap<string, readonly number[]> {
  const known = layersByWeights.get(weights)
  if (known) return known
  const layers = new Map<string, readonly number[]>()
  for (const [name, { shape }] of weights.tensors) {
    const isLayer = name.endsWith('.weight') && !name.includes('embedding.')
    if (isLayer && (shape.length === 2 || shape.length === 4)) {
      layers.set(name.slice(0, -'.weight'.length), shape)
    }
  }
  layersByWeights.set(weights, layers)
  return layers
}

const layersByWeights = new WeakMap<Weights, ReadonlyMap<string, readonly number[]>>()
