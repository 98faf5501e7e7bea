import { unetStructureOf, unetToLdm } from '../models/ldm-names.ts'
import { type LoraTarget, underscored } from './naming.ts'

/**
 * What a LoRA may change of a network. Layers and norms by canonical name without `.weight`, with
 * the shape of the weight: `[out, in]`, `[out, in, height, width]` or, of a norm, `[channels]`;
 * biases as `NAME.bias`.
 */
export type NetworkLayers = ReadonlyMap<string, readonly number[]>

/**
 * Every spelling of every layer, with underscores -> canonical name. An underscored name cannot
 * be taken apart, because layer names have underscores of their own; so the layers come first.
 */
export function layerIndex(layers: NetworkLayers): ReadonlyMap<string, string> {
  let index = indices.get(layers)
  if (!index) {
    index = buildIndex(layers)
    indices.set(layers, index)
  }
  return index
}

/** Where a module of a LoRA belongs in the network; undefined where there is no such place. */
export function targetName(
  { path, target }: { readonly path: string; readonly target: LoraTarget },
  layers: NetworkLayers,
): string | undefined {
  const layer = layerIndex(layers).get(path)
  if (target === 'weight' || layer === undefined) return layer
  return layers.has(layer + biasEnding) ? layer + biasEnding : undefined
}

/** The name of the tensor behind a name of `NetworkLayers`. */
export function tensorName(layer: string): string {
  return layer.endsWith(biasEnding) ? layer : `${layer}.weight`
}

const biasEnding = '.bias'
const indices = new WeakMap<NetworkLayers, ReadonlyMap<string, string>>()

/** Each rule adds a spelling to those found so far, or leaves a name as it is. */
const spellings: readonly ((name: string) => string)[] = [
  // A linear layer in a list of one: `to_out.0` and, in files of attention processors, `to_out`.
  (name) => name.replace(/\.to_out\.0$/, '.to_out'),
  // Text encoders: without the outer module; and attention named as in a U-Net.
  (name) => name.replace(/^text_model\./, ''),
  (name) => name.replace(/\.([qkv])_proj$/, '.to_$1').replace(/\.out_proj$/, '.to_out'),
]

function buildIndex(layers: NetworkLayers): ReadonlyMap<string, string> {
  const structure = unetStructureOf(layers.keys())
  const index = new Map<string, string>()
  for (const layer of layers.keys()) {
    if (layer.endsWith(biasEnding)) continue
    const ldm = unetToLdm(layer, structure)
    let names = ldm === undefined ? [layer] : [layer, ldm]
    for (const spelling of spellings) names = [...names, ...names.map(spelling)]
    for (const name of names) index.set(underscored(name), layer)
  }
  return index
}
