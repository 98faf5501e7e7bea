import { type BakedWeights, bakedKey, bakeWeights } from '../lora/bake.ts'
import type { NetworkLayers } from '../lora/layer-index.ts'
import { type AppliedLora, type Mix, type MixedLayer, mixFactors, mixScales } from '../lora/mix.ts'
import type { LoraNetwork } from '../lora/naming.ts'
import { isTimeLayer } from '../models/unet.ts'
import { type ReadWeight, type Weights, weightOf } from '../models/weights.ts'
import type { HeldTensor } from '../runtime/session.ts'
import type { SessionPool } from '../runtime/session-pool.ts'
import type { HostTensor } from '../runtime/tensor.ts'

/**
 * What a list of LoRAs means for one network: which layers take inputs, the inputs, and what is
 * baked into the weights.
 */
export interface LoraFeeds {
  /**
   * Names the set of adapted layers and what is baked. A program is built per set, not per LoRA
   * or ratio, except that every ratio of a baked LoRA is a program of its own.
   */
  readonly key: string
  readonly adapted: ReadonlySet<string>
  /** The weights with what is baked; those that change are read from their file. */
  baked(weights: Weights): Promise<BakedWeights>
  /** Factors and scales by input name. */
  feeds(): Promise<Record<string, HostTensor | HeldTensor>>
}

interface HeldMix {
  readonly mix: Mix
  readonly tensors: Promise<Record<string, HeldTensor>>
}

/** Keeps the factors of the last mixes on the device: a change of ratio moves scales only. */
export interface LoraFeeder {
  prepare(loras: readonly AppliedLora[], network: LoraNetwork, layers: NetworkLayers): LoraFeeds
  close(): Promise<void>
}

/** Mixes kept on the device: one for the U-Net, one for the text encoder, and those before. */
const keptMixes = 4

/** Starts without anything on the device. */
export function createLoraFeeder(pool: SessionPool, readWeight: ReadWeight): LoraFeeder {
  let held: HeldMix[] = []
  const keys = new WeakMap<Mix, string>()

  function hold(mix: Mix): HeldMix {
    const found = held.find((entry) => entry.mix === mix)
    const entry = found ?? { mix, tensors: pool.hold(factorTensors(mix)) }
    const others = held.filter((other) => other !== entry)
    held = [entry, ...others].slice(0, keptMixes)
    for (const old of others.slice(keptMixes - 1)) void releaseAll(old)
    return entry
  }

  function keyOf(mix: Mix): string {
    const key = keys.get(mix) ?? [...mix.keys()].join(' ')
    keys.set(mix, key)
    return key
  }

  return {
    prepare(loras, network, layers) {
      if (loras.length === 0) {
        return {
          key: '',
          adapted: new Set(),
          baked: async () => new Map(),
          feeds: async () => ({}),
        }
      }
      const mix = mixFactors(loras, network, layers)
      const baked = bakedKey(loras, network, layers)
      return {
        key: baked ? `${keyOf(mix)} baked ${baked}` : keyOf(mix),
        adapted: new Set(mix.keys()),
        baked: (weights) =>
          bakeWeights(loras, network, {
            layers,
            read: (tensor) => readWeight(weightOf(weights, tensor)),
          }),
        async feeds() {
          if (mix.size === 0) return {}
          return { ...(await hold(mix).tensors), ...scaleTensors(loras, mix) }
        },
      }
    },
    async close() {
      await Promise.all(held.map(releaseAll))
      held = []
    },
  }
}

async function releaseAll(entry: HeldMix): Promise<void> {
  for (const tensor of Object.values(await entry.tensors)) tensor.release()
}

function factorTensors(mix: Mix): Record<string, HostTensor> {
  const tensors: Record<string, HostTensor> = {}
  for (const [layer, { shape, rank, down, up }] of mix) {
    const [out, inner, ...kernel] = shape as [number, number, ...number[]]
    const convolution = shape.length === 4
    tensors[`${layer}.down`] = {
      data: down,
      shape: convolution ? [rank, inner, ...kernel] : [inner, rank],
    }
    tensors[`${layer}.up`] = { data: up, shape: convolution ? [out, rank, 1, 1] : [rank, out] }
  }
  return tensors
}

/** One number per rank: the same for every picture, word and place. */
function scaleTensors(loras: readonly AppliedLora[], mix: Mix): Record<string, HostTensor> {
  const tensors: Record<string, HostTensor> = {}
  for (const [layer, data] of mixScales(loras, mix)) {
    tensors[`${layer}.scale`] = { data, shape: scaleShape(layer, mix.get(layer)!) }
  }
  return tensors
}

/** Axes of a layer's scale, see `blocks.ts`. Time layers see one vector a picture, not tokens. */
function scaleShape(layer: string, { shape, rank }: MixedLayer): number[] {
  if (shape.length === 4) return [1, rank, 1, 1]
  return isTimeLayer(layer) ? [1, rank] : [1, 1, rank]
}
