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

/** Reads the numbers of a weight from its file. Throws a FormatError where the file has changed. */
export type ReadWeight = (tensor: WeightTensor) => Promise<Float32Array>

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
 * What a LoRA can change: all weights but the tables of the text encoder, by name without
 * `.weight`, and biases by their full name; with their shapes `[out, in]`, `[out, in, kh, kw]` or,
 * for norms and biases, `[channels]`.
 */
export function layersOf(weights: Weights): ReadonlyMap<string, readonly number[]> {
  const known = layersByWeights.get(weights)
  if (known) return known
  const layers = new Map<string, readonly number[]>()
  for (const [name, { shape }] of weights.tensors) {
    if (!/\.(weight|bias)$/.test(name) || name.includes('.embeddings.')) continue
    layers.set(name.replace(/\.weight$/, ''), shape)
  }
  layersByWeights.set(weights, layers)
  return layers
}

const layersByWeights = new WeakMap<Weights, ReadonlyMap<string, readonly number[]>>()
