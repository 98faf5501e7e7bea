import { type Builder, createBuilder } from '../onnx/builder.ts'
import { type Shape, showShape } from '../onnx/dims.ts'
import { bytesOf, cast, joinSizes, reshape, sizesOf } from '../onnx/express.ts'
import type { ElementType, Value } from '../onnx/value.ts'
import { type Weights, weightOf } from './weights.ts'

/** Ops that a provider may compute in one piece, where a probe has found its numbers right. */
export type FusedOp = 'MultiHeadAttention' | 'QuickGelu' | 'Gelu' | 'FusedMatMul'

/** How a program is to be built for one provider. */
export interface BuildOptions {
  /** The type in which the network computes. */
  readonly type: 'float32' | 'float16'
  readonly fused: ReadonlySet<FusedOp>
  /** Layers that take LoRA factors as inputs. */
  readonly adapted: ReadonlySet<string>
  /** Numbers that stand in for those of the file, by name of the weight. */
  readonly baked: ReadonlyMap<string, Float32Array | Float16Array>
  /** What a program that is trained through needs besides. */
  readonly training?: TrainingBuild
}

/** How a program is built for a gradient. */
export interface TrainingBuild {
  /** Weights that are inputs, float32, by canonical name: those that are trained themselves. */
  readonly trained: ReadonlySet<string>
  /** Ranks of the adapted layers: gradients of convolutions need numbers. */
  readonly ranks: ReadonlyMap<string, number>
  /** A weight changed by trained factors, where a layer has such. */
  readonly changed?: (net: Network, weight: string, stored: Value) => Value
  readonly recompute: Recompute
  /** Attentions and resnets that are left out, by name: those that add nothing yet. */
  readonly skipped?: ReadonlySet<string>
}

/**
 * What a gradient computes again instead of keeping: nothing, the inside of attention and norms,
 * or whole blocks (resnets and transformers).
 */
export type Recompute = 'none' | 'attention' | 'block'

/** Plain float32 without LoRA, every fused op allowed. */
export const defaultBuild: BuildOptions = {
  type: 'float32',
  fused: new Set<FusedOp>(['MultiHeadAttention', 'QuickGelu', 'Gelu']),
  adapted: new Set<string>(),
  baked: new Map<string, Float32Array>(),
}

/** A network while it is built: a builder, the weights it draws on, the options. */
export interface Network extends BuildOptions {
  readonly builder: Builder
  readonly weights: Weights
  /** A weight in the type of computation; `shape` may regroup the stored one. */
  weight(name: string, shape?: readonly number[]): Value
  /** A weight as it is stored, or as it is baked. */
  stored(name: string, shape?: readonly number[]): Value
  has(name: string): boolean
  /** Runs `build`; a gradient computes it again where the options say so for such a part. */
  recomputed<T>(part: Recompute, build: () => T): T
  /** Sizes of the first axes of `x`, as a value; asked once for every distinct shape. */
  sizes(x: Value, axes: number): Value
  /** Sizes of the first axes of `x` followed by constants. */
  sizesThen(x: Value, axes: number, ...rest: number[]): Value
}

/** Starts a network, in a program of its own or in one that is given. */
export function createNetwork(
  name: string,
  weights: Weights,
  options: BuildOptions,
  builder: Builder = createBuilder(name),
): Network {
  const sizes = new Map<string, Value>()

  function remember(key: string, make: () => Value): Value {
    const value = sizes.get(key) ?? make()
    sizes.set(key, value)
    return value
  }

  function stored(weight: string, shape?: readonly number[]): Value {
    const tensor = weightOf(weights, weight)
    if (options.training?.trained.has(weight)) {
      const value = remember(`input ${weight}`, () =>
        builder.input(weight, 'float32', tensor.shape),
      )
      const isSame = !shape || showShape(shape) === showShape(tensor.shape)
      return isSame ? value : reshape(builder, value, shape)
    }
    const baked = options.baked.get(weight)
    if (baked) {
      const type = baked instanceof Float32Array ? 'float32' : 'float16'
      return builder.weight(weight, type, shape ?? tensor.shape, bytesOf(baked))
    }
    return builder.weight(weight, tensor.type, shape ?? tensor.shape, tensor.data)
  }

  return {
    ...options,
    builder,
    weights,
    stored,
    weight(weight, shape) {
      const value = cast(builder, stored(weight, shape), options.type)
      return options.training?.changed?.(this, weight, value) ?? value
    },
    recomputed: (part, build) =>
      options.training?.recompute === part ? builder.recomputed(build) : build(),
    has: (weight) => weights.tensors.has(weight),
    sizes(x, axes) {
      return remember(keyOf(x.shape.slice(0, axes)), () => sizesOf(builder, x, 0, axes))
    },
    sizesThen(x, axes, ...rest) {
      const front = this.sizes(x, axes)
      const key = keyOf([...x.shape.slice(0, axes), ...rest.map(String)])
      return remember(`then ${key}`, () => joinSizes(builder, [front, ...rest]))
    },
  }
}

/** Where a program's input takes the type in which the network computes. */
export function networkInput(net: Network, name: string, shape: Shape, type?: ElementType): Value {
  const value = net.builder.input(name, type ?? 'float32', shape)
  return type ? value : cast(net.builder, value, net.type)
}

/** Results leave as float32. */
export function networkOutput(net: Network, name: string, value: Value): void {
  net.builder.output(name, cast(net.builder, value, 'float32'))
}

function keyOf(shape: Shape): string {
  return showShape(shape)
}
