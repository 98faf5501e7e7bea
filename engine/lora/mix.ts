import type { LayerFactors } from './algorithms.ts'
import { type BlockWeights, blockWeight } from './block-weights.ts'
import type { NetworkLayers } from './layer-index.ts'
import type { Lora } from './load.ts'
import { transposed, writeTransposed } from './matrix.ts'
import type { LoraNetwork } from './naming.ts'
import { resolveLora } from './resolve.ts'

/**
 * The blend: LoRAs side by side along the rank, so that a sum of changes is one pair of factors
 * and every strength is a number per rank. Factors know no strengths, scales know no factors. What
 * has no factors is not part of a mix, see `bake.ts`.
 */

/** One entry of a model's list. The same LoRA may stand in a list twice. */
export interface AppliedLora {
  readonly lora: Lora
  /** 0 changes nothing, bit for bit; negative and above 1 are allowed. */
  readonly strength: number
  /** Factors on the strength by block of the network. */
  readonly blocks?: BlockWeights
}

/** The strength of a list entry in one layer. */
export function strengthIn({ strength, blocks }: AppliedLora, layer: string): number {
  return blocks ? strength * blockWeight(blocks, layer) : strength
}

/** All LoRAs of a list, for one layer. */
export interface MixedLayer {
  /** Shape of the layer's weight: `[out, in]` or `[out, in, height, width]`. */
  readonly shape: readonly number[]
  /** Ranks of all LoRAs together. */
  readonly rank: number
  /** Linear: `[in, rank]`; convolution: `[rank, in, height, width]`. */
  readonly down: Float32Array
  /** Linear: `[rank, out]`; convolution: `[out, rank, 1, 1]`. */
  readonly up: Float32Array
  /** Which entries of the list change the layer, in order, and the rank of each. */
  readonly parts: readonly { readonly index: number; readonly rank: number }[]
}

/** By canonical layer name, in the order of the network's layers; only layers that are changed. */
export type Mix = ReadonlyMap<string, MixedLayer>

/**
 * The live factors of a list of LoRAs for a network, independent of strengths. Lists of the same
 * LoRAs in the same order give the same object while it is among the last used for the network.
 */
export function mixFactors(
  loras: readonly AppliedLora[],
  network: LoraNetwork,
  layers: NetworkLayers,
): Mix {
  const list = loras.map(({ lora }) => lora)
  const known = recent.get(layers) ?? []
  const found = known.find((entry) => sameList(entry.list, list)) ?? {
    list,
    mix: buildMix(list, network, layers),
  }
  recent.set(layers, [found, ...known.filter((entry) => entry !== found)].slice(0, keptMixes))
  return found.mix
}

/** The strength of every rank of every layer of a mix: `[rank]` per layer. */
export function mixScales(
  loras: readonly AppliedLora[],
  mix: Mix,
): ReadonlyMap<string, Float32Array> {
  const scales = new Map<string, Float32Array>()
  for (const [layer, { rank, parts }] of mix) {
    const values = new Float32Array(rank)
    let start = 0
    for (const { index, rank } of parts) {
      values.fill(strengthIn(loras[index]!, layer), start, start + rank)
      start += rank
    }
    scales.set(layer, values)
  }
  return scales
}

/** The change of a layer's weight, `[out, in]` or `[out, in, height, width]`, multiplied out. */
export function deltaWeight(layer: MixedLayer, scales: Float32Array): Float32Array {
  const { rank } = layer
  const out = layer.shape[0] ?? 0
  const [up, down] = isConvolution(layer.shape)
    ? [layer.up, layer.down]
    : [
        transposed({ rows: rank, columns: out, data: layer.up }).data,
        transposed({ rows: layer.down.length / rank, columns: rank, data: layer.down }).data,
      ]
  const columns = down.length / rank
  const sums = new Float64Array(out * columns)
  for (let row = 0; row < out; row++) {
    for (let k = 0; k < rank; k++) {
      const factor = up[row * rank + k]! * scales[k]!
      for (let column = 0; column < columns; column++) {
        sums[row * columns + column]! += factor * down[k * columns + column]!
      }
    }
  }
  return new Float32Array(sums)
}

interface KnownMix {
  readonly list: readonly Lora[]
  readonly mix: Mix
}

/** Two, because the halves of a guided step may have lists of their own; a mix can be large. */
const keptMixes = 2
const recent = new WeakMap<NetworkLayers, readonly KnownMix[]>()

function buildMix(list: readonly Lora[], network: LoraNetwork, layers: NetworkLayers): Mix {
  const resolved = list.map((lora) => resolveLora(lora, network, layers).factors)
  const mix = new Map<string, MixedLayer>()
  for (const [layer, shape] of layers) {
    const present = resolved.flatMap((factors, index) => {
      const found = factors.get(layer)
      return found ? [{ index, factors: found }] : []
    })
    if (present.length === 0) continue
    const parts = present.map(({ index, factors }) => ({ index, rank: factors.rank }))
    mix.set(layer, {
      shape,
      parts,
      ...concatenated(
        present.map(({ factors }) => factors),
        isConvolution(shape),
      ),
    })
  }
  return mix
}

/** All factors of a layer side by side along the rank, in the layouts of `MixedLayer`. */
function concatenated(factors: readonly LayerFactors[], convolution: boolean) {
  const rank = factors.reduce((sum, factor) => sum + factor.rank, 0)
  const first = factors[0]!
  const out = first.up.length / first.rank
  const columns = first.down.length / first.rank
  const down = new Float32Array(rank * columns)
  const up = new Float32Array(out * rank)
  let start = 0
  for (const factor of factors) {
    const own = factor.rank
    if (convolution) {
      down.set(factor.down, start * columns)
      for (let row = 0; row < out; row++) {
        up.set(factor.up.subarray(row * own, (row + 1) * own), row * rank + start)
      }
    } else {
      const ownDown = { rows: own, columns, data: factor.down }
      writeTransposed(ownDown, down, { start, stride: rank })
      const ownUp = { rows: out, columns: own, data: factor.up }
      writeTransposed(ownUp, up, { start: start * out, stride: out })
    }
    start += own
  }
  return { rank, down, up }
}

function isConvolution(shape: readonly number[]): boolean {
  return shape.length === 4
}

function sameList(a: readonly Lora[], b: readonly Lora[]): boolean {
  return a.length === b.length && a.every((lora, index) => lora === b[index])
}
