import { FormatError } from '../errors.ts'
import { type BakedChange, type LayerFactors, moduleChange } from './algorithms.ts'
import { describeFamily } from './family.ts'
import { type NetworkLayers, targetName } from './layer-index.ts'
import { keysOf, type Lora, type LoraModule } from './load.ts'
import type { LoraNetwork } from './naming.ts'

/** A LoRA brought to the layers of one network. */
export interface ResolvedLora {
  /** What stays live, by canonical layer name, in the order of the network's layers. */
  readonly factors: ReadonlyMap<string, LayerFactors>
  /** What is baked, by layer name or `NAME.bias`, in the same order. */
  readonly baked: ReadonlyMap<string, BakedChange>
  /** Keys for this network that belong to none of its layers. */
  readonly unmatched: readonly string[]
}

/**
 * What the LoRA does to every layer of the network that it changes. The result is kept as long
 * as both arguments live. Throws a FormatError if a tensor does not fit its layer.
 */
export function resolveLora(lora: Lora, network: LoraNetwork, layers: NetworkLayers): ResolvedLora {
  const known = resolved.get(lora) ?? new WeakMap<NetworkLayers, ResolvedLora>()
  const result = known.get(layers) ?? resolve(lora, network, layers)
  resolved.set(lora, known.set(layers, result))
  return result
}

/**
 * Checks that every key of a LoRA belongs to a layer of the model. Throws a FormatError that
 * counts the others and names the family the LoRA seems to be for; returns it as a warning if
 * the LoRA allows unmatched keys, and undefined if all is well.
 * A network that is not given is not judged, except that a model with one text encoder has no
 * second.
 */
export function checkMatched(
  lora: Lora,
  model: Readonly<Partial<Record<LoraNetwork, NetworkLayers>>>,
): string | undefined {
  const networks = model.textEncoder ? { textEncoder2: noLayers, ...model } : model
  const unmatched = [...lora.unknownKeys]
  let count = unmatched.length
  for (const module of lora.modules) {
    count += module.parts.size
    const layers = networks[module.network]
    if (layers && !targetName(module, layers)) unmatched.push(...keysOf(module.parts))
  }
  if (unmatched.length === 0) return undefined
  const message =
    `${lora.name}: ${unmatched.length} of ${count} keys belong to no layer of the model ` +
    `(${examples(unmatched)}), all of them expected to${familyHint(lora)}`
  if (lora.allowUnmatched) return message
  const isPartial = unmatched.length < count
  throw new FormatError(isPartial ? `${message}; allowUnmatched lets the others apply` : message)
}

const noLayers: NetworkLayers = new Map()
const resolved = new WeakMap<Lora, WeakMap<NetworkLayers, ResolvedLora>>()

function resolve(lora: Lora, network: LoraNetwork, layers: NetworkLayers): ResolvedLora {
  const modules = new Map<string, LoraModule>()
  const unmatched: string[] = []
  for (const module of lora.modules) {
    if (module.network !== network) continue
    const layer = targetName(module, layers)
    const twin = layer === undefined ? undefined : modules.get(layer)
    if (twin) {
      const [first, second] = [keysOf(twin.parts)[0], keysOf(module.parts)[0]]
      throw new FormatError(
        `${lora.name}: ${first} and ${second} both change ${layer}, one expected`,
      )
    }
    if (layer === undefined) unmatched.push(...keysOf(module.parts))
    else modules.set(layer, module)
  }
  const factors = new Map<string, LayerFactors>()
  const baked = new Map<string, BakedChange>()
  for (const [layer, shape] of layers) {
    const module = modules.get(layer)
    if (!module) continue
    const change = changeOf(lora, module, layer, shape)
    if (change.live) factors.set(layer, change.live)
    else baked.set(layer, change.baked)
  }
  return { factors, baked, unmatched }
}

function changeOf(lora: Lora, module: LoraModule, layer: string, shape: readonly number[]) {
  const { algorithm, parts, scaleFor } = module
  try {
    return moduleChange(algorithm, { file: lora.name, parts, layer, shape, scaleFor })
  } catch (cause) {
    if (!(cause instanceof FormatError)) throw cause
    throw new FormatError(cause.message + familyHint(lora), { cause })
  }
}

function familyHint({ family }: Lora): string {
  return family ? `; the file looks like a LoRA for ${describeFamily(family)}` : ''
}

function examples(keys: readonly string[]): string {
  const shown = keys.slice(0, 3).join(', ')
  return keys.length > 3 ? `${shown}, ...` : shown
}
