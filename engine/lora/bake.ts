import { type NetworkLayers, tensorName } from './layer-index.ts'
import { type AppliedLora, strengthIn } from './mix.ts'
import type { LoraNetwork } from './naming.ts'
import { type ResolvedLora, resolveLora } from './resolve.ts'

/**
 * Baking: the part of a list of LoRAs that cannot be an input of the network goes into its weights
 * before it is loaded. Every difference is taken from the original weight, `W' = W + sum of
 * deltas`, so that neither the order of the list counts nor what else, baked or live, changes the
 * same layer. An entry whose strength is 0 is left out.
 */

/** Changed weights by tensor name, whole in memory. */
export type BakedWeights = ReadonlyMap<string, Float32Array | Float16Array>

/** Names what is baked: LoRAs and strengths in an order of their own; empty where nothing is. */
export function bakedKey(
  loras: readonly AppliedLora[],
  network: LoraNetwork,
  layers: NetworkLayers,
): string {
  return entriesOf(loras, network, layers)
    .map(({ key }) => key)
    .join(' ')
}

/** Where the original weights come from. */
export interface BakeOptions {
  readonly layers: NetworkLayers
  /** The original by tensor name. */
  readonly read: (tensor: string) => Promise<Float32Array>
  /** More bytes than these are kept as float16. */
  readonly largestFloat32?: number
}

/**
 * The changed weights. Only those that change are read, one at a time. They are float32, or
 * float16 where so many change that the runtime could not take them.
 */
export async function bakeWeights(
  loras: readonly AppliedLora[],
  network: LoraNetwork,
  { layers, read, largestFloat32 = programLimit }: BakeOptions,
): Promise<BakedWeights> {
  const entries = entriesOf(loras, network, layers)
  const changes = [...layers].flatMap(([layer, shape]) => {
    const deltas = entries.flatMap(({ applied, baked }) => {
      const change = baked.get(layer)
      const strength = strengthIn(applied, layer)
      return change && strength !== 0 ? [{ change, strength }] : []
    })
    const size = shape.reduce((product, axis) => product * axis, 1)
    return deltas.length > 0 ? [{ layer, deltas, size }] : []
  })
  const bytes = changes.reduce((sum, { size }) => sum + size * 4, 0)
  const weights = new Map<string, Float32Array | Float16Array>()
  for (const { layer, deltas } of changes) {
    const tensor = tensorName(layer)
    const original = await read(tensor)
    const changed = sumOf(
      original,
      deltas.map(({ change, strength }) => change.delta(original, strength)),
    )
    weights.set(tensor, bytes > largestFloat32 ? new Float16Array(changed) : changed)
  }
  return weights
}

/**
 * What a user should know of a LoRA before it is applied to the networks given: undefined where
 * all of it stays live.
 */
export function bakedWarning(
  lora: AppliedLora['lora'],
  networks: Readonly<Partial<Record<LoraNetwork, NetworkLayers>>>,
): string | undefined {
  const found = Object.entries(networks).flatMap(([network, layers]) => [
    ...resolveLora(lora, network as LoraNetwork, layers).baked,
  ])
  if (found.length === 0) return undefined
  const layers = new Set(found.map(([layer]) => layer.replace(/\.bias$/, ''))).size
  const titles = [...new Set(found.map(([, { title }]) => title))]
  const change = titles.length === 1 ? 'changes' : 'change'
  const are = layers === 1 ? 'layer is' : 'layers are'
  return (
    `${lora.name}: ${titles.join(', ')} ${change} the weights themselves: ${layers} ${are} ` +
    'baked, and a change of their ratio loads the network again'
  )
}

/** Added up in float64, so that the result is rounded once. A single delta is overwritten. */
function sumOf(original: Float32Array, deltas: readonly Float32Array[]): Float32Array {
  const [first] = deltas
  if (first && deltas.length === 1) {
    for (let i = 0; i < first.length; i++) first[i]! += original[i]!
    return first
  }
  const sums = new Float64Array(original)
  for (const delta of deltas) {
    for (let i = 0; i < sums.length; i++) sums[i]! += delta[i]!
  }
  return new Float32Array(sums)
}

/** A program is one message of Protocol Buffers, which ends at 2 GiB. */
const programLimit = 1.75 * 2 ** 30

interface Entry {
  readonly key: string
  readonly applied: AppliedLora
  readonly baked: ResolvedLora['baked']
}

/** The entries that bake something, in an order that does not depend on that of the list. */
function entriesOf(
  loras: readonly AppliedLora[],
  network: LoraNetwork,
  layers: NetworkLayers,
): Entry[] {
  return loras
    .flatMap((applied): Entry[] => {
      const { baked } = resolveLora(applied.lora, network, layers)
      const counts = [...baked.keys()].some((layer) => strengthIn(applied, layer) !== 0)
      return counts ? [{ key: keyOf(applied), applied, baked }] : []
    })
    .sort((a, b) => (a.key < b.key ? -1 : Number(a.key > b.key)))
}

function keyOf({ lora, strength, blocks }: AppliedLora): string {
  return `${JSON.stringify(lora.key)}@${strength}${blocks ? `[${blocks.join(',')}]` : ''}`
}
